"""A list of items for each of many users, as `evaluate` would judge it: what a model recommends, to be used elsewhere.

The items are the full catalogue of a log of lasting items, without what the user is known to have engaged with, ranked
after the log's end. With the split of an evaluation the lists are the evaluation's, place by place; with `none` the
whole log is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from data.batch import I64
from data.dataset import Dataset
from data.errors import ConfigError, DataError, NotFoundError
from data.folders import check_file
from data.progress import Progress, no_progress
from data.split import Split
from data.ties import positives
from experiments.evaluation.bundles import bundles_of
from experiments.evaluation.list_files import ListSink, write_qrels
from experiments.evaluation.protocols.full_catalogue import Catalogue, FullCatalogue
from experiments.evaluation.protocols.protocol import Needs
from experiments.evaluation.protocols.users import blocks_of
from experiments.evaluation.seen_in_training import refuse_split
from experiments.runs.models import check_readable
from experiments.runs.splits import split_of
from features.catalogue import owners
from features.online import FeatureState
from ranking.artifact import Bundle
from ranking.scorer import Retriever, TextScorer
from ranking.slate.catalogue_topk import Best

_AT_ONCE, _DENSE_AT_ONCE = 8_192, 512
"""Users that are asked together: of a model with vectors, and of one whose scores of all items are held at once."""


class RecommendConfig(BaseModel):
    """What is recommended."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    k: int = Field(default=20, ge=1)
    """Length of a list; shorter where a user has fewer candidates."""
    split: str = "auto"
    """Whose training part is known, as for `evaluate`; `none`: the whole log is."""


@dataclass(frozen=True)
class Recommended:
    """What was written."""

    model: str
    """The reference that was given."""
    users: int
    """Users who were asked."""
    rows: int
    """Places of all lists."""
    without_past: int
    """Users of whom no engagement is known."""
    seconds: float
    """Scoring and writing, without reading the log."""
    words: str
    """What was ranked against what."""


def recommend(
    dataset: Dataset,
    reference: str,
    people: Sequence[str] | None,
    config: RecommendConfig,
    out: ListSink,
    home: Path,
    progress: Progress = no_progress,
    *,
    qrels: Path | None = None,
) -> Recommended:
    """Gives `out` the lists of `people`, ids as in the log that was imported, or of all users where None.

    `qrels`, where it is given, gets what `evaluate` takes as relevant to them, in TREC's form.

    Raises:
        NotFoundError: nothing answers to `reference`, or a user is not in the data set.
        DataError: the data set holds tweets that age, no items, or a user is named twice.
        ModelError: the model reads columns which the data set cannot fill, or learned from another split.
        ConfigError: `qrels` without a split, or a file that cannot be written.
    """
    if qrels is not None:
        check_file(qrels)
        if config.split == "none":
            raise ConfigError("split none holds nothing out for qrels", remedy="name a split, or leave the qrels out")
    split = _known(dataset, config.split)
    (bundle,) = bundles_of(dataset, split, [reference], home).values()
    check_readable(bundle, reference, dataset)
    if isinstance(bundle.scorer, TextScorer):
        dataset.require_texts(purpose=f"the scorer {reference!r}")
    if config.split != "none":
        refuse_split(reference, bundle, dataset, split)
    users = _users(dataset, people)
    catalogue = Catalogue.of(dataset, split)
    state = _state(bundle)
    catalogue.bring(state)
    names = _Names(dataset.ids("users").texts, dataset.ids("tweets").texts, catalogue.items["tweet_id"].to_numpy())
    began, rows, done = time.perf_counter(), 0, 0
    with out.writing(reference) as write:
        for user_id, best in _lists(bundle, catalogue, state, users, config.k):
            frame = names.frame(user_id, best)
            write(frame)
            rows, done = rows + len(frame), done + len(user_id)
            progress(done, len(users), f"{done:,} of {len(users):,} users")
    seconds = time.perf_counter() - began
    if qrels is not None:
        write_qrels(qrels, _held_out(dataset, split, users))
    known = catalogue.train["user_id"].unique()
    cold = int((~pl.Series(users).is_in(known.implode())).sum())
    words = (
        f"{len(users):,} users, each ranked the full catalogue ({len(catalogue.items):,} items) after the log's end, "
        f"without what is known of them: {_what_is_known(split)}. Ties: an order drawn by the items' ids."
    )
    return Recommended(reference, len(users), rows, cold, seconds, words)


