"""Checkpoints of the state in memory: a start takes the last one, and the events since."""
