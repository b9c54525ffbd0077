"""Benches: each part's speed as a ratio beside a peer, both measured in one run."""
