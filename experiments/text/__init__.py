"""Text understanding from the command line: training heads, analyzing files of texts."""
