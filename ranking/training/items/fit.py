"""Trainers of models of items: `popularity_decay`, `item_knn`, `ease` and `als`.

Settings with several values are chosen by a part of the training engagements that is held out for it; the test is
never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import polars as pl
from scipy import sparse

from data.batch import F32, I64, Mask, Ragged
from data.dataset import Dataset
from data.errors import DataError
from data.settings import config_from
from data.split import Split
from data.ties import TieOrder
from ranking.metrics.accuracy import ndcg
from ranking.metrics.ranked import Ranking
from ranking.scorer import Scorer
from ranking.scorers.als import ALS, ALSConfig
from ranking.scorers.ease import EASE, EASEConfig
from ranking.scorers.item_config import ItemConfig
from ranking.scorers.item_knn import ItemKNN, ItemKNNConfig
from ranking.scorers.items import ItemModel, Items
from ranking.scorers.popularity import DecayedPopularity, DecayedPopularityConfig
from ranking.slate.catalogue_topk import best_of_scores
from ranking.training.held_out import held_out
from ranking.training.positives import training_positives
from ranking.training.trainer import Trainer, TrainingContext

C = TypeVar("C", bound=ItemConfig)
M = TypeVar("M", bound=Scorer)
K = TypeVar("K", bound=ItemModel)

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
    """[P] place of each row by time; ties by the rule by which the split orders a reader's engagements."""

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


@dataclass(frozen=True)
class ItemTrainer(Trainer, Generic[C, M]):
    """Fits one kind of model of items."""

    name: str
    config_type: type[C]
    model: Callable[[C, Engaged, Mask], tuple[M, _Judged]]
    """From a config with one value of each setting, fitted to the engagements that are kept [P]."""
    seeded: bool = False
    """Whether the run's seed is a setting."""

    def fit(self, context: TrainingContext, settings: Mapping[str, Any]) -> M:
        """The best combination of the values that the settings name, fitted to the training part of the split.

        Raises:
            ConfigError: an unknown setting.
            DataError: there is nothing to learn from, or the items are tweets that live for days.
            ModelError: too large to solve.
        """
        if self.seeded:
            settings = {"seed": context.seed, **settings}
        config = config_from(self.config_type, settings, name=self.name)
        context.state_config(config)
        return self._tuned(config, _engaged(context.dataset, context.split, self.name), context)

    def _tuned(self, config: C, engaged: Engaged, context: TrainingContext) -> M:
        """The best combination, fitted to all rows; the NDCG of each is reported.

        One combination alone is judged only for a report, and where a reader has two engagements.
        """
        names, report = config.tried, context.report
        values_of = config.model_dump()
        grid = [dict(zip(names, values, strict=True)) for values in product(*(values_of[name] for name in names))]
        configs = [config.model_copy(update={name: (value,) for name, value in one.items()}) for one in grid]
        best = configs[0]
        held = _held_out(config, engaged, context.split, context.seed)
        if len(grid) > 1 and not held.any():
            raise DataError(
                "no reader has two engagements, so no settings can be chosen", remedy="give one value of each setting"
            )
        if len(grid) > 1 or (report is not None and held.any()):
            reached = []
            for at, (one, values) in enumerate(zip(configs, grid, strict=True)):
                context.progress(at, len(grid) + 1, ", ".join(f"{name} {value:g}" for name, value in values.items()))
                _, judged = self.model(one, engaged, ~held)
                reached.append(_ndcg(judged, engaged, held, config, context.seed))
                if report is not None:
                    report(values | {config.measure: reached[-1]})
            best = configs[int(np.argmax(reached))]
        context.progress(len(grid), len(grid) + 1, "all training engagements")
        return self.model(best, engaged, np.ones(len(engaged.item), np.bool_))[0]


def _item_model(fit: Callable[[C, Items, sparse.csr_array], K]) -> Callable[[C, Engaged, Mask], tuple[K, _Judged]]:
    """`ItemTrainer.model` of a class that scores all items for a past."""

    def fit_kept(config: C, engaged: Engaged, keep: Mask) -> tuple[K, _Judged]:
        model = fit(config, engaged.items, engaged.matrix(keep))
        return model, lambda _, pasts: model.score_items(pasts)

    return fit_kept


def _popularity(
    config: DecayedPopularityConfig, engaged: Engaged, keep: Mask
) -> tuple[DecayedPopularity, _Judged]:  # fmt: skip
    ids = engaged.items.ids
    model = DecayedPopularity.fit(config, ids, engaged.item[keep], engaged.time_us[keep])
    return model, lambda readers, _: np.broadcast_to(model.worth.astype(np.float32), (len(readers), len(ids)))


popularity_trainer = ItemTrainer("popularity_decay", DecayedPopularityConfig, _popularity)
"""Fits faded counts."""
item_knn_trainer = ItemTrainer("item_knn", ItemKNNConfig, _item_model(ItemKNN.fit))
"""Fits item neighbours."""
ease_trainer = ItemTrainer("ease", EASEConfig, _item_model(EASE.fit))
"""Fits EASE."""
als_trainer = ItemTrainer("als", ALSConfig, _item_model(ALS.fit), seeded=True)
"""Fits iALS."""


def _engaged(dataset: Dataset, split: Split, model: str) -> Engaged:
    if split.train_before_us is not None and dataset.rows("impressions") and not dataset.lasting:
        raise DataError(
            f"{model} learns items by their ids, and the tweets of the test of {dataset.name!r} are not yet posted "
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
    rest, wanted_items = engaged.matrix(~held), engaged.matrix(held)
    wanted = np.diff(wanted_items.indptr)
    readers = np.flatnonzero(wanted)
    if len(readers) > config.validation_readers:
        chosen = np.random.default_rng([seed, 6]).choice(readers, config.validation_readers, replace=False)
        readers = np.sort(chosen)
    values = []
    for start in range(0, len(readers), _BLOCK):
        some = readers[start : start + _BLOCK]
        pasts, relevant = _lists(rest[some]), _lists(wanted_items[some])
        best = best_of_scores(judged(some, pasts), config.k, pasts)
        values.append(ndcg(Ranking.of_hits(best.hits(relevant), relevant.lengths)))
    return float(np.concatenate(values).mean())


def _lists(matrix: sparse.csr_array) -> Ragged:
    matrix.sort_indices()
    return Ragged(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64))
