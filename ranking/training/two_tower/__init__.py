"""Training the two-tower model: examples, negatives, batches, the task that learns from them."""
