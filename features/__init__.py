"""What was known: feature views with two engines, the state built from events, and text understanding."""
