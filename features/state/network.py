"""The users and tweets known now, by dense row, with the graph between them: rebuilt from events, one writer.

An id that an event mentions before (or without) its own row gets a row all the same, with nothing known about it: an
imported log may lack its users or its tweets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from data.batch import F32, I64, Array, Mask
from data.errors import DataError
from data.events import HOUR_US, NEVER_US, EventBatch
from data.ids import IdIndex
from data.schema import DEVICES, KIND_CODE
from data.tweet_text import text_counts
from features.codes import LANGUAGES, codes_of, known_offset
from features.state.columns import Columns, Spec
from features.state.graph import EdgeSet, Graph

UNKNOWN_US = -NEVER_US
"""The time of a user or tweet of which only the id is known."""

_USERS = {
    "follows": {"follower_row": "follower_id", "followee_row": "followee_id"},
    "mutes": {"user_row": "user_id", "muted_row": "muted_id"},
    "blocks": {"user_row": "user_id", "blocked_row": "blocked_id"},
    "users": {"user_row": "user_id"},
    "tweets": {"author_row": "author_id"},
    "requests": {"user_row": "user_id"},
    "impressions": {"user_row": "user_id", "author_row": "author_id"},
    "engagements": {"user_row": "user_id", "author_row": "author_id"},
    "undos": {"user_row": "user_id", "author_row": "author_id"},
    "suggestions": {"user_row": "user_id", "suggested_row": "suggested_id"},
}
_TWEETS = {
    "tweets": {"tweet_row": "tweet_id", "referenced_row": "referenced_id"},
    "deletions": {"tweet_row": "tweet_id"},
    "impressions": {"tweet_row": "tweet_id"},
    "engagements": {"tweet_row": "tweet_id"},
    "undos": {"tweet_row": "tweet_id"},
}


class UserColumns(Columns):
    """What is known of users, by user row; `device` is a code of `features.codes`, an unknown offset 0."""

    created_us: I64
    verified: Mask
    language: Array
    place: I64
    device: Array
    utc_offset_min: Array
    SPEC: ClassVar[Spec] = {
        "created_us": (np.int64, UNKNOWN_US, 0),
        "verified": (np.bool_, False, 0),
        "language": (np.int16, -1, 0),
        "place": (np.int64, -1, 0),
        "device": (np.int8, -1, 0),
        "utc_offset_min": (np.int16, 0, 0),
    }


class TweetColumns(Columns):
    """What is known of tweets, by tweet row; `kind` is -1 where only the id is known."""

    time_us: I64
    author_row: I64
    author_id: I64
    kind: Array
    referenced_row: I64
    media_count: Array
    length: Array
    hashtag_count: Array
    deleted: Mask
    language: Array
    place: I64
    SPEC: ClassVar[Spec] = {
        "time_us": (np.int64, UNKNOWN_US, 0),
        "author_row": (np.int64, -1, 0),
        "author_id": (np.int64, -1, 0),
        "kind": (np.int8, -1, 0),
        "referenced_row": (np.int64, -1, 0),
        "media_count": (np.int16, 0, 0),
        "length": (np.int32, 0, 0),
        "hashtag_count": (np.int32, 0, 0),
        "deleted": (np.bool_, False, 0),
        "language": (np.int16, -1, 0),
        "place": (np.int64, -1, 0),
    }


class NetworkState:
    """Rows of users and tweets, their columns, and the graph. `graph` holds edges by user row."""

    tables: ClassVar[frozenset[str]] = frozenset({"users", "follows", "mutes", "blocks", "tweets", "deletions"})
    """Tables that change it; events of other tables only get rows."""

    def __init__(self) -> None:
        """An empty network."""
        self.users, self.tweets = IdIndex(), IdIndex()
        self.user, self.tweet = UserColumns(), TweetColumns()
        self.graph = Graph()
        self._ascending = True
        self.languages: list[str] = []
        """Languages by code, in order of first appearance."""

    @property
    def ascending(self) -> bool:
        """Whether rows of tweets are in order of time."""
        return self._ascending

    def resolve(self, events: EventBatch) -> EventBatch:
        """The events with `*_row` columns beside their `*_id` columns (-1 for none); new ids get rows."""
        columns, users, tweets = dict(events.columns), len(self.users), len(self.tweets)
        for row, one in _USERS.get(events.table, {}).items():
            columns[row] = _add(self.users, columns, one)
        for row, one in _TWEETS.get(events.table, {}).items():
            columns[row] = _add(self.tweets, columns, one)
        if len(self.users) > users:
            self.user.resize(len(self.users))
            self.graph.resize(len(self.users))
        if len(self.tweets) > tweets:
            self._ascending &= events.table == "tweets"
            self.tweet.resize(len(self.tweets))
        return EventBatch(events.table, columns)

    def update(self, events: EventBatch) -> None:
        """Takes users, follows, mutes, blocks, tweets or deletions; other tables change nothing."""
        if events.table not in self.tables or not len(events):
            return
        if not any(name.endswith("_row") for name in events.columns):
            events = self.resolve(events)
        columns = events.columns
        apply: Mapping[str, Callable[[], None]] = {
            "users": lambda: self._users(columns),
            "tweets": lambda: self._tweets(columns),
            "deletions": lambda: self._delete(columns["tweet_row"]),
            "follows": lambda: self._edges("follows", columns["follower_row"], columns["followee_row"], columns),
            "mutes": lambda: self._edges("mutes", columns["user_row"], columns["muted_row"], columns),
            "blocks": lambda: self._edges("blocks", columns["user_row"], columns["blocked_row"], columns),
        }
        apply[events.table]()

    def alive(self, time_us: int, max_age_h: float = 48.0) -> I64:
        """Tweet rows alive at `time_us`, ascending: posted by then, younger than `max_age_h`, neither a retweet nor
        deleted."""
        posted, first, last = self.tweet.time_us, 0, len(self.tweet)
        oldest = UNKNOWN_US if np.isinf(max_age_h) else time_us - int(max_age_h * HOUR_US)
        if self._ascending:
            first, last = (int(at) for at in np.searchsorted(posted, [oldest, time_us], side="right"))
        here, kind = posted[first:last], self.tweet.kind[first:last]
        keep = (here > oldest) & (here <= time_us) & ~self.tweet.deleted[first:last]
        keep &= (kind >= 0) & (kind != KIND_CODE["retweet"])
        return np.flatnonzero(keep).astype(np.int64) + first

    def code(self, language: str) -> int:
        """The code of a language, -1 for none and for one never seen."""
        return self.languages.index(language) if language in self.languages else -1

    def arrays(self) -> dict[str, Array]:
        """Everything but the languages, for saving."""
        out: dict[str, Array] = {"users": self.users.ids.copy(), "tweets": self.tweets.ids.copy()}
        parts = {"user": self.user.arrays(), "tweet": self.tweet.arrays()}
        parts |= {kind: edges.arrays() for kind, edges in self.graph.kinds.items()}
        return out | {f"{part}.{name}": array for part, one in parts.items() for name, array in one.items()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave, into an empty network."""
        # The indexes stay the objects that views and sources were given.
        self.users.add(arrays["users"])
        self.tweets.add(arrays["tweets"])
        owners: dict[str, Columns | EdgeSet] = {"user": self.user, "tweet": self.tweet, **self.graph.kinds}
        for part, owner in owners.items():
            prefix = f"{part}."
            owner.restore({n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)})
        self._ascending = bool(np.all(np.diff(self.tweet.time_us) >= 0))

    def _users(self, columns: Mapping[str, Array]) -> None:
        rows = columns["user_row"]
        self.user.created_us[rows] = columns["created_us"]
        self.user.verified[rows] = columns["verified"]
        if "language" in columns:
            self.user.language[rows] = self._language(columns["language"])
        if "place" in columns:
            self.user.place[rows] = columns["place"]
        if "device" in columns:
            self.user.device[rows] = codes_of(columns["device"], DEVICES)
        if "utc_offset_min" in columns:
            self.user.utc_offset_min[rows] = known_offset(columns["utc_offset_min"])

    def _tweets(self, columns: Mapping[str, Array]) -> None:
        rows, tweet = columns["tweet_row"], self.tweet
        tweet.time_us[rows] = columns["time_us"]
        # Rows in order of time let `alive` search instead of looking at every tweet; imports may break the order.
        since = tweet.time_us[max(int(rows.min()) - 1, 0) :]
        self._ascending = self._ascending and bool(np.all(since[1:] >= since[:-1]))
        tweet.author_row[rows] = columns["author_row"]
        tweet.author_id[rows] = columns.get("author_id", np.int64(-1))
        tweet.referenced_row[rows] = columns["referenced_row"]
        tweet.kind[rows] = codes(columns["kind"], KIND_CODE)
        tweet.media_count[rows] = columns["media_count"]
        tweet.length[rows], tweet.hashtag_count[rows] = text_counts(columns["text"])
        if "language" in columns:
            tweet.language[rows] = self._language(columns["language"])
        if "place" in columns:
            tweet.place[rows] = columns["place"]

    def _delete(self, rows: I64) -> None:
        self.tweet.deleted[rows] = True

    def _edges(self, kind: str, source: I64, target: I64, columns: Mapping[str, Array]) -> None:
        self.graph.kinds[kind].update(source, target, columns["ended"].astype(np.bool_))

    def _language(self, names: Array) -> Array:
        known = {name: code for code, name in enumerate(self.languages)} | {"": -1}
        for name in dict.fromkeys(names.tolist()):
            if name not in known:
                known[name] = len(self.languages)
                self.languages.append(name)
        return codes(names, known)


class LanguageCodes:
    """Fixed codes (`features.codes`) of a network's own languages, which are numbered in order of appearance."""

    def __init__(self, network: NetworkState) -> None:
        """For `network`, also for languages that it gets later."""
        self._network = network
        self._codes: F32 = np.full(1, -1, np.float32)

    @property
    def codes(self) -> F32:
        """[languages + 1] code of each of the network's own; the last one, at -1, for none."""
        if len(self._codes) != len(self._network.languages) + 1:
            self._codes = codes_of([*self._network.languages, ""], LANGUAGES).astype(np.float32)
        return self._codes


def codes(names: Array, code: Mapping[str, int]) -> Array:
    """[N] int16 code of each name.

    Raises:
        DataError: a name without a code.
    """
    try:
        return np.fromiter((code[name] for name in names.tolist()), np.int16, len(names))
    except KeyError as error:
        raise DataError(f"unknown value {error}", remedy=f"use one of {', '.join(code)}") from error


def _add(index: IdIndex, columns: Mapping[str, Array], name: str) -> I64:
    """Rows of the ids in column `name`, -1 for an id below 0 and for a column that is absent."""
    if name in columns:
        return index.add(columns[name], least=0)
    return np.full(len(next(iter(columns.values()))), -1, np.int64)
