"""Questions asked of several worlds, each answered by one command."""
