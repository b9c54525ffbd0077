"""All that unrolls while the world runs: tweets and their counts, who engaged, what people saw, fatigue, follows.

`apply(events)` is the only way a state changes, in the running world as in a replay of its log; so the state at any
moment is the state kept at an earlier one with the events in between applied, in the order of the log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.batch import I64, Array
from data.errors import DataError
from data.events import EventBatch

SHOWN = 256
"""Impressions of a person that are remembered."""
ENGAGERS = 16
"""Latest people who engaged a tweet that are remembered."""
PUBLIC: dict[str, int] = {"like": 0, "reply": 1, "retweet": 2, "quote": 3}
"""Actions that others see, and their columns in `Tweets.counts`."""


class Tweets(NamedTuple):
    """Columns by tweet row: what the log says, what only the truth knows (topic to sentiment), and what unrolled."""

    tweet_id: NDArray[np.int64]
    time_us: NDArray[np.int64]
    author: NDArray[np.int32]
    kind: NDArray[np.int8]
    conversation: NDArray[np.int64]
    media: NDArray[np.int8]
    topic: NDArray[np.int16]
    share: NDArray[np.float32]
    quality: NDArray[np.float32]
    sentiment: NDArray[np.int8]
    counts: NDArray[np.int32]
    engagers: NDArray[np.int32]
    deleted: NDArray[np.bool_]


_SHAPES: dict[str, tuple[Any, int]] = {
    "tweet_id": (np.int64, 0), "time_us": (np.int64, 0), "author": (np.int32, 0), "kind": (np.int8, 0),
    "conversation": (np.int64, 0), "media": (np.int8, 0), "topic": (np.int16, 2), "share": (np.float32, 0),
    "quality": (np.float32, 0), "sentiment": (np.int8, 0), "counts": (np.int32, 5),
    "engagers": (np.int32, ENGAGERS), "deleted": (np.bool_, 0),
}  # fmt: skip
HIDDEN: tuple[str, ...] = ("topic", "share", "quality", "sentiment")
"""Columns that no table of the log holds."""
_KINDS = {"original": 0, "retweet": 1, "reply": 2, "quote": 3}


class Memory(NamedTuple):
    """Columns by user row."""

    shown: NDArray[np.int32]
    """[P, SHOWN] a ring of the tweet rows shown, -1 where empty."""
    shown_n: NDArray[np.int64]
    """[P] impressions ever."""
    fatigue: NDArray[np.float64]
    """[P] impressions of late, each weighing exp(-age / fatigue_h), as of `fatigue_us`."""
    fatigue_us: NDArray[np.int64]
    """[P] moment of the last impression."""


@dataclass(frozen=True)
class Hidden:
    """The true attributes of every tweet of a log, ordered by tweet id."""

    tweet_id: I64
    columns: dict[str, Array]
    """The columns named in HIDDEN."""

    def of(self, tweet_ids: I64) -> dict[str, Array]:
        """The attributes of some tweets.

        Raises:
            DataError: a tweet that this world did not write.
        """
        rows = np.searchsorted(self.tweet_id, tweet_ids)
        known = rows < len(self.tweet_id)
        known &= self.tweet_id[np.minimum(rows, len(self.tweet_id) - 1)] == tweet_ids if len(self.tweet_id) else False
        if not known.all():
            raise DataError(
                f"tweet {tweet_ids[~known][0]} is not of this world", remedy="apply the events of the same data set"
            )
        return {name: column[rows] for name, column in self.columns.items()}


class State:
    """The world at a moment. Tables that change it: `tables`."""

    tables: tuple[str, ...] = ("follows", "tweets", "deletions", "impressions", "engagements")

    def __init__(self, user_id: I64, start_us: int, tick_us: int, fatigue_us: float, hidden: Hidden | None) -> None:
        """Nothing has happened yet. `fatigue_us` is the decay time; `hidden` serves replays of a log."""
        people = len(user_id)
        self.user_id = user_id
        self.start_us, self.tick_us, self.decay_us = start_us, tick_us, fatigue_us
        self.time_us = start_us
        """The start of the tick that comes next."""
        self.hidden = hidden
        self.size = 0
        """Tweets known."""
        self._tweets = _empty(1024)
        self.memory = Memory(
            np.full((people, SHOWN), -1, np.int32), np.zeros(people, np.int64),
            np.zeros(people), np.full(people, start_us, np.int64),
        )  # fmt: skip
        self.edges = np.full(1 << 16, -1, np.int64)
        """Open-addressing set of follower row x 2^32 + followee row; -1 is free, -2 was removed."""
        self.edge_count = 0

    @property
    def tweets(self) -> Tweets:
        """Columns of the tweets known; views."""
        return Tweets._make(column[: self.size] for column in self._tweets)

    def user_rows(self, ids: I64) -> I64:
        """Rows of people, -1 for an id that is nobody's."""
        return _rows(self.user_id, ids)

    def tweet_rows(self, ids: I64) -> I64:
        """Rows of tweets, -1 for one not posted yet. A row counts the tweets of the log before it."""
        return _rows(self._tweets.tweet_id[: self.size], ids)

    def follows(self, users: I64, authors: I64) -> NDArray[np.bool_]:
        """[N] whether each user row follows the author row."""
        out = np.zeros(len(users), bool)
        _follows(self.edges, np.asarray(users, np.int64), np.asarray(authors, np.int64), out)
        return out

    def apply(self, events: EventBatch, hidden: dict[str, Array] | None = None) -> None:
        """Takes one batch of events of any table, in order; tables that change nothing are ignored.

        `hidden` gives the true attributes of new tweets; in a replay they come from the truth's folder.

        Raises:
            DataError: a tweet or a person that this world does not know.
        """
        if events.table not in self.tables or not len(events):
            return
        c = events.columns
        if events.table == "tweets":
            self._add(c, hidden if hidden is not None else self._hidden(c["tweet_id"]))
        elif events.table == "follows":
            self._follow(self._users(c["follower_id"]), self._users(c["followee_id"]), c["ended"])
        elif events.table == "deletions":
            self._tweets.deleted[self._rows_of(c["tweet_id"])] = True
        elif events.table == "impressions":
            _show(*self.memory, self._users(c["user_id"]), self._rows_of(c["tweet_id"]), c["time_us"], self.decay_us)
        else:
            action = c["action"]
            code = np.full(len(action), -1, np.int64)
            for name, column in PUBLIC.items():
                code[action == name] = column
            public = code >= 0
            users, tweets = self._users(c["user_id"][public]), self._rows_of(c["tweet_id"][public])
            _engage(self._tweets.counts, self._tweets.engagers, users, tweets, code[public])
        ticks = (int(events.time_us[-1]) - self.start_us) // self.tick_us + 1
        self.time_us = max(self.time_us, self.start_us + ticks * self.tick_us)

    def save(self, folder: Path) -> None:
        """Writes `state.npz` and `state.json` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {f"tweets.{k}": v for k, v in self.tweets._asdict().items()}
        parts |= {f"memory.{k}": v for k, v in self.memory._asdict().items()}
        np.savez_compressed(folder / "state.npz", user_id=self.user_id, edges=self.edges, **parts)
        about = {name: getattr(self, name) for name in _SCALARS}
        (folder / "state.json").write_text(json.dumps(about, indent=1, sort_keys=True))

    @classmethod
    def load(cls, folder: Path, hidden: Hidden | None = None) -> Self:
        """Reads what `save` wrote.

        Raises:
            DataError: there is no state, or it is damaged.
        """
        try:
            about = json.loads((folder / "state.json").read_text())
            with np.load(folder / "state.npz", allow_pickle=False) as stored:
                parts = {name: stored[name] for name in stored.files}
        except (OSError, ValueError) as error:
            raise DataError(f"no state can be read from {folder}: {error}", remedy="make the world again") from error
        state = cls(parts["user_id"], about["start_us"], about["tick_us"], about["decay_us"], hidden)
        for name in _SCALARS:
            setattr(state, name, about[name])
        state._tweets = Tweets._make(parts[f"tweets.{name}"] for name in Tweets._fields)
        state.memory = Memory._make(parts[f"memory.{name}"] for name in Memory._fields)
        state.edges = parts["edges"]
        return state

    def _users(self, ids: I64) -> I64:
        rows = self.user_rows(ids)
        if (rows < 0).any():
            raise DataError(f"user {ids[rows < 0][0]} is not of this world", remedy="ask about its own people")
        return rows

    def _rows_of(self, ids: I64) -> I64:
        rows = self.tweet_rows(ids)
        if (rows < 0).any():
            raise DataError(f"tweet {ids[rows < 0][0]} was not posted yet", remedy="apply tweets first, in order")
        return rows

    def _hidden(self, ids: I64) -> dict[str, Array]:
        if self.hidden is None:
            raise DataError("this state does not know the truth about new tweets", remedy="use World.open(truth)")
        return self.hidden.of(ids)

    def _add(self, c: Any, hidden: dict[str, Array]) -> None:
        start, end = self.size, self.size + len(c["tweet_id"])
        if end > len(self._tweets.tweet_id):
            grown = _empty(max(end, 2 * len(self._tweets.tweet_id)))
            for name in Tweets._fields:
                getattr(grown, name)[:start] = getattr(self._tweets, name)[:start]
            self._tweets = grown
        ids = np.asarray(c["tweet_id"], np.int64)
        previous = self._tweets.tweet_id[start - 1] if start else -1
        if ids[0] <= previous or np.any(ids[1:] <= ids[:-1]):
            raise DataError("tweets were applied twice or out of order", remedy="apply each event once, in log order")
        values = {
            "tweet_id": ids, "time_us": c["time_us"], "author": self._users(c["author_id"]),
            "kind": np.array([_KINDS[k] for k in c["kind"]], np.int8), "media": c["media_count"],
            "conversation": c["conversation_id"], **hidden,
        }  # fmt: skip
        for name, column in values.items():
            getattr(self._tweets, name)[start:end] = column
        self.size = end

    def _follow(self, a: I64, b: I64, ended: Array) -> None:
        if 2 * (self.edge_count + len(a)) > len(self.edges):
            live = self.edges[self.edges >= 0]
            self.edges = np.full(1 << int(np.ceil(np.log2(4 * (len(live) + len(a))))), -1, np.int64)
            self.edge_count = int(_edge(self.edges, live >> 32, live & 0xFFFFFFFF, np.zeros(len(live), bool)))
        self.edge_count += int(_edge(self.edges, a, b, np.asarray(ended, bool)))


_SCALARS = ("start_us", "tick_us", "decay_us", "time_us", "size", "edge_count")


def _empty(size: int) -> Tweets:
    shapes = (_SHAPES[name] for name in Tweets._fields)
    return Tweets._make(np.zeros((size, width) if width else size, dtype) for dtype, width in shapes)


def _rows(sorted_ids: I64, ids: I64) -> I64:
    """Position of each id in ascending ids, -1 where it is absent."""
    if not len(sorted_ids):
        return np.full(len(ids), -1, np.int64)
    at = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
    return np.where(sorted_ids[at] == ids, at, -1).astype(np.int64)


@njit(cache=True, inline="always")
def find_edge(edges, a, b):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Slot of the edge a -> b in the set, or -1. Callable from Numba."""
    key = (np.int64(a) << 32) | np.int64(b)
    mask = edges.shape[0] - 1
    slot = (((key >> 32) * np.int64(40503) + (key & 0xFFFFFFFF)) * np.int64(-7046029254386353131) >> 20) & mask
    while edges[slot] != -1:
        if edges[slot] == key:
            return slot
        slot = (slot + 1) & mask
    return np.int64(-1)


