"""All that unrolls while the world runs: tweets and their counts, who engaged, what people saw, fatigue, follows.

`apply(events)` is the only way a state changes, in the running world as in a replay of its log; so the state at any
moment is the state kept at an earlier one with the events in between applied, in the order of the log. Tweets that
nobody can be shown any more may be forgotten, so that memory does not grow with the length of the log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.batch import I64, Array
from data.errors import DataError
from data.events import HOUR_US, MINUTE_US, EventBatch
from data.ids import rows_of, snowflake
from data.kernel import inline_kernel, kernel
from data.rng import Stream
from data.schema import KIND_CODE
from data.synthetic.config import WorldConfig
from data.synthetic.people import People

SHOWN = 256
"""Impressions of a person that are remembered."""
ENGAGERS = 8
"""Latest people who engaged a tweet that are remembered."""
KEEP_US = 72 * HOUR_US
"""Tweets are remembered at least this long; no feed may show older ones."""
PUBLIC: dict[str, int] = {"like": 0, "reply": 1, "retweet": 2, "quote": 3}
"""Actions that others see, and their columns in `Tweets.counts`."""
LIKES, DISTINCT = PUBLIC["like"], len(PUBLIC)
"""Columns of `Tweets.counts`: likes, and how many distinct users were ever put among the engagers."""


class Tweets(NamedTuple):
    """Columns by tweet row: what the log says, what only the truth knows (topic to style), and what unrolled."""

    tweet_id: NDArray[np.int64]
    time_us: NDArray[np.int64]
    author: NDArray[np.int32]
    kind: NDArray[np.int8]
    conversation: NDArray[np.int64]
    referenced: NDArray[np.int64]
    """Tweet id, -1 for none."""
    media: NDArray[np.int8]
    topic: NDArray[np.int16]
    share: NDArray[np.float32]
    quality: NDArray[np.float32]
    virality: NDArray[np.float32]
    sentiment: NDArray[np.int8]
    toxicity: NDArray[np.int8]
    style: NDArray[np.int8]
    counts: NDArray[np.int32]
    engagers: NDArray[np.int32]
    deleted: NDArray[np.bool_]


_SHAPES: dict[str, tuple[Any, int]] = {
    "tweet_id": (np.int64, 0), "time_us": (np.int64, 0), "author": (np.int32, 0), "kind": (np.int8, 0),
    "conversation": (np.int64, 0), "referenced": (np.int64, 0), "media": (np.int8, 0), "topic": (np.int16, 2),
    "share": (np.float32, 0), "quality": (np.float32, 0), "virality": (np.float32, 0), "sentiment": (np.int8, 0),
    "toxicity": (np.int8, 0), "style": (np.int8, 0), "counts": (np.int32, 5), "engagers": (np.int32, ENGAGERS),
    "deleted": (np.bool_, 0),
}  # fmt: skip
HIDDEN: tuple[str, ...] = ("topic", "share", "quality", "virality", "sentiment", "toxicity", "style")
"""Columns that no table of the log holds."""


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
    bored: NDArray[np.float32]
    """[P, K] the same by topic, impressions counted by the tweet's main topic."""


class Answers(NamedTuple):
    """Replies that their parents' authors are going to answer; [N]."""

    due_us: NDArray[np.int64]
    author: NDArray[np.int32]
    """User row of who will answer."""
    tweet: NDArray[np.int64]
    """Tweet row of the reply."""


