"""Hydrators: columns of viewers and candidates."""
