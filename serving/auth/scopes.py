"""What a token may allow, and what each route asks for: the scopes of API v2, and two of services of the lab."""

from __future__ import annotations

from collections.abc import Iterable

USER_SCOPES: dict[str, str] = {
    "tweet.read": "see tweets and timelines",
    "tweet.write": "post, retweet and delete tweets as you",
    "users.read": "see accounts",
    "follows.read": "see who follows whom",
    "follows.write": "follow and unfollow accounts as you",
    "like.read": "see what you and others like",
    "like.write": "like tweets as you",
    "bookmark.read": "see your bookmarks",
    "bookmark.write": "bookmark tweets as you",
    "block.read": "see whom you block",
    "block.write": "block accounts as you",
    "mute.read": "see whom you mute",
    "mute.write": "mute accounts as you",
    "offline.access": "do this also when you are away, until you or the app end it",
}
"""Scopes of an app that acts for a person, in the words that the person is asked in."""

OFFLINE = "offline.access"
"""Asks for a refresh token."""

SERVICE_SCOPES: dict[str, str] = {
    "rank": "score candidates: POST /v1/rank",
    "operator": "create accounts and reload models: POST /2/users, POST /v1/models/reload",
}
"""Scopes of tokens that the lab itself gives (`rookery token`); no app can have them."""

ACTS: frozenset[str] = frozenset(USER_SCOPES) - {OFFLINE}
"""All that a person may do."""

_SEE = ("tweet.read", "users.read")
_BOOKMARK = ("bookmark.write", *_SEE)
_BLOCK = ("block.write", *_SEE)
_FOLLOW = ("follows.write", *_SEE)
_LIKE = ("like.write", *_SEE)
_MUTE = ("mute.write", *_SEE)
_POST = ("tweet.write", *_SEE)

BY_ROUTE: dict[str, tuple[str, ...]] = {
    "GET /v1/network": (),
    "POST /v1/rank": ("rank",),
    "GET /v1/models": (),
    "POST /v1/models/reload": ("operator",),
    "GET /2/tweets": _SEE,
    "POST /2/tweets": _POST,
    "GET /2/tweets/{id}": _SEE,
    "DELETE /2/tweets/{id}": _POST,
    "GET /2/tweets/{id}/liking_users": ("like.read", *_SEE),
    "GET /2/tweets/{id}/quote_tweets": _SEE,
    "GET /2/tweets/{id}/retweeted_by": _SEE,
    "GET /2/tweets/counts/recent": _SEE,
    "GET /2/tweets/search/recent": _SEE,
    "GET /2/tweets/search/stream": _SEE,
    "GET /2/tweets/search/stream/rules": _SEE,
    "POST /2/tweets/search/stream/rules": _SEE,
    "GET /2/search/complete": _SEE,
    "GET /2/trends/by/woeid/{woeid}": ("tweet.read",),
    "GET /2/users": _SEE,
    "POST /2/users": ("operator",),
    "GET /2/users/by": _SEE,
    "GET /2/users/by/username/{username}": _SEE,
    "GET /2/users/me": _SEE,
    "GET /2/users/personalized_trends": _SEE,
    "GET /2/users/search": _SEE,
    "GET /2/users/{id}": _SEE,
    "GET /2/users/{id}/blocking": ("block.read", *_SEE),
    "POST /2/users/{id}/blocking": _BLOCK,
    "DELETE /2/users/{id}/blocking/{target_id}": _BLOCK,
    "GET /2/users/{id}/bookmarks": ("bookmark.read", *_SEE),
    "POST /2/users/{id}/bookmarks": _BOOKMARK,
    "DELETE /2/users/{id}/bookmarks/{tweet_id}": _BOOKMARK,
    "GET /2/users/{id}/follow_suggestions": ("follows.read", *_SEE),
    "GET /2/users/{id}/followers": ("follows.read", *_SEE),
    "GET /2/users/{id}/following": ("follows.read", *_SEE),
    "POST /2/users/{id}/following": _FOLLOW,
    "DELETE /2/users/{id}/following/{target_id}": _FOLLOW,
    "GET /2/users/{id}/liked_tweets": ("like.read", *_SEE),
    "POST /2/users/{id}/likes": _LIKE,
    "DELETE /2/users/{id}/likes/{tweet_id}": _LIKE,
    "GET /2/users/{id}/mentions": _SEE,
    "GET /2/users/{id}/muting": ("mute.read", *_SEE),
    "POST /2/users/{id}/muting": _MUTE,
    "DELETE /2/users/{id}/muting/{target_id}": _MUTE,
    "POST /2/users/{id}/retweets": _POST,
    "DELETE /2/users/{id}/retweets/{tweet_id}": _POST,
    "GET /2/users/{id}/timeline": _SEE,
    "GET /2/users/{id}/timelines/reverse_chronological": _SEE,
    "GET /2/users/{id}/tweets": _SEE,
}
"""The scopes that a token needs for a route, all of them, by method and template of the path. Those of `/2` are those
of API v2 where it has the route. A route that asks for a token has its line here (`check_complete`)."""


def check_complete(routes: Iterable[str]) -> None:
    """Refuses routes, as `GET /2/tweets`, that have no line in `BY_ROUTE`.

    Raises:
        LookupError: naming them.
    """
    lacking = sorted(set(routes) - BY_ROUTE.keys())
    if lacking:
        raise LookupError(f"serving/auth/scopes.py has no line for {', '.join(lacking)}: say which scopes it asks for")


def known(scopes: Iterable[str]) -> tuple[str, ...]:
    """`scopes` once each, in the order in which they are listed here; those that are not known are left out."""
    given = set(scopes)
    return tuple(one for one in (*USER_SCOPES, *SERVICE_SCOPES) if one in given)
