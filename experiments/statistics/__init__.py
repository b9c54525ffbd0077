"""Intervals and tests: paired bootstrap and sign flips, AUC with its interval."""
