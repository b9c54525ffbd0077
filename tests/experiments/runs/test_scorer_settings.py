"""What is listed of scorers is what their configs take."""

from __future__ import annotations

import pytest

from data.errors import ConfigError
from experiments.runs.config import RunConfig
from experiments.runs.scorer_settings import scorers, settings_of
from ranking.artifact import describe
from ranking.catalogue import SCORERS, trained_scorers, untrained_scorers
from ranking.models.heavy import HeavyConfig
from ranking.models.two_tower import TwoTowerConfig
from ranking.training.trainer import trainer_of
from ranking.untrained import make_scorer


def test_what_each_scorer_offers_is_listed() -> None:
    listed = {one.name: one for one in scorers()}
    assert list(listed) == [*untrained_scorers(), *trained_scorers()]
    assert {name for name, one in listed.items() if one.predicts_actions} == {
        "logistic", "boosting", "heavy", "sequence"
    }  # fmt: skip
    assert {name for name, one in listed.items() if one.retrieves} == {"two_tower"}
    assert {name for name, one in listed.items() if one.scores_catalogues} == {
        "content", "popularity_decay", "item_knn", "ease", "als", "biases", "fm"
    }  # fmt: skip
    assert {name for name, one in listed.items() if one.needs_texts} == {"content"}
    assert {name for name, one in listed.items() if one.by_epoch} == {"two_tower", "heavy", "sequence"}
    assert all(bool(one.objectives) == one.trained for one in listed.values())


@pytest.mark.parametrize("name", SCORERS)
def test_every_setting_has_its_words_and_its_default_is_taken(name: str) -> None:
    found = settings_of(name)
    assert found.scorer.about
    assert found.scorer.trained == SCORERS[name].trained
    settings: dict[str, object] = {}
    for one in found.settings:
        assert one.about, one.key
        assert one.takes, one.key
        if not one.key.startswith("settings."):
            continue
        table, *keys = settings, *one.key.split(".")[1:]
        for key in keys[:-1]:
            table = table.setdefault(key, {})
        table[keys[-1]] = one.default
    if not SCORERS[name].trained:
        assert describe(make_scorer(name, settings)) == describe(make_scorer(name))
    else:
        config = trainer_of(name).config_type
        assert config.model_validate(settings) == config()


def test_what_a_run_takes_besides_stands_first() -> None:
    first = settings_of("recency").settings[:3]
    assert [one.key for one in first] == [name for name in RunConfig.model_fields if name not in ("scorer", "settings")]
    assert (first[0].takes, first[0].default) == ("whole number >= 0, < 4294967296", 1)


def test_keys_limits_and_defaults_are_those_of_the_config() -> None:
    by_key = {one.key: one for one in settings_of("heavy").settings}
    rate = by_key["settings.training.learning_rate"]
    assert (rate.takes, rate.default, rate.about) == ("number > 0", 2e-3, "AdamW's step size at its highest.")
    assert by_key["settings.training.epochs"].takes == "whole number >= 1"
    assert by_key["settings.trunk"].takes == "masknet | dcn | mmoe"
    assert by_key["settings.training.rows.evened"].takes == "number >= 0, < 1"
    assert len([key for key in by_key if key.count(".") == 1]) == len(HeavyConfig.model_fields) - 2
    assert settings_of("ease").settings[-1].takes == "number >= 0 or list of number >= 0"


def test_two_towers_tell_their_defaults_for_other_data() -> None:
    by_key = {one.key: one for one in settings_of("two_tower").settings}
    timeless = TwoTowerConfig.timeless_items()
    assert by_key["settings.members"].otherwise == {"items, random split": timeless.members}
    assert by_key["settings.training.epochs"].otherwise == {"lasting items": 9, "items, random split": 9}
    assert by_key["settings.recent"].otherwise == {"lasting items": 100, "items, random split": 200}
    assert by_key["settings.hidden"].otherwise == {}


def test_an_unknown_scorer_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'haevy'.*heavy"):
        settings_of("haevy")
