"""Training models of items: EASE, ALS, item-kNN, popularity."""
