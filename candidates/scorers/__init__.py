"""The ranker and the pointwise factors."""
