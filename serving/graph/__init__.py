"""Follows, and the lists of them."""
