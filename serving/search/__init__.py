"""Recent search over HTTP."""
