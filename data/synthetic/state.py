"""All that changes while the world runs: tweets and their counts, who engaged, what people saw, fatigue, follows.

`apply(events)` is the only way a state changes, in the running world as in a replay of its log; so the state at any
time is the state kept at an earlier one with the events in between applied, in the order of the log. Tweets that
no feed may show any more can be forgotten, so that memory does not grow with the length of the log.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np

from data.batch import F64, I64, Array, Mask
from data.errors import DataError
from data.events import DAY_US, HOUR_US, MINUTE_US, EventBatch
from data.ids import rows_of, snowflake
from data.rng import Stream
from data.schema import KIND_CODE, NEGATIVE_ACTIONS
from data.synthetic import retention, supply
from data.synthetic.behaviour import examination, probabilities
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.follow_set import FollowSet
from data.synthetic.hidden import Hidden
from data.synthetic.newcomers import Joins, first_follows, no_joins
from data.synthetic.pair_counts import PairCounts
from data.synthetic.people import People
from data.synthetic.retention import Lives
from data.synthetic.state_columns import PUBLIC, Answers, Memory, Tweets, empty_tweets, engage, no_answers, show
from data.synthetic.supply import Supply
from data.synthetic.welfare import welfare

KEEP_US = 72 * HOUR_US
"""Tweets are remembered at least this long; no feed may show older ones."""

_ENDS = {
    "follows": ("follower_id", "followee_id"), "mutes": ("user_id", "muted_id"), "blocks": ("user_id", "blocked_id"),
}  # fmt: skip


class State:
    """The world at one time. Tables that change it: `tables`."""

    tables: tuple[str, ...] = (
        "follows", "mutes", "blocks", "tweets", "deletions", "requests", "impressions", "engagements",
    )  # fmt: skip

    def __init__(self, config: WorldConfig, people: People, hidden: Hidden | None) -> None:
        """Nothing has happened yet. `hidden` serves replays of a log."""
        count = len(people)
        self._config, self._people = config, people
        self._seed, self._sociability = config.seed, people.sociability
        self._parameters = BehaviourParameters.of(people, config)
        self.user_id = people.user_id
        self.start_us, self.tick_us, self.decay_us = config.start_us, config.tick_us, config.behaviour.fatigue_h * 3.6e9
        self.time_us = config.start_us
        """The start of the tick that comes next."""
        self.day = -1
        """The day that has begun, 0 the first; -1 before it."""
        self.lives: Lives = retention.start(config, people)
        self.supply: Supply = supply.start(people, config)
        self.shown_today = np.zeros(count, np.int64)
        """[P] impressions of each person on this day so far."""
        self.joins: Joins = no_joins()
        """The follows that those who join on this day bring."""
        self.hidden = hidden
        self.size = 0
        """Tweets known."""
        self._previewed = 0
        """How many of them, the last ones, are a preview."""
        self._tweets = empty_tweets(1024)
        self.memory = Memory(
            np.zeros(count), np.full(count, config.start_us, np.int64), np.zeros((count, config.topics), np.float32)
        )
        self.exposures = PairCounts(count)
        self.answers = no_answers()
        self.follow_set, self.mute_set, self.block_set = (FollowSet(count) for _ in range(3))
        self._edges = {"follows": self.follow_set, "mutes": self.mute_set, "blocks": self.block_set}

    @property
    def tweets(self) -> Tweets:
        """Columns of the tweets known; views."""
        return Tweets._make(column[: self.size] for column in self._tweets)

    def user_rows(self, ids: I64) -> I64:
        """Rows of people, -1 for an id of no user."""
        return rows_of(self.user_id, ids)

    def tweet_rows(self, ids: I64) -> I64:
        """Rows of tweets, -1 for one not posted yet or forgotten. Rows hold until the next `forget`."""
        return rows_of(self._tweets.tweet_id[: self.size], ids)

    def follows(self, users: I64, authors: I64) -> Mask:
        """[N] whether each user row follows the author row."""
        return self.follow_set.contains(users, authors)

    def hides(self, users: I64, authors: I64) -> Mask:
        """[N] whether no feed may show tweets of the author row to the user row.

        It may not where the user muted or blocked the author, or the author blocked the user.
        """
        out: Mask = self.mute_set.contains(users, authors)
        out |= self.block_set.contains(users, authors) | self.block_set.contains(authors, users)
        return out

    def apply(self, events: EventBatch, hidden: dict[str, Array] | None = None) -> None:
        """Takes one batch of events of any table, in order; tables that change nothing are ignored.

        `hidden` gives the true attributes of new tweets; in a replay they come from the truth's folder. The welfare of
        what people look at is that before its batch of impressions: `lives` is that of the run where each batch is of a
        tick, as in the run.

        Raises:
            DataError: a tweet or a user that this world does not know.
        """
        if events.table not in self.tables or not len(events):
            return
        self._end_preview()
        time_us = events.time_us
        day, last = ((int(one) - self.start_us) // DAY_US for one in (time_us[0], time_us[-1]))
        if day < last and last > self.day:
            cut = int(np.searchsorted(time_us, self.start_us + (max(day, self.day) + 1) * DAY_US))
            for rows in (slice(0, cut), slice(cut, None)):
                self.apply(events.where(rows), hidden and {name: column[rows] for name, column in hidden.items()})
            return
        self.begin_day(day)
        c = events.columns
        if events.table == "tweets":
            self._add(c, hidden if hidden is not None else self._hidden(c["tweet_id"]))
        elif events.table in self._edges:
            one, other = (self._users(c[name]) for name in _ENDS[events.table])
            self._edges[events.table].change(one, other, c["ended"])
        elif events.table == "deletions":
            self._tweets.deleted[self._rows_of(c["tweet_id"])] = True
        elif events.table == "requests":
            retention.observe_requests(self.lives, self._users(c["user_id"]))
        elif events.table == "impressions":
            users, tweets = self._users(c["user_id"]), self._rows_of(c["tweet_id"])
            self._look(c, users, tweets)
            supply.observe_impressions(self.supply, self._tweets, users, tweets)
            show(self.memory, users, tweets, self._tweets.topic, c["time_us"], self.decay_us)
            self.exposures.add(users, tweets)
            np.add.at(self.shown_today, users, 1)
        else:
            action = c["action"]
            code = np.full(len(action), -1, np.int64)
            for name, column in PUBLIC.items():
                code[action == name] = column
            public = code >= 0
            users, tweets = self._users(c["user_id"]), self._rows_of(c["tweet_id"])
            meant_well = np.ones(len(action), bool)
            for name in (*NEGATIVE_ACTIONS, "reply_answered"):
                meant_well &= action != name
            retention.observe_engagements(self.lives, users, meant_well)
            supply.observe_engagements(self.supply, self._tweets, users, tweets, action)
            engage(self._tweets.counts, self._tweets.engagers, users[public], tweets[public], code[public])
        ticks = (int(events.time_us[-1]) - self.start_us) // self.tick_us + 1
        self.time_us = max(self.time_us, self.start_us + ticks * self.tick_us)

    def preview(self, events: EventBatch, hidden: dict[str, Array] | None = None) -> None:
        """Lets people see and answer the originals of the tick that comes next, ordered by id, while it runs.

        Nothing else changes, and the next `apply` or `preview` forgets them: the log brings them among all tweets of
        the tick. `hidden` is as for `apply`.

        Raises:
            DataError: as `apply`.
        """
        self._end_preview()
        if len(events):
            c = events.columns
            self._fill(c, hidden if hidden is not None else self._hidden(c["tweet_id"]))
            self._previewed = len(events)

    def _end_preview(self) -> None:
        self.size -= self._previewed
        self._previewed = 0

    def begin_day(self, day: int) -> None:
        """Begins the days up to `day`, 0 the first, that have not begun: draws who opens the app, who posts how much.

        `World.steps` does so before the first tick of a day, and `apply` before the first event of one.
        """
        while self.day < day:
            self.day += 1
            self.shown_today[:] = 0
            self.lives = retention.begin_day(self._config, self._people, self.lives, self.day)
            self.supply = supply.begin_day(self._config, self._people, self.supply, self.lives, self.day)
            self.joins = first_follows(self._config, self._people, self.lives, self.follow_set, self.day)

    def return_probability(self, users: I64) -> F64:
        """[U] chance that each user row loads the feed on the next day, if this day ended now."""
        return retention.return_probability(self._config, self._people, self.lives, self.day + 1, users)

    def forget(self, before_us: int) -> None:
        """Forgets tweets posted before a time; the rows of the others move down."""
        gone = int(np.searchsorted(self._tweets.tweet_id[: self.size], snowflake(before_us, 0)))
        if not gone:
            return
        left = self.size - gone
        for column in self._tweets:
            column[:left] = column[gone : self.size]
        self.size = left
        self.exposures.forget(gone)
        kept = self.answers.tweet >= gone
        self.answers = Answers(self.answers.due_us[kept], self.answers.author[kept], self.answers.tweet[kept] - gone)

    def due_answers(self, before_us: int) -> Answers:
        """The answers that are due from `time_us` on and before `before_us`, ordered by time, then reply.

        Who has left by then answers nothing.
        """
        due = np.flatnonzero((self.answers.due_us >= self.time_us) & (self.answers.due_us < before_us))
        due = due[self.lives.status[self.answers.author[due]] == retention.HERE]
        due = due[np.lexsort((self.answers.tweet[due], self.answers.due_us[due]))]
        return Answers._make(column[due] for column in self.answers)

    def save(self, folder: Path) -> None:
        """Writes `state.npz` and `state.json` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {f"tweets.{k}": v for k, v in self.tweets._asdict().items()}
        parts |= {f"memory.{k}": v for k, v in self.memory._asdict().items()}
        parts |= {f"answers.{k}": v for k, v in self.answers._asdict().items()}
        parts |= {f"lives.{k}": v for k, v in self.lives._asdict().items()}
        parts |= {f"supply.{k}": v for k, v in self.supply._asdict().items()}
        parts |= {f"joins.{k}": v for k, v in self.joins._asdict().items()}
        parts["shown_today"] = self.shown_today
        parts["exposures.keys"], parts["exposures.counts"] = self.exposures.rows()
        parts |= {f"edges.{table}": one.keys() for table, one in self._edges.items()}
        np.savez(folder / "state.npz", **parts)
        (folder / "state.json").write_text(json.dumps({"time_us": self.time_us, "size": self.size, "day": self.day}))

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
            state.time_us, state.size, state.day = (int(about[name]) for name in ("time_us", "size", "day"))
            state._tweets = Tweets._make(parts[f"tweets.{name}"] for name in Tweets._fields)
            state.memory = Memory._make(parts[f"memory.{name}"] for name in Memory._fields)
            state.answers = Answers._make(parts[f"answers.{name}"] for name in Answers._fields)
            state.lives = Lives._make(parts[f"lives.{name}"] for name in Lives._fields)
            state.supply = Supply._make(parts[f"supply.{name}"] for name in Supply._fields)
            state.joins = Joins._make(parts[f"joins.{name}"] for name in Joins._fields)
            state.shown_today = parts["shown_today"]
            edges = [parts[f"edges.{table}"] for table in state._edges]
            keys, counts = parts["exposures.keys"], parts["exposures.counts"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise DataError(f"no state can be read from {folder}: {error}", remedy="make the world again") from error
        for one, pairs in zip(state._edges.values(), edges, strict=True):
            one.change(pairs >> 32, pairs & 0xFFFFFFFF, np.zeros(len(pairs), bool))
        state.exposures.restore(keys, counts)
        return state

    def _look(self, c: Any, users: I64, tweets: I64) -> None:
        """Takes what impressions let people look at, and its expected welfare before they are remembered."""
        times, request = np.asarray(c["time_us"], np.int64), np.asarray(c["request_id"])
        look, position = self._parameters.examination, np.asarray(c["position"], np.int64)
        starts = np.flatnonzero(np.r_[True, request[1:] != request[:-1]])
        p = probabilities(self._parameters, self, users, tweets, times) if look.cascade else np.empty((len(users), 0))
        looked = examination(look, p, np.append(starts, len(users)), position)
        retention.observe_impressions(self.lives, users, looked, welfare(self._parameters, self, users, tweets, times))

    def _users(self, ids: I64) -> I64:
        rows = self.user_rows(ids)
        if (rows < 0).any():
            raise DataError(f"user {ids[rows < 0][0]} is not of this world", remedy="use ids of its own people")
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

    def _fill(self, c: Any, hidden: dict[str, Array]) -> None:
        """Puts new tweets into the rows after the last."""
        start, end = self.size, self.size + len(c["tweet_id"])
        if end > len(self._tweets.tweet_id):
            grown = empty_tweets(max(end, 2 * len(self._tweets.tweet_id)))
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

    def _add(self, c: Any, hidden: dict[str, Array]) -> None:
        start = self.size
        self._fill(c, hidden)
        end, kind = self.size, self._tweets.kind[start : self.size]
        supply.observe_tweets(self.supply, self.tweets, np.arange(start, end))
        replies = np.flatnonzero(kind == KIND_CODE["reply"])
        if len(replies):
            self._expect(start + replies, self.tweet_rows(np.asarray(c["referenced_id"], np.int64)[replies]))
        # Every answer that was due by now is among these tweets.
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
