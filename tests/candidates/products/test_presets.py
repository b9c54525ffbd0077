"""Presets: whole configs by name, what stands over them, and that a model ranks by their values."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from pydantic import ValidationError

from candidates.products.home import HomeConfig
from candidates.products.presets import HOME_PRESETS
from candidates.selectors import DPPConfig, MMRConfig, TopKConfig, selector_of
from data.batch import F32, CandidateBatch, Requests
from ranking.slate.dpp import DPP
from ranking.slate.mmr import MMR
from ranking.slate.topk import TopK
from ranking.value import PRESETS, ValueModel
from serving.ready_model import valued
from serving.settings import Settings


@pytest.mark.parametrize("name", HOME_PRESETS)
def test_a_preset_is_a_whole_config_and_its_value_model_exists(name: str) -> None:
    config = HomeConfig.model_validate({"preset": name})
    assert config.preset == name
    assert config.value is None or ValueModel.preset(config.value).weights == PRESETS[config.value]
    assert HomeConfig.model_validate(config.model_dump()) == config


def test_published_settings() -> None:
    newest = HomeConfig(preset="x_2026_10")
    assert (newest.following_cap, newest.two_tower_cap, newest.popular_cap) == (1_200, 1_000, 500)
    assert newest.selector == DPPConfig(relevance_weight=0.65, pool=150, depth=150)
    assert newest.new_authors is not None
    explored = newest.new_authors
    assert (explored.followers_below, explored.views_below, explored.max_age_h, explored.most, explored.slot) == (
        50_000, 200, 2.0, 2, 15,
    )  # fmt: skip
    assert HomeConfig(preset="modelled").selector == MMRConfig(relevance_weight=0.7, depth=20)
    assert HomeConfig(preset="x_2023").selector == TopKConfig()


@pytest.mark.parametrize("name", ["x_2023", "x_2026_08", "x_2026_10"])
def test_a_preset_by_date_has_no_source_or_factor_that_was_not_published(name: str) -> None:
    config = HomeConfig.model_validate({"preset": name})
    caps = {field: value for field, value in config.model_dump().items() if field.endswith("_cap") and value}
    assert caps.keys() == {"following_cap", "two_tower_cap", "popular_cap"}
    assert config.seen_factor == 1.0
    assert (config.served_hold_min, config.served_hold_most, config.holdout) == (10.0, 100, None)
    assert config.hidden_ancestors == (name != "x_2026_10")


def test_what_is_given_stands_over_the_preset_key_by_key() -> None:
    config = HomeConfig.model_validate(
        {"preset": "x_2026_10", "popular_cap": 0, "author_diversity": {"decay": 0.9}, "selector": {"pool": 50}}
    )
    assert config.popular_cap == 0
    assert config.author_diversity is not None
    assert (config.author_diversity.decay, config.author_diversity.floor) == (0.9, 0.25)
    assert config.selector == DPPConfig(relevance_weight=0.65, pool=50, depth=150)
    other = HomeConfig.model_validate({"preset": "x_2026_10", "selector": {"kind": "mmr"}, "new_authors": None})
    assert other.selector == MMRConfig()
    assert other.new_authors is None
    with pytest.raises(ValidationError, match="x_2023"):
        HomeConfig.model_validate({"preset": "x_1999"})


def test_the_network_takes_a_preset_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_FEED__PRESET", "x_2026_10")
    monkeypatch.setenv("ROOKERY_FEED__AUTHOR_DIVERSITY__DECAY", "0.8")
    feed = Settings.read(feed={"popular_cap": 7}).feed
    assert (feed.preset, feed.value, feed.popular_cap, feed.following_cap) == ("x_2026_10", "x_2026_10", 7, 1_200)
    assert feed.author_diversity is not None
    assert feed.author_diversity.decay == 0.8


def test_each_kind_of_selector_is_made_by_its_config() -> None:
    made = [selector_of(config) for config in (TopKConfig(), MMRConfig(), DPPConfig())]
    assert [type(one) for one in made] == [TopK, MMR, DPP]


def test_only_the_pool_competes_for_the_diversified_places() -> None:
    # The third by score is like nothing, the others are alike: without a pool it comes second.
    scores, vectors = [1.0, 0.9, 0.8, 0.7], np.array([[1, 0], [1, 0], [0, 1], [1, 0]], np.float32)
    requests = Requests({"user_row": np.zeros(1, np.int64)})
    batch = CandidateBatch(requests, np.array([0, 4]), {"score": np.array(scores, np.float32), "item_vector": vectors})
    for kind in (MMRConfig, DPPConfig):
        free = selector_of(kind(relevance_weight=0.5)).select(batch, 2).values.tolist()
        pooled = selector_of(kind(relevance_weight=0.5, pool=2)).select(batch, 2).values.tolist()
        assert (free, pooled) == ([0, 2], [0, 1])


class Plain:
    """A scorer of no actions."""

    reads = ()

    def score(self, batch: CandidateBatch) -> F32:
        return np.zeros(len(batch), np.float32)


def test_a_scorer_of_no_actions_keeps_its_own_score_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    plain = Plain()
    with caplog.at_level(logging.WARNING):
        assert valued(plain, "x_2023") is plain
    assert "feed.value=x_2023 is left out: Plain predicts no actions" in caplog.text
