"""Search over tweets: text, vectors and both."""
