"""The rows of the log that do not depend on any feed: originals, deletions, mutes and annotations, by time."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Array
from data.events import EventBatch
from data.ids import snowflakes_in_order
from data.synthetic.annotations import make_annotations
from data.synthetic.config import WorldConfig
from data.synthetic.grammar import Draft, Grammar
from data.synthetic.people import PLACES, People
from data.synthetic.posting import make_deletions, make_mutes, make_posts

WOEID: I64 = np.array([place[1] for place in PLACES], np.int64)
"""[places] WOEID by row of PLACES."""


class Plan:
    """What people will do whatever they are shown, and what annotators will say. Holds four batches ordered by time."""

    def __init__(self, config: WorldConfig, people: People, graph: tuple[I64, I64]) -> None:
        """Draws everything, texts included."""
        self.posts, self.shocks = make_posts(config, people)
        self.grammar = Grammar(config.seed, people.handles)
        self._ids = snowflakes_in_order(self.posts.time_us, worker=1)
        self.hidden: dict[str, Array] = {
            "topic": self.posts.topic,
            "share": self.posts.share,
            "quality": self.posts.quality,
            "sentiment": self.posts.sentiment,
        }
        """True attributes of the originals, in the order of their batch."""
        self._batches = {
            "mutes": self._make_mutes(config, people, graph),
            "tweets": self._make_tweets(people),
            "deletions": self._make_deletions(config),
            "annotations": self._make_annotations(config),
        }

    def due(self, table: str, low: int, high: int) -> tuple[EventBatch, slice]:
        """The rows of a table from `low` on and before `high`, and where they stand in the whole."""
        events = self._batches[table]
        a, b = np.searchsorted(events.time_us, (low, high))
        return events.where(slice(a, b)), slice(a, b)

    def _make_mutes(self, config: WorldConfig, people: People, graph: tuple[I64, I64]) -> EventBatch:
        user, muted, time = make_mutes(config, people, *graph)
        return EventBatch(
            "mutes",
            {
                "mute_id": snowflakes_in_order(time),
                "time_us": time,
                "user_id": people.user_id[user],
                "muted_id": people.user_id[muted],
                "ended": np.zeros(len(time), bool),
            },
        )

    def _make_tweets(self, people: People) -> EventBatch:
        posts, tags = self.posts, (*self.shocks.tag, "")
        n = len(posts)
        draft = Draft(
            posts.author, np.arange(n), posts.topic, posts.share, posts.sentiment, posts.chat, np.zeros(n, bool),
            [tags[s] for s in posts.shock], [""] * n,
        )  # fmt: skip
        columns = tweet_columns(people, self._ids, posts.time_us, posts.author)
        columns["kind"][:] = "original"
        columns["text"][:] = self.grammar.write(draft)
        columns["media_count"] = posts.media.astype(np.int16)
        return EventBatch("tweets", columns)

    def _make_deletions(self, config: WorldConfig) -> EventBatch:
        row, time = make_deletions(config, self.posts)
        return EventBatch("deletions", {"tweet_id": self._ids[row], "time_us": time})

    def _make_annotations(self, config: WorldConfig) -> EventBatch:
        row, columns = make_annotations(config, self.posts)
        ids = snowflakes_in_order(columns["time_us"])
        return EventBatch("annotations", {"annotation_id": ids, "tweet_id": self._ids[row], **columns})


def tweet_columns(people: People, ids: I64, time_us: I64, author: I64) -> dict[str, Array]:
    """Columns of table `tweets` for new tweets that refer to nothing; kind, text and media are to be filled in."""
    n = len(ids)
    return {
        "tweet_id": ids,
        "time_us": time_us,
        "author_id": people.user_id[author],
        "kind": np.full(n, "original", object),
        "referenced_id": np.full(n, -1, np.int64),
        "conversation_id": ids.copy(),
        "text": np.full(n, "", object),
        "language": np.full(n, "en", object),
        "place": WOEID[people.place[author]],
        "media_count": np.zeros(n, np.int16),
    }
