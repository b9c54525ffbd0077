"""Fan-out policies, one file each."""
