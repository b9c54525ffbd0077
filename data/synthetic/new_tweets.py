"""New tweets: rows of the log with their true attributes and the entities that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.events import EventBatch
from data.synthetic.hidden import HIDDEN
from data.synthetic.text.writer import Texts, Writer


class Written(NamedTuple):
    """Tweets ordered by id, [N]."""

    events: EventBatch
    hidden: dict[str, Array]
    """The columns named in HIDDEN."""
    owner: I64
    """[M] row of the tweet that names an entity."""
    entity: I64
    """[M] row of the writer's entities."""

    @classmethod
    def of(cls, columns: dict[str, Array], hidden: dict[str, Array], texts: Texts, rows: I64) -> Written:
        """Tweets in any order; `rows` are the tweets that have the texts `texts`."""
        return cls._by_id(columns, hidden, np.repeat(rows, np.diff(texts.entity_offsets)), texts.entity)

    @classmethod
    def _by_id(cls, columns: dict[str, Array], hidden: dict[str, Array], owner: I64, entity: I64) -> Written:
        order = np.argsort(columns["tweet_id"], kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        events = EventBatch("tweets", {name: column[order] for name, column in columns.items()})
        return cls(events, {name: hidden[name][order] for name in HIDDEN}, place[owner], entity)

    def merged(self, other: Written) -> Written:
        """These tweets and others in one batch."""
        return self._by_id(
            _joined(self.events.columns, other.events.columns),
            _joined(self.hidden, other.hidden),
            np.concatenate([self.owner, other.owner + len(self.events)]),
            np.concatenate([self.entity, other.entity]),
        )

    def truth(self, writer: Writer) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Frames of the true attributes, a row a tweet, and of the entities, a row a mention."""
        ids = self.events.columns["tweet_id"]
        topic = self.hidden["topic"]
        plain = {name: self.hidden[name] for name in HIDDEN if name != "topic"}
        attributes = pl.DataFrame({"tweet_id": ids, "topic": topic[:, 0], "second_topic": topic[:, 1], **plain})
        entities = pl.DataFrame(
            {
                "tweet_id": ids[self.owner],
                "entity": writer.entity_texts.gather(self.entity),
                "kind": writer.entity_kinds[self.entity].astype(np.int8),
            }
        )
        return attributes, entities


def _joined(first: Mapping[str, Array], second: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.concatenate([column, second[name]]) for name, column in first.items()}
