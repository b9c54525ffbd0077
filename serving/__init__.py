"""The running network: the API in one folder a domain, fan-out, timelines, events and the ranker's endpoint."""
