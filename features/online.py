"""The live engine: the state that events build, and features looked up from it; saved, and restored elsewhere.

One thread owns a state. Its look-ups are for the time of its last event or later. Look-ups share tables that are made
when they are needed, and working memory: those of other threads wait for each other, and an update for them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from data.batch import I64, Array, CandidateBatch, Ragged, Requests
from data.errors import DataError, ModelError, NotFoundError
from data.events import EventBatch
from data.folders import present, written_whole
from data.schema import ACTION_CODE, ACTIONS, POSITIVE_ACTIONS
from features.catalogue import CATALOGUE, plan, view
from features.graph.follow_snapshots import FollowGraph, SnapshotTables
from features.shared import Shared
from features.state.history import History
from features.state.network import UNKNOWN_US, NetworkState
from features.state.seen import Seen
from features.state.shown import Shown
from features.state.suggested import Suggested
from features.state.texts import Texts
from features.view import FeatureView, OnlineView

if TYPE_CHECKING:
    from features.text.understanding import Understanding

VERSION = 4
ABOUT = "state.json"

COUNTED = "actions"
"""The table of all engagements that count, for views that also want what people did against a tweet."""

SHOWN = frozenset({"requests", "impressions", "suggestions"})
"""Tables of what was served to readers: each feed writes to them."""

_POSITIVE = np.array([action in POSITIVE_ACTIONS for action in ACTIONS])


@dataclass(frozen=True)
class FrozenState:
    """Everything of a state at one moment."""

    about: Mapping[str, Any]
    parts: Mapping[str, Mapping[str, Array]]

    def write(self, folder: Path) -> None:
        """Writes it into an empty folder."""
        for name, arrays in self.parts.items():
            # The stubs know savez's own flags only, the arrays are any other keyword.
            np.savez(folder / f"{name}.npz", **dict[str, Any](arrays))
        (folder / ABOUT).write_text(json.dumps(dict(self.about)))


class FeatureState:
    """Network, histories, what was seen, and every live view; `update` with events, `lookup` for candidates."""

    def __init__(
        self,
        understanding: Understanding | None,
        *,
        views: Sequence[str] | None = None,
        snapshots: SnapshotTables | None = None,
    ) -> None:
        """An empty state with the named views and those they read (all of the catalogue when None).

        States with the same `snapshots` make a table of the same follow edges once.

        Raises:
            ConfigError: no view of a name.
        """
        self.understanding = understanding
        self.network, self.history, self.seen, self.shown = NetworkState(), History(), Seen(), Shown()
        self.suggested = Suggested()
        self.texts = Texts(understanding)
        self.follow_graph = FollowGraph(self.network.users, snapshots or SnapshotTables())
        self._shared = Shared(self.network, self.history, self.seen, self.texts, self.follow_graph)
        names = tuple(CATALOGUE) if views is None else views
        wanted = plan([feature.name for name in names for feature in view(name).features])
        self.time_us = UNKNOWN_US
        """The time of the last event; a data set's replay goes on after it."""
        self.changes = 0
        """Goes up with each batch of events taken but for those of `SHOWN`: two equal numbers, and nothing happened in
        between but that feeds were served. Lists of what people do are kept that long."""
        self._views: dict[str, OnlineView] = {one.name: one.online(self._shared) for one in wanted}
        self._listeners: dict[str, list[OnlineView]] = {}
        self._followers: dict[str, list[Callable[[EventBatch], None]]] = {}
        for live in self._views.values():
            for table in live.listens:
                self._listeners.setdefault(table, []).append(live)
        self._plans: dict[tuple[str, ...], list[FeatureView]] = {}
        self._lock = threading.Lock()
        self.tables = (NetworkState.tables | {"impressions", "engagements", "suggestions"} | set(self._listeners)) - {
            COUNTED
        }
        """Tables whose events it wants."""

    def update(self, events: EventBatch) -> None:
        """Takes a batch of one table; batches of one time come in the schema's order of tables.

        An engagement counts if its tweet was posted by then, its undo if the engagement counted; views of
        "engagements" get positive ones alone.
        """
        if events.table not in self.tables or not len(events):
            return
        with self._lock:
            self._take(events)

    def listen(self, tables: Iterable[str], take: Callable[[EventBatch], None]) -> Callable[[], None]:
        """Has `take` called with each batch of `tables` after it took effect; rows stand beside its ids.

        Returns:
            What ends it.
        """
        lists = [self._followers.setdefault(table, []) for table in tables]
        for takers in lists:
            takers.append(take)

        def end() -> None:
            for takers in lists:
                takers.remove(take)

        return end

    def requests(self, user_ids: ArrayLike, time_us: ArrayLike) -> Requests:
        """[B] requests of known users at `time_us` (one time, or one a user).

        Raises:
            NotFoundError: a user that no event has named.
        """
        ids = np.atleast_1d(np.asarray(user_ids, np.int64))
        rows = self.network.users.rows(ids)
        if (rows < 0).any():
            raise NotFoundError(f"unknown user {int(ids[rows < 0][0])}", remedy="choose a user of this network")
        times = np.broadcast_to(np.asarray(time_us, np.int64), ids.shape).copy()
        return Requests({"user_id": ids, "user_row": rows, "time_us": times})

    def base(self, requests: Requests, tweets: Ragged) -> CandidateBatch:
        """The candidates `tweets` (rows) with `tweet_row`, `tweet_id`, `author_row`, `author_id` (-1 for none).

        Raises:
            DataError: a row beyond the tweets.
        """
        rows = tweets.values.astype(np.int64, copy=False)
        if len(rows) and int(rows.max()) >= len(self.network.tweets):
            problem = f"tweet row {int(rows.max())} is beyond the {len(self.network.tweets)} tweets"
            raise DataError(problem, remedy="give rows of tweets, not their ids: network.tweets.rows(ids)")
        columns: dict[str, Array] = {
            "tweet_row": rows,
            "tweet_id": self.network.tweets.ids[rows],
            "author_id": self.network.tweet.author_id[rows],
            "author_row": self.network.tweet.author_row[rows],
        }
        return CandidateBatch(requests, tweets.offsets, columns)

    def of_no_user(self, rows: I64, time_us: int) -> CandidateBatch:
        """[N] tweets as candidates of one request without a user: to look up columns of tweets and authors alone."""
        nobody = {"user_id": np.array([-1]), "user_row": np.array([-1]), "time_us": np.array([time_us], np.int64)}
        return self.base(Requests(nobody), Ragged(np.array([0, len(rows)], np.int64), rows))

    def lookup(self, batch: CandidateBatch, names: Sequence[str]) -> CandidateBatch:
        """The batch with the features `names`; those it has already are kept. Request features go to its requests.

        `batch` comes from `base`, or has its four columns.

        Raises:
            ConfigError: a name that no view of this state writes.
        """
        missing = tuple(n for n in names if n not in batch.columns and n not in batch.requests.columns)
        if not missing:
            return batch
        full = batch
        with self._lock:
            if missing not in self._plans:
                self._plans[missing] = plan(missing, self._views)
            for one in self._plans[missing]:
                found = self._views[one.name].lookup(full)
                full = full.with_requests(found) if one.entity == "request" else full.with_columns(found)
        own = {n: full.columns[n] for n in missing if n in full.columns}
        of_requests = {n: full.requests.columns[n] for n in missing if n in full.requests.columns}
        return batch.with_requests(of_requests).with_columns(own) if of_requests else batch.with_columns(own)

    def save(self, folder: Path) -> None:
        """Writes the state to `folder`: one complete version is there at any time, the older or the newer."""
        with written_whole(folder) as staging:
            FrozenState(self._about(), {name: part.arrays() for name, part in self._parts().items()}).write(staging)

    def frozen(self) -> FrozenState:
        """A copy of everything, to be written while this one goes on."""
        with self._lock:
            parts = {
                name: {key: np.array(array) for key, array in part.arrays().items()}
                for name, part in self._parts().items()
            }
            return FrozenState(self._about(), parts)

    @classmethod
    def load(cls, folder: Path, understanding: Understanding | None) -> Self:
        """A saved state.

        Raises:
            ModelError: no state there, one of another version, or one whose texts another understanding read.
        """
        state = cls(understanding, views=_about(folder)["views"])
        state.restore(folder)
        return state

    def restore(self, folder: Path) -> None:
        """Takes what another state saved, into this empty one.

        Raises:
            ModelError: no state there, one of another version or other views, or texts that another understanding read.
        """
        about, mine = _about(folder), self._about()
        for key, meaning in (("understanding", "another text understanding"), ("views", "other views")):
            if about[key] != mine[key]:
                raise ModelError(f"{folder} was built with {meaning}", remedy="build it from the events")
        for name, part in self._parts().items():
            with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
                part.restore(dict(arrays))
        self.network.languages[:] = about["languages"]
        self.time_us = int(about["time_us"])
        self.changes += 1

    def _about(self) -> dict[str, Any]:
        about = {"version": VERSION, "views": list(self._views), "languages": list(self.network.languages)}
        return about | {
            "understanding": self.understanding.identity if self.understanding else "", "time_us": self.time_us,
        }  # fmt: skip

    def _parts(self) -> dict[str, Any]:
        """Everything that is saved, by file name."""
        shared = {"network": self.network, "history": self.history, "seen": self.seen, "texts": self.texts}
        shared |= {"shown": self.shown, "suggested": self.suggested, "follow-graph": self.follow_graph}
        return shared | {f"view-{name}": one for name, one in self._views.items()}

    def _take(self, events: EventBatch) -> None:
        self.changes += events.table not in SHOWN
        events = taken = self.network.resolve(events)
        self.time_us = max(self.time_us, int(events.time_us[-1]))
        self.network.update(events)
        self.history.resize(len(self.network.users))
        self.shown.resize(len(self.network.users))
        self.suggested.resize(len(self.network.users))
        self.texts.resize(len(self.network.tweets))
        if events.table == "tweets":
            self.texts.update(events)
        elif events.table == "follows":
            self.follow_graph.update(events)
        elif events.table == "impressions":
            self.seen.update(events)
            self.shown.update(events)
        elif events.table == "suggestions":
            self.suggested.update(events)
        elif events.table == "engagements":
            counted = self._counted(events)
            self._notify(COUNTED, counted)
            positive = _POSITIVE[counted.columns["action_code"]]
            events = counted if positive.all() else counted.where(positive)
            self.history.update(events)
        elif events.table == "undos":
            events = self._counted(events)
        self._notify(events.table, events)
        for take in self._followers.get(events.table, ()):
            take(taken)

    def _notify(self, table: str, events: EventBatch) -> None:
        """Hands events to the views that listen to `table`."""
        if len(events):
            for one in self._listeners.get(table, ()):
                one.update(events)

    def _counted(self, events: EventBatch) -> EventBatch:
        """Engagements that count, or their undos, with their `action_code`."""
        names = events.columns["action"].tolist()
        codes = np.fromiter((ACTION_CODE[name] for name in names), np.int8, len(names))
        events = EventBatch(events.table, {**events.columns, "action_code": codes})
        rows, tweet = events.columns["tweet_row"], self.network.tweet
        engaged_us = events.columns.get("engaged_us", events.time_us)
        keep = (rows >= 0) & (tweet.kind[rows] >= 0) & (tweet.time_us[rows] <= engaged_us)
        return events if keep.all() else events.where(keep)


def _about(folder: Path) -> dict[str, Any]:
    """What is told of a saved state."""
    try:
        about: dict[str, Any] = json.loads((present(folder) / ABOUT).read_text())
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no feature state: {error}", remedy="build it from the events") from error
    if about["version"] != VERSION:
        raise ModelError(
            f"{folder} has state version {about['version']}, not {VERSION}", remedy="build it from the events"
        )
    return about
