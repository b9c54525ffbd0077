"""Metrics per request, formulas and edge rules in their docstrings."""
