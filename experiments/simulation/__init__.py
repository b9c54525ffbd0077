"""Feeds that serve slates to the simulated world, and the worlds made with them."""
