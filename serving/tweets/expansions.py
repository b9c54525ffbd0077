"""Rows of tweets as an answer shows them: the fields asked for, and what the tweets refer to, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from data.batch import Ragged, Requests
from data.tweet_text import mentions
from serving.context import Context
from serving.kit.fields import View
from serving.kit.problems import missing
from serving.tweets import store
from serving.tweets.schemas import tweet_object
from serving.tweets.store import TweetRow
from serving.users import store as users
from serving.users.schemas import user_object
from serving.users.store import UserRow

Objects = list[dict[str, Any]]

_REFERENCED = {"referenced_tweets.id", "referenced_tweets.id.author_id"}


def shown(
    context: Context, rows: Sequence[TweetRow], view: View, *, accounts: Sequence[UserRow] = ()
) -> tuple[Objects, dict[str, Any]]:
    """`rows` in v2 shape, and the answer's `includes` and `errors` where there are any.

    `includes.users` has `accounts` first. What a tweet refers to and was deleted stands in `errors`.

    Raises:
        ProblemError: 503 while the state is built anew, when `public_metrics` are asked for: it counts impressions.
    """
    fields = view.of_expanded
    if not fields:
        users_too = {"includes": {"users": [user_object(row, view.user) for row in accounts]}} if accounts else {}
        return [tweet_object(row) for row in rows], users_too
    includes, errors = dict[str, Objects](), Objects()
    with context.database.read() as connection:
        about = _about(connection, rows, view)
        told = _told(rows, about, view)
        if view.expansions & _REFERENCED:
            errors += _gone(rows, about)
            about |= _about(connection, told, View(tweet=view.of_expanded))
        answered = {one: row.author_id for one, row in about.items() if row.author_id is not None}
        handles = _handles(connection, [*rows, *told]) if "entities" in fields else {}
        people = {row.user_id: row for row in accounts}
        wanted = [one for one in _people(rows, told, about, handles, view) if one not in people]
        people |= {row.user_id: row for row in users.by_ids(connection, wanted)}
    counted = [row.tweet_id for row in (*rows, *told)] if "public_metrics" in view.tweet else []
    known: dict[str, Any] = {
        "answered": answered,
        "handles": {handle: row.user_id for handle, row in handles.items()},
        "impressions": impressions(context, counted),
    }
    if told:
        includes["tweets"] = [tweet_object(row, fields, **known) for row in told]
    if people:
        includes["users"] = [user_object(row, view.user) for row in people.values()]
    more: dict[str, Any] = ({"includes": includes} if includes else {}) | ({"errors": errors} if errors else {})
    return [tweet_object(row, fields, **known) for row in rows], more


def impressions(context: Context, tweet_ids: Sequence[int]) -> dict[int, int]:
    """How often each tweet was shown in a ranked home timeline; without those that never were.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    if not tweet_ids:
        return {}
    context.check_ready()
    return context.call(_impressions, context, tweet_ids)


def _impressions(context: Context, tweet_ids: Sequence[int]) -> dict[int, int]:
    state = context.state
    ids = np.array(tweet_ids, np.int64)
    rows = state.network.tweets.rows(ids)
    ids, rows = ids[rows >= 0], rows[rows >= 0]
    nobody = Requests({name: np.full(1, -1, np.int64) for name in ("user_id", "user_row", "time_us")})
    batch = state.base(nobody, Ragged(np.array([0, len(rows)], np.int64), rows))
    counts = state.lookup(batch, ("tweet.impressions",)).columns["tweet.impressions"].astype(np.int64)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def _about(connection: Connection, rows: Sequence[TweetRow], view: View) -> dict[int, TweetRow]:
    """What `rows` refer to, deleted or not, where something asked for needs it."""
    if view.expansions & _REFERENCED:
        ids = [row.referenced_id for row in rows]
    elif "in_reply_to_user_id" in view.of_expanded:
        ids = [row.referenced_id for row in rows if row.kind == "reply"]
    else:
        return {}
    wanted = list(dict.fromkeys(one for one in ids if one is not None))
    return {row.tweet_id: row for row in store.many_with_deleted(connection, wanted)}


def _told(rows: Sequence[TweetRow], about: dict[int, TweetRow], view: View) -> list[TweetRow]:
    """The tweets of `includes`: what `rows` refer to, and themselves as their own only versions."""
    out: dict[int, TweetRow] = {}
    if view.expansions & _REFERENCED:
        found = (about[row.referenced_id] for row in rows if row.referenced_id in about)
        out |= {row.tweet_id: row for row in found if not row.deleted}
    if "edit_history_tweet_ids" in view.expansions:
        out |= {row.tweet_id: row for row in rows}
    return list(out.values())


def _gone(rows: Sequence[TweetRow], about: dict[int, TweetRow]) -> Objects:
    ids = dict.fromkeys(row.referenced_id for row in rows if row.referenced_id is not None)
    gone = [one for one in ids if one not in about or about[one].deleted]
    return [missing("tweet", one, "referenced_tweets.id") | {"section": "includes"} for one in gone]


def _handles(connection: Connection, rows: Sequence[TweetRow]) -> dict[str, UserRow]:
    """The accounts that the texts mention, by handle in lower case."""
    named = {one for row in rows for one in mentions(row.text)}
    return {row.username.lower(): row for row in users.by_usernames(connection, sorted(named))}


def _people(
    rows: Sequence[TweetRow],
    told: Sequence[TweetRow],
    about: dict[int, TweetRow],
    handles: dict[str, UserRow],
    view: View,
) -> list[int]:
    """The accounts of `includes`, each once, in the order in which they are first named."""
    ids: list[int | None] = []
    for row in rows:
        if "author_id" in view.expansions:
            ids.append(row.author_id)
        if "in_reply_to_user_id" in view.expansions and row.kind == "reply" and row.referenced_id in about:
            ids.append(about[row.referenced_id].author_id)
        if "entities.mentions.username" in view.expansions:
            ids += [handles[one.lower()].user_id for one in mentions(row.text) if one.lower() in handles]
    if "referenced_tweets.id.author_id" in view.expansions:
        ids += [row.author_id for row in told]
    return list(dict.fromkeys(one for one in ids if one is not None))
