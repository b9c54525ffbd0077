"""A digest of all that a network's state in memory answers with."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from candidates.trends.engine import WORLD
from data.batch import Ragged
from data.events import HOUR_US
from features.catalogue import CATALOGUE, view
from serving.network import Network
from tests.serving.small_network import END_US

AT_US = END_US + HOUR_US


def digest(network: Network) -> dict[str, Any]:
    """Every feature of every user and tweet an hour after the data set, timelines, what fan-out did, trends, search."""
    network.settle()
    return network.context.call(_digest, network)


def _digest(network: Network) -> dict[str, Any]:
    parts = network.context.projections
    state = parts.state
    users, tweets = state.network.users.ids, len(state.network.tweets)
    requests = state.requests(users, np.full(len(users), AT_US))
    rows = np.tile(np.arange(tweets), len(users))
    batch = state.base(requests, Ragged(np.arange(len(users) + 1, dtype=np.int64) * tweets, rows))
    names = [feature.name for name in CATALOGUE for feature in view(name).features]
    found = state.lookup(batch, names)
    features = {}
    for name in names:
        column = found.columns[name] if name in found.columns else found.requests.columns[name]
        features[name] = hashlib.sha256(np.ascontiguousarray(column).tobytes()).hexdigest()
    everybody = np.arange(len(users))
    trends = parts.trends.trends(AT_US, WORLD, 20)
    queries = ("chess", "soup", "tournament", "from:dave", "min_faves:1")
    return {
        "users": users.tolist(),
        "tweets": state.network.tweets.ids.tolist(),
        "features": features,
        "seen": [seen.tolist() for seen in state.seen.shown(np.repeat(everybody, tweets), rows, AT_US)],
        "shown": state.shown.tweets(everybody).tolist(),
        "time_us": state.time_us,
        "last_tweet_us": parts.known.last_tweet_us,
        "readers": parts.timelines.readers.digest(),
        "authors": parts.timelines.authors.digest(),
        "merged": [one.tolist() for one in parts.timelines.read(everybody, 100)],
        "fanout": (parts.fanout.stats.tweets, parts.fanout.stats.deliveries, parts.fanout.stats.edges_left),
        "trends": [(one.name, one.volume, one.unique_users) for one in trends.trends],
        "search": {query: parts.search.search(query, "text", 50).tweet_ids.tolist() for query in queries},
        "people": parts.search.people("dave", 5).user_ids.tolist(),
        "tags": parts.search.complete("#", 5)[0],
        "vectors": len(parts.vectors),
    }
