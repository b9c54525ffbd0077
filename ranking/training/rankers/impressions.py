"""Training rows of rankers: impressions with what came of each, and features as they were at the request.

Every impression with an action is kept, and of the others a share r that a hash of seed and impression selects, so that
the same seed keeps the same rows. The model sees too large a share of actions, which `calibration.undo_down_sampling`
corrects. A log with very many actions is thinned first, which changes no rate. One part of the rows are whole requests
as they were logged. The other is chosen by propensity p with a chance of min(1, c / p), as if the feed had shown every
tweet alike (inverse propensity sampling), because a ranker often chooses among tweets that a policy rarely shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch, Mask
from data.dataset import Dataset
from data.errors import DataError
from data.progress import Progress, no_progress
from data.schema import ACTIONS
from data.split import Split, training_part
from features.offline import offline_features
from features.offline_cache import OfflineCache
from features.state.history import LENGTH
from ranking.models.calibration import Calibration
from ranking.models.dense import DenseInputs
from ranking.models.history import HISTORY, Histories
from ranking.models.inputs import splitmix64
from ranking.models.ranker_training import RowsConfig
from ranking.training.shared import SharedRows

if TYPE_CHECKING:
    from features.text.understanding import Understanding

_RAREST = 0.1
"""Share of the impressions, those of the lowest propensity, that are all kept at most: where they are, more of the
others would only crowd out what was logged."""

_CHUNK = 1_048_576
"""Rows whose columns are looked up at once: each call reads the log once, and holds so many rows in memory."""


@dataclass(frozen=True, eq=False)
class Impressions:
    """N rows in order of (time, request, position); equal to itself alone."""

    names: tuple[str, ...]
    """The F inputs."""
    x: F32
    """[N, F] not normalised."""
    actions: tuple[str, ...]
    """The A actions."""
    labels: Array
    """[N, A] int8: 1 taken, 0 not, -1 not known because the log has no such action."""
    position: F32
    """[N] place in the feed, 0 the top."""
    user_id: I64
    author_id: I64
    tweet_id: I64
    time_us: I64
    """[N] time of the request."""
    request: I64
    """[N] number of the request among R, ascending."""
    validation: Mask
    """[N] held out; whole requests."""
    rate: float
    """r, the share of impressions without an action that was kept."""
    histories: Histories | None = None
    """Of the R requests, for rankers that read them."""

    def __len__(self) -> int:
        return len(self.request)

    @property
    def known(self) -> Mask:
        """[A] whether the action was ever taken in a training row."""
        taken: Mask = np.any(self.labels[~self.validation] > 0, axis=0)
        return taken

    @property
    def weight(self) -> F32:
        """[N] impressions of its kind, among those that were chosen, that each row stands for: 1 with an action, 1 / r
        without."""
        acted = (self.labels > 0).any(axis=1)
        return np.where(acted, 1.0, 1.0 / self.rate).astype(np.float32)

    def calibration(self, p: F32) -> Calibration:
        """Fitted on the V held-out rows, of which `p` [V, A] are a model's probabilities."""
        held = self.validation
        return Calibration.fit(p, self.labels[held], rate=self.rate, weight=self.weight[held])

    def learning_weight(self, action: int) -> F32:
        """[N] what each row counts for learning one action: see `losses.action_loss`."""
        taken = self.labels > 0
        return np.where(taken.any(axis=1) & ~taken[:, action], self.rate, 1.0).astype(np.float32)


