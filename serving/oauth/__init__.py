"""Apps that act for people: OAuth 2.0, its pages and its endpoints."""
