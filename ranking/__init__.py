"""What comes first: models, training, scorers, rerankers, metrics, artifacts and the registry."""
