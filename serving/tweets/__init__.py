"""Posting, reading and deleting tweets."""