def impressions(
    dataset: Dataset,
    split: Split,
    inputs: DenseInputs,
    config: RowsConfig,
    *,
    understanding: Understanding | None,
    cache: OfflineCache | None = None,
    actions: Sequence[str] = (),
    histories: bool = False,
    seed: int,
    progress: Progress = no_progress,
) -> Impressions:
    """Rows of the training part of `split`. `actions` are those that it has in the schema's order, or those named.

    Raises:
        DataError: no impressions, none with an action, or a split that does not cut at a time.
    """
    dataset.require("requests", "impressions", "engagements", purpose="training a ranker on impressions")
    rows, rate = sampled_rows(dataset, split, config, seed, actions)
    bits = rows["bits"].to_numpy()
    named = tuple(actions) or tuple(a for code, a in enumerate(ACTIONS) if ((bits >> code) & 1).any())
    labels = labels_of(bits, named)
    request = np.cumsum(np.r_[0, np.diff(rows["request_id"].to_numpy()) != 0]).astype(np.int64)
    number = int(request[-1]) + 1
    validation = request >= number - max(1, round(number * config.validation_share))
    if validation.all() or not (labels[~validation] > 0).any():
        raise DataError("no action is left to train on once some are held out", remedy="use a longer period")
    log = training_part(dataset, split)
    cache = cache or OfflineCache()
    x = np.empty((len(rows), len(inputs.names)), np.float32)
    author = np.empty(len(rows), np.int64)
    at = 0
    for batch in _looked_up(log, rows, inputs.reads, understanding, cache, progress):
        x[at : at + len(batch)] = inputs.matrix(batch.column, len(batch))
        author[at : at + len(batch)] = batch.column("author_id")
        at += len(batch)
    past = _histories(log, rows, request, understanding, cache) if histories else None
    ids = {name: rows[name].to_numpy() for name in ("user_id", "tweet_id", "time_us")}
    return Impressions(
        names=inputs.names, x=x, actions=named, labels=labels, position=rows["position"].to_numpy().astype(np.float32),
        author_id=author, request=request, validation=validation, rate=rate, histories=past, **ids,
    )  # fmt: skip


def shared_impressions(
    shared: SharedRows, dataset: Dataset, split: Split, inputs: DenseInputs, config: RowsConfig, *,
    understanding: Understanding | None, actions: Sequence[str] = (), histories: bool = False, seed: int,
    progress: Progress = no_progress,
) -> Impressions:  # fmt: skip
    """As `impressions`, whose errors it raises, unless `shared` has these rows."""
    histories = histories or shared.histories
    text = understanding.identity if understanding else ""
    key = (dataset.content_hash, split.name, inputs, config, text, tuple(actions), histories, seed)
    return shared.rows(
        key,
        lambda: impressions(
            dataset, split, inputs, config, understanding=understanding, cache=shared.cache, actions=actions,
            histories=histories, seed=seed, progress=progress,
        ),
    )  # fmt: skip


def sampled_rows(
    dataset: Dataset, split: Split, config: RowsConfig, seed: int, actions: Sequence[str] = ()
) -> tuple[pl.DataFrame, float]:
    """The impressions that are kept (`request_id`, `user_id`, `tweet_id`, `position`, `time_us`, `bits`) and r.

    `bits` has bit a set where the action of code a was taken in that request; `time_us` is the request's. With
    `actions` named no other counts as one: an impression with others alone is kept like one without any.

    Raises:
        DataError: as `impressions`.
    """
    before = split.train_before_us
    if before is None:
        raise DataError(f"split {split.name!r} has no time before which to train", remedy="take the time split")
    taken = _taken(dataset, before)
    requests = dataset.scan("requests", before_us=before).select("request_id", "time_us")
    if config.skip_share:
        first = dataset.time_range_us()[0]
        requests = requests.filter(pl.col("time_us") >= first + int((before - first) * config.skip_share))
    propensity = pl.col("propensity")
    shown = dataset.scan("impressions", before_us=before).select(
        "impression_id", "request_id", "user_id", "tweet_id", "position",
        propensity=pl.when(propensity.is_finite() & (propensity > 0)).then(propensity),
    )  # fmt: skip
    shown = shown.join(requests, on="request_id", how="inner").join(taken, on=["request_id", "tweet_id"], how="left")
    counted = sum(1 << ACTIONS.index(action) for action in actions or ACTIONS)
    shown = shown.with_columns(pl.col("bits").fill_null(0) & counted)
    chances = _chances(_by_propensity(shown), config)
    if chances is None:
        raise DataError(f"data set {dataset.name!r} has no impression with an action", remedy="use a longer period")
    chosen = _chosen("request_id", chances.request, seed, 11)
    if chances.evened:
        chosen |= _chosen("impression_id", chances.evened, seed, 17, over="propensity")
    kept = chosen & ((pl.col("bits") > 0) | _chosen("impression_id", chances.rate, seed, 13))
    out = shown.filter(kept).sort("time_us", "request_id", "position").drop("impression_id", "propensity").collect()
    if len(out) < 2 or not (out["bits"] > 0).any():
        raise DataError(f"{len(out)} impressions are too few to train on", remedy="use a longer period")
    return out, chances.rate


class _Chances(NamedTuple):
    """With what chance an impression is kept."""

    request: float
    """Of a request, with all its impressions."""
    evened: float
    """c: of an impression by itself, c / propensity."""
    rate: float
    """r, of one without an action when it or its request is chosen."""