@njit(cache=True)
def _edge(edges, a, b, ended):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Adds or removes edges; returns the number of free slots taken."""
    mask, taken = edges.shape[0] - 1, 0
    for i in range(a.shape[0]):
        at = find_edge(edges, a[i], b[i])
        if ended[i]:
            if at >= 0:
                edges[at] = -2
        elif at < 0:
            key = (a[i] << 32) | b[i]
            slot = (((key >> 32) * np.int64(40503) + (key & 0xFFFFFFFF)) * np.int64(-7046029254386353131) >> 20) & mask
            while edges[slot] != -1:
                slot = (slot + 1) & mask
            edges[slot] = key
            taken += 1
    return taken


@njit(cache=True)
def _follows(edges, a, b, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(a.shape[0]):
        out[i] = find_edge(edges, a[i], b[i]) >= 0


@njit(cache=True)
def _show(shown, shown_n, fatigue, fatigue_us, users, tweets, times, decay_us):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(users.shape[0]):
        u = users[i]
        shown[u, shown_n[u] % shown.shape[1]] = tweets[i]
        shown_n[u] += 1
        fatigue[u] = fatigue[u] * np.exp(-(times[i] - fatigue_us[u]) / decay_us) + 1.0
        fatigue_us[u] = times[i]


@njit(cache=True)
def _engage(counts, engagers, users, tweets, codes):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Column 4 of `counts` is the number of distinct engagers ever put into the ring."""
    for i in range(users.shape[0]):
        t = tweets[i]
        counts[t, codes[i]] += 1
        known = False
        for j in range(min(counts[t, 4], engagers.shape[1])):
            known |= engagers[t, j] == users[i]
        if not known:
            engagers[t, counts[t, 4] % engagers.shape[1]] = users[i]
            counts[t, 4] += 1
