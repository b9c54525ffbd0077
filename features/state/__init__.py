"""What is known now: rows of users and tweets, the graph, histories and what was seen, built from events."""
