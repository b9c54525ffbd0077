"""Looking into data sets: audit, search, trends at a time."""
