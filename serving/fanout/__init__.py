"""Fan-out: the policies, the consumer that delivers, the lists it writes, and merged reads."""
