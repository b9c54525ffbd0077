"""Fan-out policies and the consumer that delivers."""
