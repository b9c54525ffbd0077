"""Studies over several worlds, one command each."""
