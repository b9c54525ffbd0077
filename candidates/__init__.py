"""What could be shown: the funnel and its parts, products, vectors, search and trends."""
