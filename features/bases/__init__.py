"""What feature views are made of: windows, totals, interactions, snapshots, derived columns."""