def _by_propensity(shown: pl.LazyFrame) -> pl.DataFrame:
    """`propensity`, at most 1/8 below the true one, and how many impressions have it: `others`, `acted`."""
    step = pl.col("propensity").log(2).mul(6).floor()
    counted = shown.group_by(step=step).agg(acted=(pl.col("bits") > 0).sum(), others=(pl.col("bits") == 0).sum())
    return counted.collect(engine="streaming").with_columns(propensity=pl.lit(2.0).pow(pl.col("step") / 6)).sort("step")


def _chances(counted: pl.DataFrame, config: RowsConfig) -> _Chances | None:
    """Such that about `config.most` are kept, half of them with an action where there are as many; None without any."""
    acted, others = int(counted["acted"].sum()), int(counted["others"].sum())
    if not acted:
        return None
    if acted <= config.most / 2:
        return _Chances(1.0, 0.0, min(1.0, max((config.most - acted) / max(others, 1), 1e-6)))
    rate = min(1.0, acted / max(others, 1))
    known = counted.drop_nulls("propensity")
    propensity = known["propensity"].to_numpy()
    rows = (known["acted"] + known["others"] * rate).to_numpy()
    rarest = np.cumsum(known["acted"] + known["others"]) <= _RAREST * (acted + others)

    def evened(c: float) -> float:
        return float((np.minimum(1.0, c / propensity) * rows).sum())

    # What is kept rises with c, from none to all of the rarest.
    low, high = 0.0, float(propensity[rarest].max(initial=0.0))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if evened(middle) < config.evened * config.most else (low, middle)
    return _Chances(min(1.0, (config.most - evened(low)) / (acted + others * rate)), low, rate)


def labels_of(bits: I64, actions: Sequence[str]) -> Array:
    """[N, A] int8 of `bits`, bit c for the action of code c; -1 in every row of an action that nobody took."""
    codes = np.array([ACTIONS.index(action) for action in actions], np.int64)
    labels: Array = ((bits[:, None] >> codes) & 1).astype(np.int8)
    labels[:, ~labels.any(axis=0)] = -1
    return labels


def _taken(dataset: Dataset, before_us: int) -> pl.LazyFrame:
    """request_id, tweet_id and the bits of the actions taken; an action done twice counts once."""
    bit = pl.col("action").replace_strict({a: 1 << code for code, a in enumerate(ACTIONS)}, return_dtype=pl.Int64)
    acts = dataset.scan("engagements", before_us=before_us).filter(pl.col("request_id").is_not_null())
    acts = acts.select("request_id", "tweet_id", bit=bit)
    return acts.group_by("request_id", "tweet_id").agg(bits=pl.col("bit").bitwise_or())


def _chosen(name: str, share: float, seed: int, purpose: int, *, over: str = "") -> pl.Expr:
    """True for a share of the values of an id column, decided by (seed, purpose, id) alone.

    With a column `over` the chance is `share` over its value; 0 where that is not known.
    """
    if share >= 1.0 and not over:
        return pl.lit(True)
    salt = splitmix64(np.array([seed * 64 + purpose], np.int64))[0]

    def unit(ids: pl.Series) -> pl.Series:
        return pl.Series((splitmix64(ids.fill_null(0).to_numpy().astype(np.uint64) ^ salt) >> np.uint64(11)) * 2.0**-53)

    drawn = pl.col(name).map_batches(unit, return_dtype=pl.Float64, is_elementwise=True)
    return (drawn * pl.col(over) < share).fill_null(value=False) if over else drawn < share


def _looked_up(
    dataset: Dataset,
    rows: pl.DataFrame,
    names: Sequence[str],
    understanding: Understanding | None,
    cache: OfflineCache,
    progress: Progress,
) -> Iterator[CandidateBatch]:
    for at in range(0, len(rows), _CHUNK):
        progress(at, len(rows), f"features of {len(rows)} training rows")
        yield offline_features(dataset, rows[at : at + _CHUNK], names, understanding, cache)


def _histories(
    dataset: Dataset, rows: pl.DataFrame, request: I64, understanding: Understanding | None, cache: OfflineCache
) -> Histories:
    first = rows[np.flatnonzero(np.r_[True, np.diff(request) > 0])]
    parts = []
    for at in range(0, len(first), _CHUNK // 4):
        batch = offline_features(dataset, first[at : at + _CHUNK // 4], HISTORY, understanding, cache)
        parts.append(Histories.of(batch.requests.columns, LENGTH))
    return Histories.concat(parts)
