"""One tick: who opens the feed, what they are shown, what they do, and the rows of the log that result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.batch import I64, Array, CandidateBatch, Mask, Requests, offsets_of
from data.errors import DataError
from data.events import EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.schema import ACTION_CODE
from data.synthetic.behaviour import react
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.feed import Feed
from data.synthetic.new_tweets import Written
from data.synthetic.people import WORLD_ACTIONS, People
from data.synthetic.plan import Plan
from data.synthetic.replies import Reaction, written
from data.synthetic.rhythm import Openings
from data.synthetic.state import State
from data.synthetic.surveys import Surveys

_UNFOLLOWS = {"not_interested": 0.25, "mute": 0.5, "block": 1.0}
"""Probability that a negative action on a followed author ends the follow. One draw an impression; the strongest
action counts."""
_NAMES = np.array(WORLD_ACTIONS, object)
_NOTHING: dict[str, Array] = {
    "tweet_id": np.empty(0, np.int64), "tweet_row": np.empty(0, np.int64), "source": np.empty(0, object),
    "score": np.empty(0, np.float32), "propensity": np.empty(0),
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """[N] impressions of a tick, in the order of requests and positions."""

    request: I64
    """Row of the tick's requests."""
    position: I64
    user: I64
    """User row."""
    tweet: I64
    """Tweet row of the state."""
    author: I64
    """User row of the tweet's author."""
    slate: CandidateBatch
    """What the feed served, cut to what was scrolled past."""


@dataclass(frozen=True)
class Done:
    """[M] actions ordered by time, then impression, then action."""

    row: I64
    """Row of the impressions."""
    action: I64
    time_us: I64
    dwell_ms: Array
    exposure: Array

    def which(self, *actions: str) -> I64:
        """Rows of some actions."""
        wanted = np.zeros(len(WORLD_ACTIONS), bool)
        wanted[[ACTION_CODE[name] for name in actions]] = True
        return np.flatnonzero(wanted[self.action])


