"""Filters: the only components that drop, and they say why."""
