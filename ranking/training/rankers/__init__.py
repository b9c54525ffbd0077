"""Training rankers: rows of impressions, neural rankers, boosted trees, distillation."""
