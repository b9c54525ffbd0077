"""Scorers: one file each, pointwise."""
