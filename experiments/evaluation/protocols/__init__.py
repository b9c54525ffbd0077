"""Evaluation protocols: which requests are ranked, against which candidates, and what counts as relevant."""
