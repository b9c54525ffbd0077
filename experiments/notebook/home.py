"""The home feed of a data set at the end of its log, ranked in this process by the parts that serve it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from candidates.products.home import HomeConfig
from candidates.trace import FunnelResult, Why
from data.dataset import Dataset
from data.errors import ConfigError, NotFoundError
from experiments.evaluation.bundles import bundles_of
from experiments.notebook.display import Result, shown
from experiments.notebook.own_parts import check_scorer
from experiments.reports.plots import new_figure
from experiments.runs.models import served_model
from experiments.runs.splits import split_of
from features.online import FeatureState
from ranking.ranker import check_columns
from ranking.scorer import Scorer
from serving.kit.telemetry import Metrics
from serving.loading import end_us
from serving.model import ServedModel, untrained
from serving.projections import MakeSource, Projections
from serving.settings import Settings


def ranking_model(dataset: Dataset, model: str, scorer: Scorer | None, home: Path) -> ServedModel:
    """What ranks: `scorer`, or else the registered model of that reference; newest first while none was trained.

    Raises:
        NotFoundError: nothing answers to `model`.
        ModelError: it reads columns that the data set cannot fill.
    """
    if scorer is None:
        bundle = served_model(model, home)
        if bundle is None:
            return untrained()
    else:
        model = "scorer"
        check_scorer(model, scorer)
        bundle = bundles_of(dataset, split_of(dataset, "auto"), (), home, {model: scorer})[model]
    check_columns(
        bundle.scorer.reads, model=model, data=dataset.name, tables=dataset.tables, learned_from=bundle.tables
    )
    return bundle


class Home:
    """The home feeds of all users of a data set, at the end of its log. Nothing shown here counts as seen."""

    def __init__(
        self,
        dataset: Dataset,
        model: ServedModel,
        *,
        config: HomeConfig | None = None,
        sources: Sequence[MakeSource] = (),
        strict: bool = False,
    ) -> None:
        """Replays the log and composes the funnel: the sources of `config`, then `sources`.

        With `strict` a part that fails raises its error; without, it is left out of the feed.

        Raises:
            ConfigError: no source is left, two have one name, or one reads a column that nothing writes.
        """
        settings = Settings.read(record_impressions=False, **({} if config is None else {"feed": config}))
        self.dataset, self.time_us = dataset, end_us(dataset)
        self._parts = Projections(settings, model, Metrics(), sources, strict=strict)
        self._parts.replay(dataset.replay(sorted(self._parts.tables)).advance(), self.time_us)

    def __repr__(self) -> str:
        return f"Home of {self.dataset.name}: {len(self.state.network.users):,} users, feed(user_id) gives a feed"

    @property
    def state(self) -> FeatureState:
        """What is known at the end of the log."""
        return self._parts.state

    def feed(self, user_id: int, k: int = 20) -> HomeFeed:
        """The best `k` tweets for a user.

        Raises:
            ConfigError: `user_id` is no whole number.
            NotFoundError: there is no such user.
        """
        if not isinstance(user_id, int | np.integer):
            raise ConfigError(f"user {user_id!r} is no whole number", remedy="ids are in scan('users') of the data set")
        if int(self.state.network.users.rows(np.array([user_id], np.int64))[0]) < 0:
            raise NotFoundError(f"unknown user {user_id}", remedy="ids are in scan('users') of the data set")
        result, _ = self._parts.home(user_id, k, time_us=self.time_us, request_id=0)
        return HomeFeed(user_id, self.time_us, result, self.dataset)


@dataclass(frozen=True, repr=False)
class HomeFeed(Result):
    """One user's home feed, and how it came about."""

    user_id: int
    time_us: int
    """When it was ranked, microseconds UTC."""
    result: FunnelResult
    dataset: Dataset

    @property
    def tweet_ids(self) -> list[int]:
        """The tweets, best first."""
        return [int(one) for one in self.result.slate.columns["tweet_id"]]

    def why(self, tweet_id: int) -> Why:
        """What happened to a tweet: which source brought it, what dropped it, its columns, value, factors and place."""
        return self.result.trace.why(tweet_id)

    def to_polars(self) -> pl.DataFrame:
        """One row a tweet, best first: `position`, `tweet_id`, `author`, `text`, `source`, `score`, `value`, and a
        column for each factor."""
        slate = self.result.slate.columns
        frame = pl.DataFrame(
            {name: slate[name] for name in ("position", "tweet_id", "author_id", "source", "score", "value")}
        )
        factors = [self.why(one).factors for one in self.tweet_ids]
        frame = frame.with_columns(pl.Series(name, [one[name] for one in factors]) for name in (factors or [{}])[0])
        frame = self._named(frame).join(self._texts(), on="tweet_id", how="left", maintain_order="left")
        return frame.select("position", "tweet_id", "author", "text", pl.exclude(
            "position", "tweet_id", "author", "text", "author_id"
        ))  # fmt: skip

    def _texts(self) -> pl.DataFrame:
        """`tweet_id`, `text` of the feed's tweets; of a retweet `RT @name: ` and the original's text."""
        tweets = self.dataset.scan("tweets")
        if "referenced_id" not in tweets.collect_schema():
            return tweets.filter(pl.col("tweet_id").is_in(self.tweet_ids)).select("tweet_id", "text").collect()
        own = (
            tweets.filter(pl.col("tweet_id").is_in(self.tweet_ids))
            .select("tweet_id", "text", "referenced_id")
            .collect()
        )
        first = tweets.filter(pl.col("tweet_id").is_in(own["referenced_id"].drop_nulls().to_list()))
        named = self._named(first.select("author_id", referenced_id="tweet_id", original="text").collect())
        again = pl.concat_str(pl.lit("RT @"), "author", pl.lit(": "), "original")
        text = pl.when(pl.col("text") == "").then(pl.coalesce(again, "text")).otherwise("text")
        return own.join(named, on="referenced_id", how="left").select("tweet_id", text=text)

    def _named(self, frame: pl.DataFrame) -> pl.DataFrame:
        """With the authors' handles, or their ids where the log has none."""
        if "users" not in self.dataset.tables:
            return frame.with_columns(author=pl.col("author_id").cast(pl.String))
        names = self.dataset.scan("users").select(author_id="user_id", author="username").collect()
        joined = frame.join(names, on="author_id", how="left", maintain_order="left")
        return joined.with_columns(pl.col("author").fill_null(pl.col("author_id").cast(pl.String)))

    def _left_out(self) -> list[str]:
        return [f"left out: {name}: {why}" for name, why in self.result.degraded.items()]

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *self._left_out()])

    def plot(self) -> Any:
        """A Matplotlib figure: how many tweets each source fetched, each filter dropped, and the feed took."""
        trace = self.result.trace
        rows = [(f"fetched by {name}", count, "C0") for name, count in trace.fetched.items()]
        rows += [(f"dropped: {name}", count, "C3") for name, count in trace.removed.items() if count]
        rows += [("scored", len(trace.scored), "C2"), ("in the feed", len(self.tweet_ids), "C2")]
        figure = new_figure(6, 0.8 + 0.3 * len(rows))
        axes = figure.subplots()
        axes.barh([row[0] for row in rows], [row[1] for row in rows], color=[row[2] for row in rows])
        axes.invert_yaxis()
        axes.set(title="\n".join([f"Home feed of user {self.user_id}", *self._left_out()]), xlabel="tweets")
        return figure

    def _repr_html_(self) -> str:
        rows = [
            (row["position"], row["author"], row["text"], row["source"], f"{row['score']:.4g}")
            for row in self.to_polars().iter_rows(named=True)
        ]
        notes = [str(self.result.trace), *self._left_out()]
        return shown(f"Home feed of user {self.user_id}", ["", "author", "tweet", "source", "score"], rows, notes)
