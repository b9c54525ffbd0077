"""The scoring endpoint."""
