"""From a split and settings to a fitted model of items: what `rookery train` calls for item_knn, ease and als.

Settings with several values are chosen by a part of the training engagements that is held out for it; the test is
never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import polars as pl
from scipy import sparse

from data.batch import F32, I64, Mask, Ragged
from data.dataset import Dataset
from data.errors import DataError
from data.progress import Progress, no_progress
from data.settings import config_from
from data.split import Split
from data.ties import TieOrder
from ranking.metrics.accuracy import ndcg
from ranking.scorers.als import ALS, ALSConfig
from ranking.scorers.ease import EASE, EASEConfig
from ranking.scorers.item_config import ItemConfig
from ranking.scorers.item_knn import ItemKNN, ItemKNNConfig
from ranking.scorers.items import ItemModel, Items
from ranking.scorers.popularity import DecayedPopularity, DecayedPopularityConfig
from ranking.slate.whole import best_of_scores
from ranking.training.held_out import held_out
from ranking.training.positives import training_positives

if TYPE_CHECKING:
    from features.text.understanding import Understanding

C = TypeVar("C", bound=ItemConfig)
M = TypeVar("M", bound=ItemModel)
T = TypeVar("T")
OnEpoch = Callable[[dict[str, float]], None] | None

_BLOCK = 512
"""Readers who are judged at once."""


@dataclass(frozen=True)
class Engaged:
    """The training positives, coded."""

    rows: pl.DataFrame
    """`user_id`, `tweet_id`, `time_us`, `engagement_id`, each pair once."""
    items: Items
    reader: I64
    """[P] code of each row's reader, in the order of ids."""
    item: I64
    """[P] place of each row's item."""
    order: I64
    """[P] place of each row by time; of one moment by the rule by which the split orders a reader's engagements."""

    @property
    def time_us(self) -> I64:
        """[P]."""
        times: I64 = self.rows["time_us"].to_numpy()
        return times

    def matrix(self, keep: Mask | None = None) -> sparse.csr_array:
        """[U, M] float32, 1 for each of the rows that are kept; columns of a row ascend."""
        reader, item = (self.reader, self.item) if keep is None else (self.reader[keep], self.item[keep])
        shape = (int(self.reader.max()) + 1, len(self.items))
        matrix = sparse.csr_array((np.ones(len(reader), np.float32), (reader, item)), shape=shape)
        matrix.sort_indices()
        return matrix


class _Judged(Protocol):
    def __call__(self, readers: I64, pasts: Ragged) -> F32:
        """[B, M] scores for `readers` (codes) who engaged with `pasts`."""
        ...


def fit_item_knn(
    dataset: Dataset, split: Split, understanding: Understanding | None, settings: Mapping[str, Any], *, seed: int,
    on_epoch: OnEpoch = None, progress: Progress = no_progress,
) -> ItemKNN:  # fmt: skip
    """Item neighbours over the training part of `split`. See `fit_ease` for what it raises."""
    config = config_from(ItemKNNConfig, settings, name="item_knn")
    engaged = _engaged(dataset, split, "item_knn")
    return _fit_model(ItemKNN.fit, config, ("neighbours", "shrinkage"), engaged, split, seed, on_epoch, progress)


def fit_ease(
    dataset: Dataset, split: Split, understanding: Understanding | None, settings: Mapping[str, Any], *, seed: int,
    on_epoch: OnEpoch = None, progress: Progress = no_progress,
) -> EASE:  # fmt: skip
    """EASE over the training part of `split`.

    Raises:
        ConfigError: an unknown setting.
        DataError: there is nothing to learn from, or the items are tweets that live for days.
        ModelError: too large to solve.
    """
    config = config_from(EASEConfig, settings, name="ease")
    return _fit_model(EASE.fit, config, ("l2",), _engaged(dataset, split, "ease"), split, seed, on_epoch, progress)


def fit_als(
    dataset: Dataset, split: Split, understanding: Understanding | None, settings: Mapping[str, Any], *, seed: int,
    on_epoch: OnEpoch = None, progress: Progress = no_progress,
) -> ALS:  # fmt: skip
    """iALS over the training part of `split`. See `fit_ease` for what it raises."""
    config = config_from(ALSConfig, {"seed": seed, **settings}, name="als")
    engaged = _engaged(dataset, split, "als")
    return _fit_model(ALS.fit, config, ("dim", "l2", "alpha"), engaged, split, seed, on_epoch, progress)


