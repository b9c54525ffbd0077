"""Feeds that the world asks for slates, and the worlds that they make."""
