"""Joins that see only what came before: as-of joins, histories, counts of pairs."""