def fit_popularity(
    dataset: Dataset, split: Split, understanding: Understanding | None, settings: Mapping[str, Any], *, seed: int,
    on_epoch: OnEpoch = None, progress: Progress = no_progress,
) -> DecayedPopularity:  # fmt: skip
    """Faded counts over the training part of `split`. See `fit_ease` for what it raises."""
    config = config_from(DecayedPopularityConfig, settings, name="popularity_decay")
    engaged = _engaged(dataset, split, "popularity_decay")
    ids, time_us = engaged.items.ids, engaged.time_us

    def fit(one: DecayedPopularityConfig, keep: Mask) -> tuple[DecayedPopularity, _Judged]:
        model = DecayedPopularity.fit(one, ids, engaged.item[keep], time_us[keep])
        return model, lambda readers, _: np.broadcast_to(model.worth.astype(np.float32), (len(readers), len(ids)))

    return _tuned(fit, config, ("half_life_d",), engaged, split, seed, on_epoch, progress)


def _fit_model(
    fit: Callable[[C, Items, sparse.csr_array], M], config: C, names: tuple[str, ...], engaged: Engaged, split: Split,
    seed: int, on_epoch: OnEpoch, progress: Progress,
) -> M:  # fmt: skip
    def fit_kept(one: C, keep: Mask) -> tuple[M, _Judged]:
        model = fit(one, engaged.items, engaged.matrix(keep))
        return model, lambda _, pasts: model.score_items(pasts)

    return _tuned(fit_kept, config, names, engaged, split, seed, on_epoch, progress)


def _tuned(
    fit: Callable[[C, Mask], tuple[T, _Judged]], config: C, names: tuple[str, ...], engaged: Engaged, split: Split,
    seed: int, on_epoch: OnEpoch, progress: Progress,
) -> T:  # fmt: skip
    """The best combination of the values of `names`, fitted to all rows; NDCG of each goes to `on_epoch`.

    One combination alone is judged for `on_epoch` only, and where somebody has two engagements.
    """
    grid = [dict(zip(names, values, strict=True)) for values in product(*(getattr(config, name) for name in names))]
    configs = [config.model_copy(update={name: (value,) for name, value in one.items()}) for one in grid]
    best = configs[0]
    held = _held_out(config, engaged, split, seed)
    if len(grid) > 1 and not held.any():
        raise DataError(
            "no reader has two engagements, so no settings can be chosen", remedy="give one value of each setting"
        )
    if len(grid) > 1 or (on_epoch is not None and held.any()):
        reached = []
        for at, (one, values) in enumerate(zip(configs, grid, strict=True)):
            progress(at, len(grid) + 1, ", ".join(f"{name} {value:g}" for name, value in values.items()))
            _, judged = fit(one, ~held)
            reached.append(_ndcg(judged, engaged, held, config, seed))
            if on_epoch is not None:
                on_epoch(values | {f"ndcg@{config.k}": reached[-1]})
        best = configs[int(np.argmax(reached))]
    progress(len(grid), len(grid) + 1, "all training engagements")
    return fit(best, np.ones(len(engaged.item), np.bool_))[0]


def _engaged(dataset: Dataset, split: Split, model: str) -> Engaged:
    if split.train_before_us is not None and dataset.rows("impressions") and not dataset.lasting:
        raise DataError(
            f"{model} learns items by their ids, and the tweets that {dataset.name!r} asks about are not yet posted "
            "when training ends",
            remedy="give it a log of lasting items or another split; for tweets take two_tower",
        )
    rows = training_positives(dataset, engagements=split.train)
    items = Items.of(rows)
    reader = np.unique(rows["user_id"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    ties = split.ties or TieOrder.of(dataset)
    return Engaged(rows, items, reader, items.places(rows["tweet_id"].to_numpy()), ties.rank(rows))


def _held_out(config: ItemConfig, engaged: Engaged, split: Split, seed: int) -> Mask:
    """[P] what is held out of each reader's engagements."""
    rule = config.validation
    if rule == "auto":
        rule = "random" if split.name.split()[0] == "random_ratio" else "last"
    order = engaged.order
    if rule == "random":
        order = np.random.default_rng([seed, 5]).permutation(len(order)).astype(np.int64)
    return held_out(order, engaged.reader, config.validation_share, "last")


def _ndcg(judged: _Judged, engaged: Engaged, held: Mask, config: ItemConfig, seed: int) -> float:
    """Mean NDCG over readers of the held-out items among all items but those engaged with in the rest."""
    rest, asked = engaged.matrix(~held), engaged.matrix(held)
    wanted = np.diff(asked.indptr)
    readers = np.flatnonzero(wanted)
    if len(readers) > config.validation_readers:
        chosen = np.random.default_rng([seed, 6]).choice(readers, config.validation_readers, replace=False)
        readers = np.sort(chosen)
    values = []
    for start in range(0, len(readers), _BLOCK):
        some = readers[start : start + _BLOCK]
        pasts, relevant = _lists(rest[some]), _lists(asked[some])
        best = best_of_scores(judged(some, pasts), config.k, pasts)
        values.append(ndcg(best.ranking(relevant)))
    return float(np.concatenate(values).mean())


def _lists(matrix: sparse.csr_array) -> Ragged:
    matrix.sort_indices()
    return Ragged(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64))
