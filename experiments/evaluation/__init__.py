"""Measuring scorers on a test: protocols, measurements, results, comparison of runs."""
