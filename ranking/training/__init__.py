"""Training rows, losses, negatives and the loop."""
