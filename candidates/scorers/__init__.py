"""The ranker, the pointwise factors and the rerankers."""