@dataclass(frozen=True)
class Hidden:
    """The true attributes of every tweet of a log, ordered by tweet id."""

    tweet_id: I64
    columns: dict[str, Array]
    """The columns named in HIDDEN."""

    @classmethod
    def read(cls, folder: Path, day: str = "*") -> Self:
        """From the truth's folder, of the tweets of a day or of all."""
        files = sorted((folder / "tweets").glob(f"{day}.parquet"))
        if not files:
            return cls(np.empty(0, np.int64), {name: getattr(_empty(0), name) for name in HIDDEN})
        frame = pl.concat([pl.read_parquet(file) for file in files])
        columns = {name: frame[name].to_numpy() for name in HIDDEN if name != "topic"}
        topic = np.stack([frame["topic"].to_numpy(), frame["second_topic"].to_numpy()], axis=1)
        return cls(frame["tweet_id"].to_numpy(), {"topic": topic, **columns})

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

    def __init__(self, config: WorldConfig, people: People, hidden: Hidden | None) -> None:
        """Nothing has happened yet. `hidden` serves replays of a log."""
        count = len(people)
        self._seed, self._sociability = config.seed, people.sociability
        self.user_id = people.user_id
        self.start_us, self.tick_us, self.decay_us = config.start_us, config.tick_us, config.behaviour.fatigue_h * 3.6e9
        self.time_us = config.start_us
        """The start of the tick that comes next."""
        self.hidden = hidden
        self.size = 0
        """Tweets known."""
        self._tweets = _empty(1024)
        self.memory = Memory(
            np.full((count, SHOWN), -1, np.int32), np.zeros(count, np.int64), np.zeros(count),
            np.full(count, config.start_us, np.int64), np.zeros((count, config.topics), np.float32),
        )  # fmt: skip
        self.answers = _no_answers()
        self.edges = np.full(1 << 16, -1, np.int64)
        """Open-addressing set of follower row x 2^32 + followee row; -1 is free, -2 was removed."""
        self.edge_count = 0

    @property
    def tweets(self) -> Tweets:
        """Columns of the tweets known; views."""
        return Tweets._make(column[: self.size] for column in self._tweets)

    def user_rows(self, ids: I64) -> I64:
        """Rows of people, -1 for an id that is nobody's."""
        return rows_of(self.user_id, ids)

    def tweet_rows(self, ids: I64) -> I64:
        """Rows of tweets, -1 for one not posted yet or forgotten. Rows hold until the next `forget`."""
        return rows_of(self._tweets.tweet_id[: self.size], ids)

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
            users, tweets = self._users(c["user_id"]), self._rows_of(c["tweet_id"])
            _show(self.memory, users, tweets, self._tweets.topic, c["time_us"], self.decay_us)
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

    def forget(self, before_us: int) -> None:
        """Forgets tweets posted before a moment; the rows of the others move down."""
        gone = int(np.searchsorted(self._tweets.tweet_id[: self.size], snowflake(before_us, 0)))
        if not gone:
            return
        left = self.size - gone
        for column in self._tweets:
            column[:left] = column[gone : self.size]
        self.size = left
        shown = self.memory.shown
        shown -= np.where(shown >= 0, np.int32(gone), np.int32(0))
        shown[shown < 0] = -1
        kept = self.answers.tweet >= gone
        self.answers = Answers(self.answers.due_us[kept], self.answers.author[kept], self.answers.tweet[kept] - gone)

    def due_answers(self, before_us: int) -> Answers:
        """The answers that come from the state's moment on and before another, ordered by moment, then reply."""
        due = np.flatnonzero((self.answers.due_us >= self.time_us) & (self.answers.due_us < before_us))
        due = due[np.lexsort((self.answers.tweet[due], self.answers.due_us[due]))]
        return Answers._make(column[due] for column in self.answers)

    def save(self, folder: Path) -> None:
        """Writes `state.npz` and `state.json` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {f"tweets.{k}": v for k, v in self.tweets._asdict().items()}
        parts |= {f"memory.{k}": v for k, v in self.memory._asdict().items()}
        parts |= {f"answers.{k}": v for k, v in self.answers._asdict().items()}
        live = np.sort(self.edges[self.edges >= 0])
        np.savez(folder / "state.npz", edges=live, **parts)
        (folder / "state.json").write_text(json.dumps({"time_us": self.time_us, "size": self.size}))

    @classmethod
    def load(cls, folder: Path, config: WorldConfig, people: People, hidden: Hidden | None = None) -> Self:
        """Reads what `save` wrote for the same world.

        Raises:
            DataError: there is no state, or it is damaged.
        """
        state = cls(config, people, hidden)
        try:
            about = json.loads((folder / "state.json").read_text())
            with np.load(folder / "state.npz", allow_pickle=False) as stored:
                parts = {name: stored[name] for name in stored.files}
            state.time_us, state.size = int(about["time_us"]), int(about["size"])
            state._tweets = Tweets._make(parts[f"tweets.{name}"] for name in Tweets._fields)
            state.memory = Memory._make(parts[f"memory.{name}"] for name in Memory._fields)
            state.answers = Answers._make(parts[f"answers.{name}"] for name in Answers._fields)
            live = parts["edges"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise DataError(f"no state can be read from {folder}: {error}", remedy="make the world again") from error
        state._follow(live >> 32, live & 0xFFFFFFFF, np.zeros(len(live), bool))
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
        kind = np.array([KIND_CODE[k] for k in c["kind"]], np.int8)
        values = {
            "tweet_id": ids, "time_us": c["time_us"], "author": self._users(c["author_id"]),
            "kind": kind, "media": c["media_count"],
            "conversation": c["conversation_id"], "referenced": c["referenced_id"],
            "counts": 0, "engagers": 0, "deleted": False, **hidden,
        }  # fmt: skip
        # Every column: `forget` moves rows down, so a new tweet's row may hold what another tweet left there.
        for name, column in self._tweets._asdict().items():
            column[start:end] = values[name]
        self.size = end
        replies = np.flatnonzero(kind == KIND_CODE["reply"])
        if len(replies):
            self._expect(start + replies, self.tweet_rows(np.asarray(c["referenced_id"], np.int64)[replies]))
        # Whoever was due by now has answered: every answer that falls into a tick is one of its tweets.
        ahead = self.answers.due_us > int(c["time_us"][-1])
        self.answers = Answers._make(column[ahead] for column in self.answers)

    def _expect(self, replies: I64, parents: I64) -> None:
        """Draws which replies will be answered by the author of their parent, and when: half within 12 minutes."""
        replies, parents = replies[parents >= 0], parents[parents >= 0]
        tweets = self._tweets
        author = tweets.author[parents]
        stream = Stream(self._seed, "answers")
        luck = stream.uniform(tweets.tweet_id[replies])[:, 0]
        wait = 12.0 * MINUTE_US * np.exp(1.2 * stream.normal(tweets.tweet_id[replies], 1)[:, 0])
        due = tweets.time_us[replies] + self.tick_us + np.minimum(wait, 12.0 * HOUR_US).astype(np.int64) // 1000 * 1000
        yes = (luck < self._sociability[author]) & (author != tweets.author[replies])
        known = self.answers
        self.answers = Answers(
            np.concatenate([known.due_us, due[yes]]),
            np.concatenate([known.author, author[yes]]),
            np.concatenate([known.tweet, replies[yes]]),
        )

    def _follow(self, a: I64, b: I64, ended: Array) -> None:
        if 2 * (self.edge_count + len(a)) > len(self.edges):
            live = self.edges[self.edges >= 0]
            self.edges = np.full(1 << int(np.ceil(np.log2(4 * (len(live) + len(a))))), -1, np.int64)
            self.edge_count = int(_edge(self.edges, live >> 32, live & 0xFFFFFFFF, np.zeros(len(live), bool)))
        self.edge_count += int(_edge(self.edges, a, b, np.asarray(ended, bool)))


def _no_answers() -> Answers:
    return Answers(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int64))


def _empty(size: int) -> Tweets:
    shapes = (_SHAPES[name] for name in Tweets._fields)
    return Tweets._make(np.zeros((size, width) if width else size, dtype) for dtype, width in shapes)


@inline_kernel
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


@kernel
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


@kernel
def _follows(edges, a, b, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(a.shape[0]):
        out[i] = find_edge(edges, a[i], b[i]) >= 0


@kernel
def _show(memory, users, tweets, topic, times, decay_us):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(users.shape[0]):
        u, t = users[i], tweets[i]
        memory.shown[u, memory.shown_n[u] % memory.shown.shape[1]] = t
        memory.shown_n[u] += 1
        if times[i] != memory.fatigue_us[u]:
            faded = np.exp(-(times[i] - memory.fatigue_us[u]) / decay_us)
            memory.fatigue[u] *= faded
            for k in range(memory.bored.shape[1]):
                memory.bored[u, k] *= faded
            memory.fatigue_us[u] = times[i]
        memory.fatigue[u] += 1.0
        memory.bored[u, topic[t, 0]] += 1.0


@kernel
def _engage(counts, engagers, users, tweets, codes):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Counts public actions and puts each tweet's new engagers into its ring."""
    for i in range(users.shape[0]):
        t = tweets[i]
        counts[t, codes[i]] += 1
        known = False
        for j in range(min(counts[t, DISTINCT], engagers.shape[1])):
            known |= engagers[t, j] == users[i]
        if not known:
            engagers[t, counts[t, DISTINCT] % engagers.shape[1]] = users[i]
            counts[t, DISTINCT] += 1
