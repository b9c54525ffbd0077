"""The tabular baselines: what they learn, that they are pointwise, and that their files cannot run code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skops.io
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

from data.errors import ConfigError, ModelError
from data.settings import config_from
from ranking.models.heavy import HeavyConfig, HeavyNet
from ranking.scorers.tabular import Boosting, BoostingConfig, Logistic, LogisticConfig
from ranking.training.rankers.fit_tabular import train_boosting, train_logistic, validation_loss
from ranking.training.rankers.task import HeavyTask
from tests.ranking.training.rankers.ranker_rows import EIGHT, alone, batch, rows, two_kinds

CPU = torch.device("cpu")


def _acted(x, rng):
    """Like by the first input, reply by the product of two; nobody retweets."""
    like = rng.random(len(x)) < 1 / (1 + np.exp(1 - 2 * x[:, 0]))
    reply = rng.random(len(x)) < 1 / (1 + np.exp(2 - 3 * x[:, 1] * x[:, 2]))
    return np.stack([like, reply, np.full(len(x), -1)], axis=1)


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 8))
    given_ = rows(_acted(x, rng), x, position=rng.integers(0, 40, 4000))
    boosting = BoostingConfig(inputs=EIGHT, trees=30, smallest_leaf=20)
    return given_, train_logistic(LogisticConfig(inputs=EIGHT), given_), train_boosting(boosting, given_)


def test_logistic_finds_the_weights(learned):
    _, arrays = learned[1].artifact()
    # In units of normalised inputs, whose deviation is about 1.
    assert arrays["weight"][0] == pytest.approx([2, *[0] * 7], abs=0.2)
    assert arrays["bias"][0] == pytest.approx(-1, abs=0.3)


def test_boosting_finds_a_crossing_that_logistic_cannot(learned):
    given_, logistic, boosting = learned
    held = given_.validation
    reply = given_.labels[held, 1]
    assert roc_auc_score(reply, boosting.of_inputs(given_.x[held])[:, 1]) > 0.75
    assert roc_auc_score(reply, logistic.of_inputs(given_.x[held])[:, 1]) < 0.65


def test_down_sampled_rows_give_each_action_its_own_probability():
    given_, inputs, chance = two_kinds()
    trees = train_boosting(BoostingConfig(inputs=EIGHT, trees=100, calibrate=False), given_)
    lines = train_logistic(LogisticConfig(inputs=EIGHT, calibrate=False), given_)
    for model in (trees, lines):
        p = model.calibration(model.of_inputs(inputs, np.zeros(2, np.float32)))
        np.testing.assert_allclose(p, chance, rtol=0.25)


def test_the_reported_loss_is_the_networks_of_the_same_probabilities(learned):
    given_, *_ = learned
    held = given_.validation
    some = replace(given_, rate=0.3)
    configs = (LogisticConfig(inputs=EIGHT), BoostingConfig(inputs=EIGHT, trees=5, calibrate=False))
    for train, config in zip((train_logistic, train_boosting), configs, strict=True):
        reported = []
        model = train(config, some, on_epoch=reported.append)
        p, label = model.of_inputs(some.x[held], some.position[held]).astype(float), some.labels[held]
        # By hand: like and reply are known; one who did the other alone counts 0.3.
        weight = np.where((label[:, :2] > 0).any(axis=1)[:, None] & (label[:, :2] == 0), 0.3, 1.0)
        losses = -np.log(np.where(label[:, :2] > 0, p[:, :2], 1 - p[:, :2]))
        assert reported == [{"validation_loss": pytest.approx((weight * losses).mean(), rel=1e-5)}]
        assert tuple(reported[0]) == config.objectives
        silent = train(config, some)
        assert np.array_equal(silent.predict(batch([6])), model.predict(batch([6])))


def test_the_reported_loss_is_what_a_network_with_these_logits_measures():
    given_ = rows(np.stack([np.arange(400) % 2, np.arange(400) % 3 == 0], axis=1), rate=0.2)
    task = HeavyTask(HeavyNet(config := HeavyConfig(inputs=EIGHT, actions=given_.actions)), config, given_, 1, CPU)
    task.module.eval()
    with torch.no_grad():
        measured = task.validate()["validation_loss"]
    assert validation_loss(task.predicted(), given_) == pytest.approx(measured, rel=1e-5)


def test_a_certainty_that_is_wrong_has_a_finite_loss():
    given_ = rows(np.ones((40, 1)))
    assert 16 < validation_loss(np.zeros((10, 1), np.float32), given_) < 17


@pytest.mark.parametrize("which", [1, 2])
def test_an_action_that_nobody_took_has_probability_zero(learned, which):
    p = learned[which].predict(batch([6]))
    assert (p[:, 2] == 0).all()
    assert (p[:, :2] > 0).all()


@pytest.mark.parametrize("which", [1, 2])
@settings(max_examples=6, deadline=None)
@given(lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_a_score_does_not_depend_on_the_batch(learned, which, lengths, seed):
    model, whole = learned[which], batch(lengths, seed)
    scores = model.score(whole)
    for row in range(len(whole)):
        np.testing.assert_allclose(model.score(alone(whole, row))[0], scores[row], rtol=1e-6)


def test_trees_score_as_in_scikit_learn(learned):
    given_, _, boosting = learned
    x = given_.x.copy()
    x[::7, 3], x[::11, 2] = np.inf, -np.inf
    theirs = boosting.models[1].predict_proba(np.concatenate([x, given_.position[:, None]], axis=1))[:, 1]
    np.testing.assert_allclose(boosting.of_inputs(x, given_.position)[:, 1], theirs, rtol=1e-6)


def test_trees_belong_to_their_action_whatever_the_order_and_to_their_columns(learned):
    given_, _, boosting = learned
    gap = np.array([True, False, True])
    of = {2: boosting.models[1], 0: boosting.models[0]}
    turned = Boosting(boosting.config, of, gap, boosting.calibration).of_inputs(given_.x)
    want = boosting.of_inputs(given_.x)
    assert np.array_equal(turned, np.stack([want[:, 0], np.zeros(len(want)), want[:, 1]], axis=1))
    with pytest.raises(ModelError, match="'like' read 9 columns, not 97"):
        Boosting(BoostingConfig(actions=boosting.config.actions), boosting.models, gap, boosting.calibration)


@pytest.mark.parametrize("which", [1, 2])
def test_an_artifact_scores_the_same(learned, which):
    model, some = learned[which], batch([9, 1])
    config, weights = model.artifact()
    assert all(array.dtype != object for array in weights.values())
    assert np.array_equal(type(model).from_artifact(config, weights).predict(some), model.predict(some))


def test_trees_from_a_file_that_would_run_code_are_refused(learned):
    config, weights = learned[2].artifact()
    evil = np.frombuffer(skops.io.dumps(np.testing.assert_allclose), np.uint8)
    other = np.frombuffer(skops.io.dumps(LinearRegression()), np.uint8)
    for file in (evil, other, weights["trees.0"][:100]):
        with pytest.raises(ModelError, match="cannot be read"):
            Boosting.from_artifact(config, weights | {"trees.0": file})


def test_missing_arrays_are_named(learned):
    config, weights = learned[1].artifact()
    with pytest.raises(ModelError, match="'bias'"):
        Logistic.from_artifact(config, {name: value for name, value in weights.items() if name != "bias"})
    with pytest.raises(ModelError, match="logistic weight is"):
        Logistic.from_artifact(config, weights | {"weight": weights["weight"][:1]})


def test_an_infinite_training_row_is_named():
    given_ = rows(np.arange(200) % 2)
    given_.x[3, 0] = -np.inf
    for train, config in ((train_logistic, LogisticConfig), (train_boosting, BoostingConfig)):
        with pytest.raises(ModelError, match=r"log tweet\.age_h"):
            train(config(inputs=EIGHT), given_)


def test_settings_are_checked():
    with pytest.raises(ConfigError, match="trees"):
        config_from(BoostingConfig, {"trees": 0}, name="boosting")
