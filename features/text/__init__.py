"""Text understanding: an encoder, heads learned from annotations, and all fields of a text in one pass."""
