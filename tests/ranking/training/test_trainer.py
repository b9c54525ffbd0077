"""The contract of training: by name, by what a scorer declares, with owners that are passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from data.batch import F32, CandidateBatch
from data.dataset import Dataset
from data.errors import ConfigError
from data.split import Split, default_split
from ranking.artifact import describe
from ranking.catalogue import SCORERS, ScorerEntry, scorer_class, trained_scorers, untrained_scorers
from ranking.scorer import ConfiguredScorer, ScorerConfig
from ranking.training.shared import SharedRows
from ranking.training.trainer import Trainer, TrainingContext, check_settings, fit_scorer, trainer_of
from ranking.untrained import make_scorer


class LevelConfig(ScorerConfig):
    """One number."""

    more: float = 0.0


@dataclass(frozen=True)
class Level:
    """The same score for all."""

    level: float
    reads: ClassVar[tuple[str, ...]] = ("tweet_id",)

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32."""
        return np.full(len(batch), self.level, np.float32)


class LevelTrainer(Trainer):
    """Counts the engagements of the training part."""

    config_type = LevelConfig

    def fit(self, context: TrainingContext, settings: Mapping[str, Any]) -> Level:
        """Reports the count once."""
        count = len(context.split.train.collect())
        if context.report is not None:
            context.report({"count": float(count)})
        return Level(count + LevelConfig(**settings).more)


level_trainer = LevelTrainer()


@pytest.fixture
def split(tiny_dataset: Dataset) -> Split:
    return default_split(tiny_dataset).apply(tiny_dataset)


def test_a_scorer_with_its_trainer_is_one_file_and_one_line(
    tiny_dataset: Dataset, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCORERS, "level", ScorerEntry(f"{__name__}:Level", f"{__name__}:level_trainer"))
    reported: list[Mapping[str, float]] = []
    context = TrainingContext(tiny_dataset, split, 1, report=reported.append)
    scorer = fit_scorer("level", context, {"more": 0.5})
    count = len(split.train.collect())
    assert describe(scorer) == ({"level": count + 0.5}, {})
    assert reported == [{"count": count}]
    assert "level" in trained_scorers()
    check_settings("level", {"more": 1})
    with pytest.raises(ConfigError, match=r"unknown key 'most'.*level"):
        check_settings("level", {"most": 1})


@pytest.mark.parametrize("name", trained_scorers())
def test_what_trains_a_scorer_takes_the_settings_that_its_artifact_holds(name: str) -> None:
    kind = scorer_class(name)
    assert issubclass(kind, ConfiguredScorer)
    assert trainer_of(name).config_type is kind.config_type
    with pytest.raises(ConfigError, match=rf"'{name}' is learned from a log"):
        make_scorer(name)


@pytest.mark.parametrize("name", untrained_scorers())
def test_what_needs_no_training_is_made_from_its_settings(name: str, tiny_dataset: Dataset, split: Split) -> None:
    fitted = fit_scorer(name, TrainingContext(tiny_dataset, split, 1), {})
    assert describe(fitted) == describe(make_scorer(name))
    with pytest.raises(ConfigError, match=rf"'{name}' is not trained"):
        trainer_of(name)
    with pytest.raises(ConfigError, match="unknown key 'level'"):
        check_settings(name, {"level": 1})


def test_rows_and_trees_are_made_once_by_their_key_and_freed_with_the_rows() -> None:
    shared, made = SharedRows(), []

    def make(value: int) -> int:
        made.append(value)
        return value

    assert [shared.rows("a", lambda: make(1)), shared.rows("a", lambda: make(2))] == [1, 1]
    assert [shared.trees("b", lambda: make(3)), shared.trees("b", lambda: make(4))] == [3, 3]
    assert shared.rows("c", lambda: make(5)) == 5
    assert shared.trees("b", lambda: make(6)) == 6
    assert shared.rows("a", lambda: make(7)) == 7
    assert made == [1, 3, 5, 6, 7]
