"""Rerankers and selectors: whatever sees the slate."""
