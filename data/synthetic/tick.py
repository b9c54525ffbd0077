"""One tick: who opens the feed, what they are shown, what they do, and the rows of the log that come of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64, Array, CandidateBatch, Requests
from data.errors import DataError
from data.events import EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.synthetic.behaviour import Minds, examination, exposures, probabilities, react
from data.synthetic.config import WorldConfig
from data.synthetic.feed import Feed
from data.synthetic.grammar import Draft, Grammar
from data.synthetic.people import ACTIONS, People
from data.synthetic.plan import tweet_columns
from data.synthetic.rhythm import local_weight, openings, scroll_depth
from data.synthetic.state import HIDDEN, State

Rows = tuple[EventBatch, dict[str, Array] | None]
"""Events, and for tweets their true attributes."""

_ANSWERS = {"reply": 1, "retweet": 2, "quote": 3}
_GLANCE_US = 900_000
"""Microseconds that any tweet takes to scroll past."""


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
    slate: CandidateBatch
    """What the feed served, cut to what was scrolled past."""


class Ticks:
    """Makes the log of one tick after another; keeps nothing between them but what never changes."""

    def __init__(self, config: WorldConfig, people: People, who: Minds, grammar: Grammar) -> None:
        """For one world; who unrolls is in the state that `run` is given."""
        self._config = config
        self._people = people
        self._who = who
        self._grammar = grammar
        self._attributes = Stream(config.seed, "reaction attributes")

    def run(self, state: State, feed: Feed) -> list[Rows]:
        """Follows, reaction tweets, requests, impressions and engagements of the tick that begins at `state.time_us`.

        Raises:
            DataError: the feed served something that it may not.
        """
        requests, depth = self._open(state.time_us)
        if not len(requests):
            return []
        shown = self._look(state, requests, depth, feed.serve(requests, self._config.slate))
        c = requests.columns
        asked = {name: c[name] for name in ("request_id", "time_us", "user_id")}
        n = len(requests)
        asked |= {"product": np.full(n, "home", object), "policy": np.full(n, feed.policy, object)}
        done = self._act(state, requests, shown)
        return [
            (self._follows(state, shown, done), None),
            self._tweets(state, shown, done),
            (EventBatch("requests", asked), None),
            (self._impressions(state, requests, shown), None),
            (self._engagements(state, requests, shown, done), None),
        ]

    def _open(self, low: int) -> tuple[Requests, I64]:
        """The tick's requests ordered by time, and how far each scrolls."""
        config, people = self._config, self._people
        tick = (low - config.start_us) // config.tick_us
        weight = local_weight(low + config.tick_us // 2, people.utc_offset_min)
        chance: F64 = -np.expm1(-people.activity * weight * config.tick_min / 1440.0)
        user, when, scroll = openings(config.seed, tick, chance)
        order = np.argsort(when, kind="stable")
        user = user[order]
        time = low + (when[order] * (config.tick_us // 1000)).astype(np.int64) * 1000
        ids = people.user_id[user]
        columns = {"request_id": snowflakes_in_order(time), "user_id": ids, "user_row": user, "time_us": time}
        return Requests(columns), scroll_depth(scroll[order], config.slate)

    def _look(self, state: State, requests: Requests, depth: I64, served: CandidateBatch) -> Shown:
        """Cuts slates to what is scrolled past and finds their tweets."""
        if len(served.offsets) != len(requests) + 1:
            raise DataError(
                f"the feed served {len(served.offsets) - 1} slates for {len(requests)} requests",
                remedy="serve one slate a request, in order",
            )
        position = np.arange(len(served), dtype=np.int64) - served.offsets[:-1][served.request]
        keep = position < depth[served.request]
        cut = np.r_[0, np.cumsum(keep)][served.offsets].astype(np.int64)
        slate = CandidateBatch(requests, cut, {name: column[keep] for name, column in served.columns.items()})
        request = served.request[keep]
        tweet = state.tweet_rows(slate.column("tweet_id"))
        if (tweet < 0).any():
            unknown = slate.column("tweet_id")[tweet < 0][0]
            raise DataError(f"the feed served tweet {unknown}, which nobody posted", remedy="serve tweets it was told")
        pair = np.sort(request * max(state.size, 1) + tweet)
        if (pair[1:] == pair[:-1]).any():
            raise DataError("the feed served a tweet twice in one slate", remedy="drop duplicates")
        return Shown(request, position[keep], requests.columns["user_row"][request], tweet, slate)

    def _act(self, state: State, requests: Requests, shown: Shown) -> dict[str, Array]:
        """What people do: [M] actions ordered by time with their impression, action, time and dwell."""
        tweet_id = state.tweets.tweet_id[shown.tweet]
        start = requests.columns["time_us"][shown.request]
        p = probabilities(self._who, state, shown.user, shown.tweet, start)
        looked = examination(self._config.behaviour, shown.position)
        seen = exposures(state, shown.user, shown.tweet)
        actions, dwell, delay = react(self._config.seed, p, looked, shown.user, tweet_id, seen)
        spent = np.cumsum(delay + _GLANCE_US)
        spent -= np.r_[0, spent][shown.slate.offsets[:-1]][shown.request]
        # Everything a request causes happens within its tick: the clock of a late request runs slower at the end.
        room = state.time_us + state.tick_us - start
        after = room * -np.expm1(-spent / room)
        row, action = np.nonzero(actions)
        time = start[row] + np.minimum(after[row] + 1000 * (action + 1), room[row] - 1000).astype(np.int64)
        time -= time % 1000
        order = np.lexsort((action, row, time))
        row, action, time = row[order], action[order], time[order]
        return {"row": row, "action": action, "time_us": time, "dwell_ms": dwell[row], "exposure": seen[row]}

    def _engagements(self, state: State, requests: Requests, shown: Shown, done: dict[str, Array]) -> EventBatch:
        row, tweets = done["row"], state.tweets
        columns = {
            "engagement_id": snowflakes_in_order(done["time_us"]),
            "time_us": done["time_us"],
            "user_id": self._people.user_id[shown.user[row]],
            "tweet_id": tweets.tweet_id[shown.tweet[row]],
            "author_id": self._people.user_id[tweets.author[shown.tweet[row]]],
            "action": np.array(ACTIONS, object)[done["action"]],
            "request_id": requests.columns["request_id"][shown.request[row]],
            "dwell_ms": done["dwell_ms"].astype(np.int32),
        }
        return EventBatch("engagements", columns)

    def _impressions(self, state: State, requests: Requests, shown: Shown) -> EventBatch:
        time = requests.columns["time_us"][shown.request]
        slate = shown.slate.columns
        columns = {
            "impression_id": snowflakes_in_order(time),
            "time_us": time,
            "request_id": requests.columns["request_id"][shown.request],
            "user_id": self._people.user_id[shown.user],
            "tweet_id": slate["tweet_id"],
            "author_id": self._people.user_id[state.tweets.author[shown.tweet]],
            "position": shown.position.astype(np.int16),
            "source": slate["source"],
            "score": slate["score"].astype(np.float32),
            "propensity": slate["propensity"].astype(np.float64),
        }
        return EventBatch("impressions", columns)

    def _follows(self, state: State, shown: Shown, done: dict[str, Array]) -> EventBatch:
        """New edges, each once though two tweets of an author may both lead to it."""
        row = np.flatnonzero(done["action"] == ACTIONS.index("follow_author"))
        at = done["row"][row]
        follower, followee = shown.user[at], state.tweets.author[shown.tweet[at]].astype(np.int64)
        first = np.sort(np.unique(follower * len(self._people) + followee, return_index=True)[1])
        time = done["time_us"][row[first]]
        columns = {
            "follow_id": snowflakes_in_order(time),
            "time_us": time,
            "follower_id": self._people.user_id[follower[first]],
            "followee_id": self._people.user_id[followee[first]],
            "ended": np.zeros(len(first), bool),
        }
        return EventBatch("follows", columns)

    def _tweets(self, state: State, shown: Shown, done: dict[str, Array]) -> Rows:
        """Replies, retweets and quotes, ordered by time, with their true attributes."""
        people, tweets = self._people, state.tweets
        code = np.zeros(len(ACTIONS), np.int64)
        for name, one in _ANSWERS.items():
            code[ACTIONS.index(name)] = one
        row = np.flatnonzero(code[done["action"]])
        kind, at = code[done["action"][row]], done["row"][row]
        author, about = shown.user[at], shown.tweet[at]
        columns = tweet_columns(
            people, snowflakes_in_order(done["time_us"][row], worker=2), done["time_us"][row], author
        )
        columns["kind"] = np.array(["", *_ANSWERS], object)[kind]
        columns["referenced_id"] = tweets.tweet_id[about]
        replies = kind == _ANSWERS["reply"]
        columns["conversation_id"][replies] = tweets.conversation[about[replies]]
        luck = self._attributes.normal(author, tweets.tweet_id[about], 8 * done["exposure"][row] + kind, n=2)
        again = kind == _ANSWERS["retweet"]
        quality = 0.6 * people.talent[author] + 0.8 * luck[:, 0] - 0.5
        mood = np.clip(np.round(0.2 + 0.5 * tweets.sentiment[about] + 0.7 * luck[:, 1]), -1, 1)
        hidden: dict[str, Array] = {name: getattr(tweets, name)[about] for name in HIDDEN}
        hidden["quality"] = np.where(again, hidden["quality"], quality).astype(np.float32)
        hidden["sentiment"] = np.where(again, hidden["sentiment"], mood).astype(np.int8)
        columns["media_count"] = np.where(again, tweets.media[about], 0).astype(np.int16)
        own = np.flatnonzero(~again)
        handles = people.handles
        draft = Draft(
            author[own], tweets.tweet_id[about[own]] ^ kind[own], hidden["topic"][own].astype(np.int64),
            hidden["share"][own], hidden["sentiment"][own].astype(np.int64), np.zeros(len(own), bool),
            np.ones(len(own), bool), [""] * len(own),
            [handles[a] if r else "" for a, r in zip(tweets.author[about[own]], replies[own], strict=True)],
        )  # fmt: skip
        columns["text"][own] = self._grammar.write(draft)
        return EventBatch("tweets", columns), hidden


def merged(first: Rows, second: Rows) -> Rows:
    """Two batches of tweets in one, ordered by id."""
    columns = {n: np.concatenate([first[0].columns[n], second[0].columns[n]]) for n in first[0].columns}
    order = np.argsort(columns["tweet_id"], kind="stable")
    hidden = {name: np.concatenate([(first[1] or {})[name], (second[1] or {})[name]])[order] for name in HIDDEN}
    return EventBatch("tweets", {name: column[order] for name, column in columns.items()}), hidden
