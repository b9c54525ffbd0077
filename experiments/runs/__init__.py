"""Runs that MLflow tracks: configs, training, sweeps, models and splits by name."""
