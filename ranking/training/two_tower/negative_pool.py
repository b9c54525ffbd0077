"""The pool of tweets that negatives are drawn from, as columns looked up at the times that they are drawn for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data.batch import I64, CandidateBatch, Mask
from data.dataset import Dataset
from data.events import NEVER_US
from features.offline import offline_features
from features.offline_cache import OfflineCache
from ranking.models.two_tower_training import TrainingConfig
from ranking.training.positives import CHUNK
from ranking.training.two_tower.lifetimes import draw_alive, time_blocks

if TYPE_CHECKING:
    from features.text.understanding import Understanding


Blocks = dict[bool, list[tuple[I64, I64, float]]]
"""Training (False) and held-out (True) blocks: positives, rows of their negatives (first those that all share, then
those to mine among), number of tweets alive."""


def tweet_lifetimes(dataset: Dataset, *, before_us: int | None = None) -> pl.DataFrame:
    """`tweet_id`, `time_us` and `gone_us`, when it was deleted (`NEVER_US` for never), of all but retweets, as posted.

    Of those posted before `before_us`, where that is given.
    """
    posted = dataset.scan("tweets", before_us=before_us).filter(pl.col("kind") != "retweet")
    tweets = posted.select("tweet_id", "time_us").collect()
    if "deletions" not in dataset.tables:
        return tweets.with_columns(gone_us=pl.lit(NEVER_US))
    gone = dataset.read("deletions").frame().rename({"time_us": "gone_us"}).select("tweet_id", "gone_us")
    return tweets.join(gone, on="tweet_id", how="left", maintain_order="left").with_columns(
        pl.col("gone_us").fill_null(NEVER_US)
    )


def negative_rows(
    training: TrainingConfig, tweets: pl.DataFrame, rows: pl.DataFrame, validation: Mask, seed: int
) -> tuple[pl.DataFrame, Blocks]:
    """Rows of negatives to look up, and the blocks that use them (numbered from 0); `tweets` by `tweet_lifetimes`."""
    time_us = rows["time_us"].to_numpy()
    if training.sampling == "catalogue":
        end = int(time_us.max()) + 1
        catalogue = tweets.select(user_id=pl.lit(rows["user_id"][0]), tweet_id="tweet_id", time_us=pl.lit(end))
        return catalogue, {False: [], True: []}
    rng = np.random.default_rng([seed, 3])
    drawn_a_block = training.negatives + (training.hard_pool if training.hard else 0)
    blocks: Blocks = {False: [], True: []}
    members: list[I64] = []
    for which in (False, True):
        for block in time_blocks(time_us, np.flatnonzero(validation == which), training.batch_size):
            at = len(members) * drawn_a_block
            blocks[which].append((block, np.arange(at, at + drawn_a_block), 0.0))
            members.append(block[rng.integers(0, len(block), drawn_a_block)])
    like = np.concatenate(members)
    posted, gone = tweets["time_us"].to_numpy(), tweets["gone_us"].to_numpy()
    drawn, alive = draw_alive(time_us[like], posted, gone, training.alive_h, seed)
    for part in blocks.values():
        part[:] = [(block, of, float(alive[of].mean()) if len(of) else 1.0) for block, of, _ in part]
    chosen = {"user_id": rows["user_id"].to_numpy()[like], "tweet_id": tweets["tweet_id"].to_numpy()[drawn]}
    return pl.DataFrame(chosen | {"time_us": time_us[like]}), blocks


def look_up(
    dataset: Dataset, rows: pl.DataFrame, names: Sequence[str], understanding: Understanding | None, cache: OfflineCache
) -> Iterator[CandidateBatch]:
    """Columns `names` at `rows`, some at a time, one request a row."""
    for at in range(0, len(rows), CHUNK):
        yield offline_features(dataset, rows[at : at + CHUNK], names, understanding, cache)
