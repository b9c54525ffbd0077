"""Shared parts of reports: HTML pages and plots."""
