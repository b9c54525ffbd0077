"""How far numbers move when ties in time are drawn otherwise: the same evaluation over several draws.

A draw makes another test, and another training part. Scorers that need no training are measured as they are; models of
items are fitted again to each draw's training part, with the settings that they have. Any other model would have to be
trained again by its owner, for as it is it saw rows of the other draws' tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data.dataset import Dataset
from data.errors import ConfigError
from data.progress import Progress, no_progress, part_of
from data.split import Split, Splitter, default_split, parse_split
from data.splitters import PastOrder
from experiments.evaluation.bundles import bundles_of
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles
from ranking.artifact import VALUE, Bundle, describe
from ranking.catalogue import trained_scorers
from ranking.scorers.item_config import ItemConfig
from ranking.training.trainer import TrainingContext, fit_scorer, trainer_of


@dataclass(frozen=True)
class ShuffledRow:
    """One scorer over the draws."""

    name: str
    reference: str
    fitted_again: bool
    ndcg: tuple[float, ...]
    """The mean of each draw."""
    recall: tuple[float, ...]

    @property
    def spread(self) -> float:
        """Largest NDCG minus the smallest."""
        return max(self.ndcg) - min(self.ndcg)


@dataclass(frozen=True)
class TieShuffles:
    """The table, with the words that belong to it."""

    rows: tuple[ShuffledRow, ...]
    splits: tuple[str, ...]
    """Names of the splits, one a draw."""
    decided: tuple[float, ...]
    """Share of each draw's test rows that the draw decided."""
    k: int

    @property
    def sentence(self) -> str:
        """What was done."""
        return (
            f"The same protocol over {len(self.splits)} draws of ties: {', '.join(self.splits)}. Trained models are "
            "fitted again to each draw's training part, with the settings that they have. Spread: the largest NDCG "
            "minus the smallest."
        )


def plan_shuffles(
    dataset: Dataset, references: Sequence[str], config: EvaluateConfig, home: Path, count: int
) -> list[Splitter]:
    """The splits of `count` draws.

    Raises:
        ConfigError: fewer than two, a split that does not depend on ties, or a model that cannot be fitted again.
    """
    if count < 2:
        raise ConfigError(f"{count} draw of ties has no spread", remedy="ask for 2 or more")
    chosen = default_split(dataset) if config.split == "auto" else parse_split(config.split)
    if not isinstance(chosen, PastOrder):
        raise ConfigError(f"the test of split {chosen.name!r} does not depend on ties", remedy="leave out the shuffles")
    draws: list[Splitter] = [chosen.model_copy(update={"ties": "drawn", "seed": seed}) for seed in range(1, count + 1)]
    for reference, bundle in bundles_of(dataset, chosen.apply(dataset), references, home).items():
        if bundle.split and not _is_refitted(bundle):
            raise ConfigError(
                f"model {reference!r} ({bundle.name}) is not fitted again here, and as it is it saw rows of the draws' "
                "tests",
                remedy=f"train and evaluate one a draw: --set 'split={draws[0].name}'",
            )
    return draws


def run_shuffles(
    dataset: Dataset, references: Sequence[str], config: EvaluateConfig, home: Path, draws: Sequence[Splitter],
    progress: Progress = no_progress,
) -> TieShuffles:  # fmt: skip
    """Measures the scorers over the draws that `plan_shuffles` gave."""
    config = config.model_copy(update={"metrics": ()})
    reports, decided = [], []
    bundles: Mapping[str, Bundle] = {}
    for at, draw in enumerate(draws):
        part = part_of(progress, at, len(draws), f"draw {at + 1} of {len(draws)}")
        split = draw.apply(dataset)
        bundles = bundles or bundles_of(dataset, split, references, home)
        fitted = {name: _fitted(bundle, dataset, split) for name, bundle in bundles.items()}
        reports.append(evaluate_bundles(dataset, split, fitted, config, part)[0])
        decided.append(split.decided / split.warmth.test_rows)
    of = [{row.reference: row for row in report.rows} for report in reports]
    rows = tuple(
        ShuffledRow(
            bundle.name, name, bool(bundle.split), tuple(one[name].ndcg.mean for one in of),
            tuple(one[name].recall.mean for one in of),
        )
        for name, bundle in bundles.items()
    )  # fmt: skip
    return TieShuffles(rows, tuple(one.name for one in draws), tuple(decided), config.k)


def _is_refitted(bundle: Bundle) -> bool:
    name = _scorer(bundle)
    return name in trained_scorers() and issubclass(trainer_of(name).config_type, ItemConfig)


def _fitted(bundle: Bundle, dataset: Dataset, split: Split) -> Bundle:
    """A model fitted to the training part of `split`; what learned nothing is as it was."""
    if not bundle.split:
        return bundle
    settings, _ = describe(bundle.scorer)
    context = TrainingContext(dataset, split, 1, bundle.understanding)
    scorer = fit_scorer(_scorer(bundle), context, settings)
    return replace(
        bundle, scorer=scorer, split=split.name, data_name=dataset.name, data_hash=dataset.content_hash, learned=None
    )


def _scorer(bundle: Bundle) -> str:
    """Its scorer's name in the catalogue."""
    return bundle.name.partition(VALUE)[0]