class Ticks:
    """Makes the log of one tick after another; keeps nothing between them but what never changes."""

    def __init__(self, config: WorldConfig, people: People, parameters: BehaviourParameters, plan: Plan) -> None:
        """For one world; all that changes is in the state that `run` gets."""
        self._config = config
        self._people = people
        self._parameters = parameters
        self._plan = plan
        self._unfollows = Stream(config.seed, "unfollows")
        self.surveys = Surveys(config, people, parameters)

    def run(self, state: State, feed: Feed, opened: Openings, chunk: int) -> Iterator[EventBatch | Written]:
        """All events of the requests of the tick that begins at `state.time_us`, and answers that are due.

        Raises:
            DataError: the feed served something that it may not.
        """
        requests = self._requests(opened)
        shown = self._look(state, requests, opened.depth, self._serve(feed, requests, chunk))
        done = self._act(state, requests, shown)
        yield from self._relations(state, shown, done)
        yield written(self._config, self._people, self._plan.writer, state, self._reactions(shown, done))
        columns = requests.columns
        request = {name: columns[name] for name in ("request_id", "time_us", "user_id")}
        n = len(requests)
        request |= {"product": np.full(n, "home", object), "policy": np.full(n, feed.policy, object)}
        yield EventBatch("requests", request)
        yield self._impressions(requests, shown)
        yield self.surveys.events(state, dict(columns), shown.slate.offsets, shown.tweet)
        yield self._engagements(state, requests, shown, done)

    def _serve(self, feed: Feed, requests: Requests, chunk: int) -> CandidateBatch:
        """The feed's slates, requested in chunks."""
        n, k = len(requests), self._config.slate
        if n <= chunk:
            return feed.serve(requests, k) if n else CandidateBatch(requests, np.zeros(1, np.int64), _NOTHING)
        parts = [feed.serve(requests.take(np.arange(low, min(low + chunk, n))), k) for low in range(0, n, chunk)]
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
        return CandidateBatch(requests, offsets_of(lengths), columns)

    def _requests(self, opened: Openings) -> Requests:
        user = opened.user
        columns = {
            "request_id": snowflakes_in_order(opened.time_us), "user_id": self._people.user_id[user], "user_row": user,
            "time_us": opened.time_us, "limit": opened.depth,
        }  # fmt: skip
        return Requests(columns)

    def _look(self, state: State, requests: Requests, depth: I64, served: CandidateBatch) -> Shown:
        """Cuts slates to what is scrolled past and finds their tweets."""
        if len(served.offsets) != len(requests) + 1:
            raise DataError(
                f"the feed served {len(served.offsets) - 1} slates for {len(requests)} requests",
                remedy="serve one slate a request, in order",
            )
        position = np.arange(len(served), dtype=np.int64) - served.offsets[:-1][served.request]
        keep = position < depth[served.request]
        cut = offsets_of(keep)[served.offsets]
        slate = CandidateBatch(requests, cut, {name: column[keep] for name, column in served.columns.items()})
        request = served.request[keep]
        tweet = state.tweet_rows(slate.column("tweet_id"))
        if (tweet < 0).any():
            unknown = slate.column("tweet_id")[tweet < 0][0]
            raise DataError(
                f"the feed served tweet {unknown}, which nobody posted in the last 72 h",
                remedy="serve tweets that the feed has observed, none older than 48 h",
            )
        pair = np.sort(request * max(state.size, 1) + tweet)
        if (pair[1:] == pair[:-1]).any():
            raise DataError("the feed served a tweet twice in one slate", remedy="drop duplicates")
        early = np.flatnonzero(state.tweets.time_us[tweet] > requests.columns["time_us"][request])
        if len(early):
            one = slate.column("tweet_id")[early[0]]
            raise DataError(
                f"the feed served tweet {one} before it was posted", remedy="serve only tweets older than the request"
            )
        author, user = state.tweets.author[tweet].astype(np.int64), requests.columns["user_row"][request]
        hidden = np.flatnonzero(state.hides(user, author))
        if len(hidden):
            one, reader = slate.column("tweet_id")[hidden[0]], self._people.user_id[user[hidden[0]]]
            raise DataError(
                f"the feed served tweet {one} to user {reader}, who muted or blocked its author or is blocked by them",
                remedy="observe mutes and blocks, and leave out such authors",
            )
        return Shown(request, position[keep], user, tweet, author, slate)

    def _act(self, state: State, requests: Requests, shown: Shown) -> Done:
        c = requests.columns
        reactions = react(self._parameters, state, c["user_row"], c["time_us"], shown.slate.offsets, shown.tweet)
        acted = np.flatnonzero(reactions.actions)
        bits = (reactions.actions[acted, None] >> np.arange(len(WORLD_ACTIONS), dtype=np.uint16)) & 1
        at, action = np.nonzero(bits)
        row = acted[at]
        # Everything a request causes happens within its tick: the clock of a late request runs slower at the end.
        start = c["time_us"][shown.request[row]]
        room = (state.time_us + state.tick_us - start).astype(np.float64)
        after = room * -np.expm1(-reactions.after_us[row] / room)
        time = start + np.minimum(after + 1000 * (action + 1), room - 1000).astype(np.int64)
        time -= time % 1000
        order = np.lexsort((action, row, time))
        row, action, time = row[order], action[order], time[order]
        return Done(row, action, time, reactions.dwell_ms[row], reactions.exposure[row])

    def _reactions(self, shown: Shown, done: Done) -> Reaction:
        row = done.which("reply", "retweet", "quote")
        at = done.row[row]
        return Reaction(shown.user[at], shown.tweet[at], done.action[row], done.time_us[row], done.exposure[row])

    def _engagements(self, state: State, requests: Requests, shown: Shown, done: Done) -> EventBatch:
        """What people did with impressions; and, outside any feed, answers: `reply` by the author who answers and
        `reply_answered` for the user who is answered."""
        tweets, due = state.tweets, state.due_answers(state.time_us + state.tick_us)
        row, user_id = done.row, self._people.user_id
        answered = tweets.author[due.tweet].astype(np.int64)
        parent, known = self._parents(state, due.tweet)
        time = np.concatenate([done.time_us, due.due_us, due.due_us[known]])
        n, m = len(due.tweet), int(known.sum())
        columns: dict[str, Array] = {
            "user_id": np.concatenate([shown.user[row], due.author, answered[known]]),
            "tweet_row": np.concatenate([shown.tweet[row], due.tweet, parent[known]]),
            "author_id": np.concatenate([shown.author[row], answered, due.author[known]]),
            "action": np.concatenate(
                [done.action, np.full(n, ACTION_CODE["reply"]), np.full(m, ACTION_CODE["reply_answered"])]
            ),
            "request_id": np.concatenate([requests.columns["request_id"][shown.request[row]], np.full(n + m, -1)]),
            "dwell_ms": np.concatenate([done.dwell_ms, np.full(n + m, -1)]).astype(np.int32),
        }
        order = np.argsort(time, kind="stable")
        columns = {name: column[order] for name, column in columns.items()}
        time = time[order]
        return EventBatch(
            "engagements",
            {
                "engagement_id": snowflakes_in_order(time),
                "time_us": time,
                "user_id": user_id[columns["user_id"]],
                "tweet_id": tweets.tweet_id[columns["tweet_row"]],
                "author_id": user_id[columns["author_id"]],
                "action": _NAMES[columns["action"]],
                "request_id": columns["request_id"],
                "dwell_ms": columns["dwell_ms"],
            },
        )

    def _parents(self, state: State, replies: I64) -> tuple[I64, Mask]:
        """Rows of the tweets that replies answer, and which of them are still remembered."""
        parent = state.tweet_rows(state.tweets.referenced[replies])
        return parent, parent >= 0

    def _impressions(self, requests: Requests, shown: Shown) -> EventBatch:
        time = requests.columns["time_us"][shown.request]
        slate = shown.slate.columns
        columns = {
            "impression_id": snowflakes_in_order(time),
            "time_us": time,
            "request_id": requests.columns["request_id"][shown.request],
            "user_id": self._people.user_id[shown.user],
            "tweet_id": slate["tweet_id"],
            "author_id": self._people.user_id[shown.author],
            "position": shown.position.astype(np.int16),
            "source": slate["source"],
            "score": slate["score"].astype(np.float32),
            "propensity": slate["propensity"].astype(np.float64),
        }
        return EventBatch("impressions", columns)

    def _relations(self, state: State, shown: Shown, done: Done) -> Iterator[EventBatch]:
        """Follows that begin and end, mutes and blocks; each pair once a table."""
        begun = self._begun(state, self._pairs(state, shown, done, done.which("follow_author")))
        negative = done.which(*_UNFOLLOWS)
        chance = np.zeros(len(WORLD_ACTIONS))
        for name, one in _UNFOLLOWS.items():
            chance[ACTION_CODE[name]] = one
        at = done.row[negative]
        luck = self._unfollows.uniform(shown.user[at], state.tweets.tweet_id[shown.tweet[at]], done.exposure[negative])
        left = negative[(luck[:, 0] < chance[done.action[negative]]) & state.follows(shown.user[at], shown.author[at])]
        ended = self._pairs(state, shown, done, left)
        yield self._links("follows", ("follower_id", "followee_id"), begun, ended)
        nothing = (np.empty(0, np.int64),) * 3
        for table, action, whom in (("mutes", "mute", "muted_id"), ("blocks", "block", "blocked_id")):
            yield self._links(table, ("user_id", whom), self._pairs(state, shown, done, done.which(action)), nothing)

    def _begun(self, state: State, acted: tuple[I64, I64, I64]) -> tuple[I64, I64, I64]:
        """Follows that begin in the tick: those that people made in the feed, and those that new accounts bring."""
        rows = slice(*np.searchsorted(state.joins.time_us, (state.time_us, state.time_us + state.tick_us)))
        time, user, other = (column[rows] for column in state.joins)
        size = len(self._people)
        fresh = ~state.follows(user, other) & ~np.isin(user * size + other, acted[1] * size + acted[2])
        time, user, other = time[fresh], user[fresh], other[fresh]
        return (
            np.concatenate([acted[0], time]), np.concatenate([acted[1], user]), np.concatenate([acted[2], other]),
        )  # fmt: skip

    def _pairs(self, state: State, shown: Shown, done: Done, rows: I64) -> tuple[I64, I64, I64]:
        """Time, user row and author row of actions, the first of each pair."""
        at = done.row[rows]
        user, author = shown.user[at], shown.author[at]
        first = np.sort(np.unique(user * len(self._people) + author, return_index=True)[1])
        return done.time_us[rows[first]], user[first], author[first]

    def _links(
        self, table: str, names: tuple[str, str], begun: tuple[I64, I64, I64], ended: tuple[I64, I64, I64]
    ) -> EventBatch:
        time, user, other = (np.concatenate(pair) for pair in zip(begun, ended, strict=True))
        over = np.arange(len(time)) >= len(begun[0])
        order = np.lexsort((over, time))
        time = time[order]
        key = {"follows": "follow_id", "mutes": "mute_id", "blocks": "block_id"}[table]
        columns = {
            key: snowflakes_in_order(time),
            "time_us": time,
            names[0]: self._people.user_id[user[order]],
            names[1]: self._people.user_id[other[order]],
            "ended": over[order],
        }
        return EventBatch(table, columns)
