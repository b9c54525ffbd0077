"""A running network driven from outside: opening one, a server process, tweets posted and timelines read."""
