"""Accounts and look-ups."""
