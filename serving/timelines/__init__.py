"""Home and user timelines."""
