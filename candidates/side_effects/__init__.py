"""What happens after a slate was served."""