def _known(dataset: Dataset, text: str) -> Split:
    """The split whose training part is known."""
    dataset.require("tweets", "engagements", purpose="recommending")
    if not dataset.lasting:
        raise DataError(
            f"data set {dataset.name!r} holds tweets, which age: a list for a later time has none of them",
            remedy="ask the home feed (rookery explain, rookery serve); recommend is for logs of items",
        )
    if text != "none":
        return split_of(dataset, text)
    rows = positives(dataset)
    return Split("none", "no split, the whole log is known", None, rows, rows.clear())


def _what_is_known(split: Split) -> str:
    return "the whole log" if split.name == "none" else f"the training part of {split.name!r}"


def _users(dataset: Dataset, people: Sequence[str] | None) -> I64:
    """[B] ids of the users, in the order in which they were named."""
    every = dataset.scan("users").select("user_id").collect()["user_id"].sort().to_numpy()
    if people is None:
        return every
    if not people:
        raise DataError("no user is named", remedy="name one a line, or all")
    ids = dataset.ids("users").ids(people)
    unknown = ~np.isin(ids, every)
    if unknown.any():
        more = f" and {unknown.sum() - 1:,} more" if unknown.sum() > 1 else ""
        raise NotFoundError(
            f"no user {people[int(unknown.argmax())]!r}{more} in data set {dataset.name!r}",
            remedy="write ids as the imported log has them, one a line",
        )
    distinct, first = np.unique(ids, return_index=True)
    if len(distinct) < len(ids):
        again = int(np.setdiff1d(np.arange(len(ids)), first)[0])
        raise DataError(f"user {people[again]!r} is named twice", remedy="name each once")
    return ids


def _state(bundle: Bundle) -> FeatureState:
    """An empty state that fills what the scorer reads."""
    names = [name for name in bundle.scorer.reads if name in owners()]
    return FeatureState(bundle.understanding, views=sorted({owners()[name] for name in names}))


def _lists(bundle: Bundle, catalogue: Catalogue, state: FeatureState, users: I64, k: int) -> Iterator[tuple[I64, Best]]:
    """Users and their best items, some users at a time."""
    scorer = bundle.scorer
    size = _AT_ONCE if isinstance(scorer, Retriever) else _DENSE_AT_ONCE
    asked = pl.DataFrame({"user_id": users, "request_id": np.arange(len(users))})
    for block in blocks_of(catalogue.asked(state, asked, None, size), state, Needs(tuple(scorer.reads), (), k, k)):
        yield block.user_id, block.best(scorer, k)


def _held_out(dataset: Dataset, split: Split, users: I64) -> pl.DataFrame:
    """`user` and `item` of what `evaluate` takes as relevant to `users`."""
    pairs = FullCatalogue(dataset, split, requests=2, seed=1).held_out.select("user_id", "tweet_id").unique().collect()
    mine = pairs.filter(pl.col("user_id").is_in(pl.Series(users).implode())).sort("user_id", "tweet_id")
    user, item = (mine[name].to_numpy() for name in ("user_id", "tweet_id"))
    people, things = dataset.ids("users").texts, dataset.ids("tweets").texts
    return pl.DataFrame({"user": _original(people, user), "item": _original(things, item)})


@dataclass(frozen=True)
class _Names:
    """What the imported log called users and items; None where ids stayed what they were."""

    users: pl.Series | None
    tweets: pl.Series | None
    items: I64
    """[M] ids of the items, by their place."""

    def frame(self, user_id: I64, best: Best) -> pl.DataFrame:
        """`user`, `item`, `rank` from 1 and `score` of the lists, with the ids of the imported log."""
        places, scores = best.ragged()
        owner = places.owner
        return pl.DataFrame(
            {
                "user": _original(self.users, user_id[owner]),
                "item": _original(self.tweets, self.items[places.values]),
                "rank": (np.arange(len(owner)) - places.offsets[owner] + 1).astype(np.int32),
                "score": scores,
            }
        )


def _original(texts: pl.Series | None, ids: I64) -> pl.Series:
    """[N] numbers that stayed what they were, or the texts that were numbered."""
    return pl.Series(ids) if texts is None else texts.gather(ids)
