"""Funnels composed from top to bottom, one a product."""
