"""Rerankers: listwise factors, which see neighbours in the list or in the lists before it."""
