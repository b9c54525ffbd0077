"""What follows the event log in memory, one consumer a file; `serving.projections` lists them."""
