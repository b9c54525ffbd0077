"""Helpers of every domain: clock, database, problems, telemetry."""
