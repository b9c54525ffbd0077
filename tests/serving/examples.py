"""A request that fits, for every route of the API."""

from __future__ import annotations

from typing import Any

from tests.serving.described import DescribedClient
from tests.serving.small_network import ALICE, BOB

PLACES = {"id": str(ALICE), "tweet_id": "1001", "target_id": str(BOB), "woeid": "1", "username": "alice"}
"""Parts of paths."""
NEEDED = {"ids": "101", "usernames": "alice", "query": "soup", "prefix": "so"}
"""Parameters without which a route does not answer."""
BODIES: dict[str, dict[str, Any]] = {
    "/2/tweets": {"text": "x"},
    "/2/users": {"username": "frank"},
    "/2/users/{id}/following": {"target_user_id": str(BOB)},
    "/2/users/{id}/blocking": {"target_user_id": str(BOB)},
    "/2/users/{id}/muting": {"target_user_id": str(BOB)},
    "/2/tweets/search/stream/rules": {"add": [{"value": "soup"}]},
    "/v1/rank": {"user_id": str(ALICE), "tweet_ids": ["1001"]},
}
ENDLESS = ("/2/tweets/search/stream",)
"""Routes whose answers have no end."""
OF_A_TWEET = {"tweet_id": "1001"}


def example(client: DescribedClient, method: str, path: str) -> dict[str, Any]:
    """`url`, `params` and `json` of a request, as Alice makes it."""
    about = client.described["paths"].get(path, {}).get(method.lower(), {})
    needed = [one["name"] for one in about.get("parameters", ()) if one["in"] == "query" and one["required"]]
    places = PLACES | ({"id": "1001"} if path.startswith("/2/tweets/") else {})
    return {
        "url": path.format(**places),
        "params": {name: NEEDED[name] for name in needed},
        "json": BODIES.get(path, OF_A_TWEET) if method.upper() == "POST" else None,
    }
