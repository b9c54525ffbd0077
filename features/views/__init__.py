"""One file an idea: the columns of users, authors, tweets and pairs, each defined once for both engines."""
