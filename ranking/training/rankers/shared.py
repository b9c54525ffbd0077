"""What rankers that are trained one after the other share: their training rows, and the trees grown on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from data.dataset import Dataset
from data.progress import Progress, no_progress
from data.split import Split
from ranking.models.dense import DenseInputs
from ranking.models.ranker_training import RowsConfig
from ranking.training.rankers.impressions import Impressions, impressions

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

    from features.text.understanding import Understanding

    Trees = dict[int, HistGradientBoostingClassifier]


class SharedRows:
    """Owner of the last training rows, and of the last trees that were grown on any.

    A pass over a long log is slow, so rows are made anew only where the next ranker needs others. A baseline of trees
    and the trees that teach a network are the same ones.
    """

    def __init__(self, *, histories: bool = False) -> None:
        """With `histories`, rows have them whether a ranker needs them or not."""
        self._histories = histories
        self._key: tuple[Any, ...] = ()
        self._rows: Impressions | None = None
        self._grown: tuple[Impressions, str, Trees] | None = None

    def impressions(
        self, dataset: Dataset, split: Split, inputs: DenseInputs, config: RowsConfig, *,
        understanding: Understanding | None, actions: Sequence[str] = (), histories: bool = False, seed: int,
        progress: Progress = no_progress,
    ) -> Impressions:  # fmt: skip
        """As `ranking.training.rankers.impressions.impressions`, whose errors it raises."""
        histories = histories or self._histories
        text = understanding.identity if understanding else ""
        key = (dataset.content_hash, split.name, inputs, config, text, tuple(actions), histories, seed)
        if self._rows is None or key != self._key:
            self._rows = self._grown = None
            self._rows = impressions(
                dataset, split, inputs, config, understanding=understanding, actions=actions, histories=histories,
                seed=seed, progress=progress,
            )  # fmt: skip
            self._key = key
        return self._rows

    def trees(self, rows: Impressions, settings: str, grow: Callable[[], Trees]) -> Trees:
        """The trees of `rows` by `settings`: those that were grown last where both are the same, else new ones."""
        if self._grown is None or self._grown[0] is not rows or self._grown[1] != settings:
            self._grown = rows, settings, grow()
        return self._grown[2]
