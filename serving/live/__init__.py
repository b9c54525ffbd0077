"""What concerns a user, sent while it happens: new tweets of the home timeline, and what others did."""
