"""What is decided when a day begins: its requests, originals, deletions and annotations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.errors import DataError
from data.events import DAY_US, EventBatch
from data.ids import snowflakes_in_order
from data.synthetic.annotations import annotate
from data.synthetic.config import WorldConfig
from data.synthetic.new_tweets import Written
from data.synthetic.people import People, topic_popularity
from data.synthetic.places import LANGUAGE_CODES, WOEID
from data.synthetic.posting import Posts, deletions, make_posts
from data.synthetic.rhythm import Openings, openings
from data.synthetic.shocks import Shocks, make_shocks
from data.synthetic.state import State
from data.synthetic.supply import voice
from data.synthetic.text.writer import Draft, Texts, Writer
from data.synthetic.weekly_tags import WEEKLY_TAGS

Originals = tuple[Posts, I64]
"""Originals of a day and their ids."""


@dataclass(frozen=True)
class Day:
    """One day of the plan; events are ordered by time."""

    openings: Openings
    events: dict[str, EventBatch]
    """Tables tweets (originals), deletions and annotations."""
    hidden: dict[str, Array]
    """True attributes of the originals, by row of the tweets."""
    texts: Texts
    """Their texts with the entities they name."""

    def due(self, table: str, low: int, high: int) -> tuple[EventBatch, slice]:
        """The rows of a table from `low` on and before `high`, and their rows of the day."""
        events = self.events[table]
        a, b = np.searchsorted(events.time_us, (low, high))
        return events.where(slice(a, b)), slice(a, b)

    def written(self, low: int, high: int) -> Written:
        """The originals from `low` on and before `high`."""
        events, rows = self.due("tweets", low, high)
        first, last = self.texts.entity_offsets[rows.start], self.texts.entity_offsets[rows.stop]
        named = np.diff(self.texts.entity_offsets[rows.start : rows.stop + 1])
        return Written(
            events,
            {name: column[rows] for name, column in self.hidden.items()},
            np.repeat(np.arange(len(events), dtype=np.int64), named),
            self.texts.entity[first:last],
        )

    def requests(self, low: int, high: int) -> Openings:
        """The requests from `low` on and before `high`."""
        a, b = np.searchsorted(self.openings.time_us, (low, high))
        return Openings._make(column[a:b] for column in self.openings)


class Plan:
    """Makes days from a state at their begin and keeps each state's last; any day may be the first."""

    def __init__(self, config: WorldConfig, people: People) -> None:
        """Draws the shocks; nothing else yet."""
        self._config = config
        self._people = people
        self.shocks: Shocks = make_shocks(config, topic_popularity(config))
        self._days: WeakKeyDictionary[State, tuple[int, Day, Originals]] = WeakKeyDictionary()

    @cached_property
    def writer(self) -> Writer:
        """Writes the texts of all people; has their handles, the hashtags of the shocks, then those of weekdays."""
        return Writer(self._config.seed, self._people.handles, (*self.shocks.tag, *WEEKLY_TAGS))

    def day(self, day: int, state: State) -> Day:
        """Everything planned for a day (0 is the first), which `state` has begun.

        Raises:
            DataError: the state is in another day.
        """
        if day != state.day:
            raise DataError(f"day {day} was to be planned in day {state.day}", remedy="call state.begin_day first")
        known = self._days.get(state)
        if known is None or known[0] != day:
            today = self._originals(day, state)
            both = [today]
            if known is not None and known[0] == day - 1:
                both = [known[2], today]
            elif day > 0:
                both = [self._originals(day - 1, state), today]
            known = day, self._make(day, state, both), today
            self._days[state] = known
        return known[1]

    def _originals(self, day: int, state: State) -> Originals:
        """The originals of the state's day or of the day before it."""
        posts = make_posts(
            self._config, self._people, self.shocks, day, voice(state.supply, state.lives, before=day < state.day)
        )
        return posts, snowflakes_in_order(posts.time_us, worker=1)

    def _make(self, day: int, state: State, originals: list[Originals]) -> Day:
        """From the originals of the day before, if there is one, and of the day."""
        posts, ids = originals[-1]
        n = len(posts)
        tag = np.where(posts.weekly >= 0, len(self.shocks.tag) + posts.weekly, posts.shock)
        texts = self.writer.write(
            Draft(
                posts.author, posts.key, posts.language, posts.topic, posts.share, posts.sentiment, posts.toxicity,
                posts.style, tag, np.full(n, -1, np.int64), *posts.pull, np.full(n, -1, np.int64),
            )
        )  # fmt: skip
        columns = tweet_columns(self._people, ids, posts.time_us, posts.author)
        columns["text"] = texts.text.to_numpy()
        columns["media_count"] = posts.media.astype(np.int16)
        low = self._config.start_us + day * DAY_US
        events = {
            "tweets": EventBatch("tweets", columns),
            "deletions": self._deletions(low, originals),
            "annotations": self._annotations(low, originals),
        }
        hidden: dict[str, Array] = {
            "topic": posts.topic, "share": posts.share, "quality": posts.quality, "virality": posts.virality,
            "sentiment": posts.sentiment, "toxicity": posts.toxicity, "style": posts.style,
            **posts.pull._asdict(), "named": texts.first(),
        }  # fmt: skip
        factor = state.lives.sessions * state.lives.opens
        return Day(openings(self._config, self._people, day, factor), events, hidden, texts)

    def _deletions(self, low: int, originals: list[Originals]) -> EventBatch:
        """Deletions of originals of this day and the day before that fall into the day that begins at `low`."""
        found = []
        for posts, ids in originals:
            row, time = deletions(self._config, posts)
            found.append(pl.DataFrame({"tweet_id": ids[row], "time_us": time}))
        return EventBatch.from_frame("deletions", _within(found, low).sort("time_us", "tweet_id"))

    def _annotations(self, low: int, originals: list[Originals]) -> EventBatch:
        found = []
        for posts, ids in originals:
            row, columns = annotate(self._config, posts)
            # A day without posts has no texts to infer the dtype from.
            texts = {name: pl.Series(columns[name], dtype=pl.String) for name in ("task", "label")}
            found.append(pl.DataFrame({"tweet_id": ids[row], **columns, **texts}))
        frame = _within(found, low).sort("time_us", "tweet_id", "annotator", "task")
        ids = snowflakes_in_order(frame["time_us"].to_numpy())
        return EventBatch.from_frame("annotations", frame.with_columns(annotation_id=ids))


def _within(frames: list[pl.DataFrame], low: int) -> pl.DataFrame:
    return pl.concat(frames).filter(pl.col("time_us").is_between(low, low + DAY_US, closed="left"))


def tweet_columns(people: People, ids: I64, time_us: I64, author: I64) -> dict[str, Array]:
    """Columns of table `tweets` for originals; kind, text and media are to be filled in."""
    n = len(ids)
    return {
        "tweet_id": ids,
        "time_us": time_us,
        "author_id": people.user_id[author],
        "kind": np.full(n, "original", object),
        "referenced_id": np.full(n, -1, np.int64),
        "conversation_id": ids.copy(),
        "text": np.full(n, "", object),
        "language": np.array(LANGUAGE_CODES, object)[people.language[author]],
        "place": WOEID[people.place[author]],
        "media_count": np.zeros(n, np.int16),
    }
