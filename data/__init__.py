"""What happened: tables, ragged batches, data sets on disk, splits and readers of public logs."""
