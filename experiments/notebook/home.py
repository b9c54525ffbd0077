"""The home feed of a data set at the end of its log, ranked in this process by the parts that serve it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from candidates.trace import FunnelResult, Why
from data.dataset import Dataset
from experiments.evaluation.bundles import bundles_of
from experiments.live.home import LocalHome
from experiments.live.tweet_texts import tweet_texts
from experiments.notebook.display import Result, shown
from experiments.notebook.own_parts import check_scorer
from experiments.reports.plots import new_figure
from experiments.runs.models import check_readable, served_model
from experiments.runs.splits import split_of
from ranking.scorer import Scorer
from serving.model import ServedModel, untrained


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
    check_readable(bundle, model, dataset)
    return bundle


class Home(LocalHome):
    """The home feeds of all users of a data set, at the end of its log. Nothing shown here counts as seen."""

    def __repr__(self) -> str:
        return f"Home of {self.dataset.name}: {len(self.state.network.users):,} users, feed(user_id) gives a feed"

    def feed(self, user_id: int, k: int = 20) -> HomeFeed:
        """The best `k` tweets for a user.

        Raises:
            ConfigError: `user_id` is no whole number.
            NotFoundError: there is no such user.
        """
        return HomeFeed(user_id, self.time_us, self.run(user_id, k), self.dataset)


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
        texts = tweet_texts(self.dataset, self.tweet_ids)
        frame = frame.join(texts, on="tweet_id", how="left", maintain_order="left")
        frame = frame.with_columns(pl.col("author").fill_null(pl.col("author_id").cast(pl.String)))
        return frame.select("position", "tweet_id", "author", "text", pl.exclude(
            "position", "tweet_id", "author", "text", "author_id"
        ))  # fmt: skip

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
