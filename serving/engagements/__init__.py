"""Likes and retweets over HTTP."""
