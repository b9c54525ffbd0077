"""The scoring endpoint, and the reload of its models."""
