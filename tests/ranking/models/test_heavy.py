"""The heavy ranker: its inputs by hand, its size, its independence of the batch, and what it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from data.errors import ConfigError, ModelError
from data.schema import ACTIONS
from data.settings import config_from
from features.catalogue import owners
from ranking.models.calibration import Calibration
from ranking.models.dense import DenseInputs, interest
from ranking.models.heavy import HeavyConfig, HeavyNet, HeavyRanker
from ranking.models.ranker_training import RankerTraining
from ranking.training.checkpoint import Checkpoint
from ranking.training.losses import action_loss
from ranking.training.rankers import task as ranker_task
from ranking.training.rankers.fit import train_heavy
from tests.ranking.training.rankers.ranker_rows import EIGHT, alone, batch, rows, two_kinds

TEN = ACTIONS[:10]
TRUNKS = ("masknet", "dcn", "mmoe")


def _model(seed=0, **settings_):
    config = HeavyConfig(actions=TEN, buckets=64, **settings_)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = HeavyNet(config)
    inputs = config.inputs.matrix(batch([200], seed=9).column, 200)
    net.normalise.fit(inputs, config.inputs.names)
    return HeavyRanker(config, net, Calibration(0.2), np.ones(10, np.bool_))


def _quick(**settings_):
    training = {
        "epochs": 8,
        "patience": 0,
        "batch_size": 128,
        "threads": 1,
        "learning_rate": 1e-2,
        "device": "cpu",
        "distil": 0,
    } | settings_
    return HeavyConfig(inputs=EIGHT, hidden=16, out=8, width=16, blocks=2, training=RankerTraining(**training))


def test_the_reference_size_is_217_thousand_parameters():
    config = HeavyConfig(actions=TEN)
    assert len(config.inputs.names) == 96
    # embed, norm, 4 x (wide, mask, project, norm), trunk, heads, position
    blocks = 4 * ((96 * 192 + 192) + (192 * 96 + 96) + (96 * 64 + 64) + 128)
    expected = (96 * 96 + 96) + 192 + blocks + (256 * 128 + 128) + (128 * 10 + 10) + 2
    assert sum(p.numel() for p in HeavyNet(config).parameters()) == expected == 217_644


def test_every_input_is_in_the_catalogue():
    assert [name for name in DenseInputs().reads if name not in owners()] == []


def test_inputs_by_hand():
    inputs = DenseInputs(columns=("tweet.likes",), age_scales_h=(2.0,))
    columns = {
        "tweet.likes": np.array([3, -3, np.nan]), "tweet.age_h": np.array([0, 2, np.nan]),
        "user.hour": np.array([0, 6, 12]), "user.interests": np.tile([[0.5, 0.25]], (3, 1)),
        "tweet.topics": np.array([[1, 0, -1], [-1, -1, -1], [7, 1, -1]]),
    }  # fmt: skip
    assert inputs.names[:2] == ("log tweet.likes", "exp(-tweet.age_h / 2)")
    made = inputs.matrix(columns.__getitem__, 3)
    assert made[0] == pytest.approx([np.log(4), 1, 0, 1, 0.25, 0.5, 0])
    assert made[1] == pytest.approx([-np.log(4), np.exp(-1), 1, 0, 0, 0, 0], abs=1e-6)
    assert made[2] == pytest.approx([0, 1, 0, -1, 0, 0.25, 0], abs=1e-6)


def test_no_topics_are_no_interest():
    assert interest(np.zeros((2, 0), np.float32), np.full((2, 3), -1)).tolist() == [[0, 0, 0]] * 2


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(0, 99), st.sampled_from(TRUNKS))
def test_a_score_does_not_depend_on_the_batch(lengths, seed, trunk):
    model, whole = _model(trunk=trunk, embedding=4), batch(lengths, seed)
    together, scores = model.predict(whole), model.score(whole)
    assert together.shape == (sum(lengths), 10)
    for row in range(len(whole)):
        one = alone(whole, row)
        np.testing.assert_allclose(model.predict(one)[0], together[row], rtol=1e-5)
        np.testing.assert_allclose(model.score(one)[0], scores[row], rtol=1e-5)


def test_a_score_by_fitted_lines_and_negative_weights_hangs_on_the_batch_by_rounding_alone():
    plain, rng = _model(), np.random.default_rng(1)
    many = batch([3000] * 4, seed=5)
    p = plain.raw(many)
    labels = (rng.random(p.shape) < np.sqrt(p) / 3).astype(np.int8)
    lines = Calibration.fit(p, labels, rate=0.2, weight=np.ones(len(p)))
    model = HeavyRanker(plain.config, plain.net, lines, plain.taken).with_value("x_2023")
    together, scores = model.predict(many), model.score(many)
    weights = np.array([abs(model.valued.value.weights.get(name, 0.0)) for name in TEN])
    for row in range(0, len(many), 97):
        one = alone(many, row)
        np.testing.assert_allclose(model.predict(one)[0], together[row], rtol=1e-3)
        assert abs(model.score(one)[0] - scores[row]) <= 1e-3 * (weights * together[row]).sum()


def test_ids_never_met_hardly_say_anything():
    model, some = _model(embedding=16), batch([200], seed=3)
    x = model.config.inputs.matrix(some.column, 200)
    ids = [np.random.default_rng(seed).integers(0, 64, (200, 4)) for seed in (1, 2)]
    one, other = (np.log(p / (1 - p)) for p in (model.of_inputs(x, at) for at in ids))
    assert np.abs(one - other).mean() < 0.02 * one.std()


@pytest.mark.parametrize("trunk", TRUNKS)
def test_an_artifact_scores_the_same(trunk):
    model, some = _model(trunk=trunk, embedding=4), batch([30, 1])
    again = HeavyRanker.from_artifact(*model.artifact())
    assert np.array_equal(again.predict(some), model.predict(some))


def test_weights_of_another_size_are_refused():
    config, weights = _model().artifact()
    with pytest.raises(ModelError, match="heavy weights do not fit"):
        HeavyRanker.from_artifact(config | {"hidden": 8}, weights)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_cut(value):
    model, some = _model(), batch([4])
    broken = {name: column.copy() for name, column in some.columns.items()}
    for name in ("tweet.likes", "tweet.age_h", "pair.follows"):
        broken[name][1] = value
    p, before = model.predict(some.with_columns(broken)), model.predict(some)
    assert np.isfinite(p).all()
    assert np.array_equal(p[[0, 2, 3]], before[[0, 2, 3]])


def test_what_nobody_did_has_probability_zero():
    model = _model()
    model.taken = np.arange(10) != 3
    p = model.predict(batch([5]))
    assert (p[:, 3] == 0).all()
    assert (p[:, 2] > 0).all()


def test_settings_are_checked():
    for wrong, words in (({"trunk": "cake"}, "trunk"), ({"actions": ["nod"]}, "nod"), ({"value": "x"}, "value preset")):
        with pytest.raises(ConfigError, match=words):
            config_from(HeavyConfig, wrong, name="heavy")


def test_the_loss_by_hand():
    logits = torch.tensor([[0.0, 5.0], [np.log(3.0), 5.0]])
    labels = torch.tensor([[1, -1], [0, -1]], dtype=torch.int8)
    # log 2 and log 4; the second action is not known and counts nowhere.
    assert float(action_loss(logits, labels)) == pytest.approx((np.log(2) + np.log(4)) / 2)
    assert float(action_loss(logits, torch.full((2, 2), -1, dtype=torch.int8))) == 0


def test_a_row_that_was_kept_for_another_action_counts_as_the_share_that_was_kept_of_those_without_any():
    logits = torch.zeros(3, 2)
    labels = torch.tensor([[1, 0], [0, 0], [0, 1]], dtype=torch.int8)
    assert float(action_loss(logits, labels, rate=0.25)) == pytest.approx(np.log(2) * (4 + 2 * 0.25) / 6)
    assert float(action_loss(logits, labels)) == pytest.approx(np.log(2))


@pytest.mark.slow
def test_down_sampled_rows_give_each_action_its_own_probability():
    given_, inputs, chance = two_kinds()
    model = train_heavy(_quick(epochs=3, calibrate=False), given_, seed=1)
    np.testing.assert_allclose(model.calibration(model.of_inputs(inputs, None)), chance, rtol=0.25)


def _learnable(n=4000, rate=1.0, seed=3):
    """One action by a product of two inputs; a share `rate` of what was not acted on is kept."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 8))
    chance = 1 / (1 + np.exp(2 - 3 * x[:, 0] * x[:, 1]))
    acted = rng.random(n) < chance
    kept = acted | (rng.random(n) < rate)
    return rows(acted[kept], x[kept], rate=rate), x, chance


@pytest.mark.slow
@pytest.mark.parametrize("trunk", TRUNKS)
def test_it_learns_a_crossing_of_inputs(trunk):
    given_, _, chance = _learnable()
    config = _quick().model_copy(update={"trunk": trunk})
    history = []
    model = train_heavy(config, given_, seed=1, on_epoch=history.append)
    held = given_.validation
    p = model.calibration(model.of_inputs(given_.x[held], None))
    # All rows were kept here, so the held-out ones are the last of what was drawn.
    label, best = given_.labels[held, 0], chance[-int(held.sum()) :]
    assert roc_auc_score(label, p[:, 0]) > roc_auc_score(label, best) - 0.03
    assert min(one["validation_loss"] for one in history) < history[0]["validation_loss"]


def test_down_sampled_rows_give_probabilities_of_all():
    given_, x, chance = _learnable(12_000, rate=0.2)
    p = (model := train_heavy(_quick(), given_, seed=1)).calibration(model.of_inputs(x.astype(np.float32), None))
    assert p.mean() == pytest.approx(chance.mean(), rel=0.1)
    assert np.corrcoef(p[:, 0], chance)[0, 1] > 0.9


def test_a_place_takes_the_same_share_from_what_is_likely_and_what_is_not():
    torch.manual_seed(1)
    net = HeavyNet(HeavyConfig(inputs=EIGHT, actions=TEN[:2]))
    place, rate = torch.tensor([0.0, 3.0, 20.0, 400.0]), 0.3
    with torch.no_grad():
        net.position.weight.copy_(torch.tensor([-0.5, 0.2]))
        net.position.log_rate.fill_(math.log(rate))
        logits = torch.tensor([[-4.0, 3.0]]).expand(4, 2)
        found = torch.sigmoid(net.position(logits, place))
    full = found * rate / (1 - found + found * rate)
    top = full[0]
    looked = torch.exp(-(0.5 * place / 20 + 0.2 * torch.log1p(place)))
    torch.testing.assert_close(full, looked[:, None] * top, rtol=1e-4, atol=0)
    torch.testing.assert_close(found[0], torch.sigmoid(logits[0]), rtol=1e-5, atol=0)


@pytest.mark.slow
def test_position_is_learned_and_left_out():
    rng = np.random.default_rng(5)
    position, likely = rng.integers(0, 40, 40_000), rng.random(40_000) < 0.5
    acted = rng.random(40_000) < np.where(likely, 0.8, 0.08) * np.exp(-position / 15)
    kept = acted | (rng.random(40_000) < 0.5)
    x = np.repeat(np.where(likely, 1.0, -1.0)[:, None], 8, axis=1)
    model = train_heavy(_quick(), rows(acted[kept], x[kept], position=position[kept], rate=0.5), seed=1)
    p = model.calibration(model.of_inputs(np.repeat([[1.0], [-1.0]], 8, axis=1).astype(np.float32), None))[:, 0]
    assert p[0] == pytest.approx(0.8, abs=0.06)
    assert p[1] == pytest.approx(0.08, abs=0.015)


def test_training_is_the_same_again_and_from_a_checkpoint(tmp_path):
    given_, _, _ = _learnable(1500)
    whole = train_heavy(_quick(epochs=4, distil=3), given_, seed=2)
    kept = Checkpoint(tmp_path / "run", {"seed": 2})

    def stop(values):
        if values["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_heavy(_quick(epochs=4, distil=3), given_, seed=2, checkpoint=kept, on_epoch=stop)
    resumed = train_heavy(_quick(epochs=4, distil=3), given_, seed=2, checkpoint=kept)
    for name, value in whole.artifact()[1].items():
        assert np.array_equal(resumed.artifact()[1][name], value), name


@pytest.mark.slow
def test_bfloat16_learns_the_same_and_is_left_where_it_is_not_at_hand(monkeypatch, caplog):
    given_, _, _ = _learnable()

    def last(precision):
        history = []
        train_heavy(_quick(precision=precision, epochs=5), given_, seed=1, on_epoch=history.append)
        return history[-1]["validation_loss"]

    full = last("fp32")
    assert not caplog.text
    for there in (True, False):
        monkeypatch.setattr(ranker_task, "has_bf16", lambda device, there=there: there)
        half = last("bf16")
        assert half == pytest.approx(full, rel=0.05)
        assert (half == full) is not there
        assert ("no bfloat16 on this cpu: trains in float32" in caplog.text) is not there


@pytest.mark.parametrize(
    ("found", "has"),
    [
        ({"architecture": "x86_64", "avx512_bf16": False, "amx_bf16": False, "avx2": True}, False),
        ({"architecture": "x86_64", "avx512_bf16": True, "amx_bf16": False}, True),
        ({"architecture": "x86_64", "avx512_bf16": False, "amx_bf16": True}, True),
        ({"architecture": "aarch64", "bf16": True}, True),
    ],
)
def test_a_processor_says_whether_it_has_bfloat16(monkeypatch, found, has):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
    assert ranker_task.has_bf16(torch.device("cpu")) is has


def test_a_diverging_loss_names_the_epoch():
    given_, _, _ = _learnable(800)
    with pytest.raises(ModelError, match="in epoch 1"):
        train_heavy(_quick(learning_rate=1e30, rows={"most": 800}), given_, seed=1)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_an_infinite_training_row_is_named():
    given_, _, _ = _learnable(800)
    given_.x[7, 1] = np.inf
    with pytest.raises(ModelError, match=r"log tweet\.media_count"):
        train_heavy(_quick(), given_, seed=1)


def test_an_action_that_the_log_lacks_is_left_out_of_the_loss():
    given_, _, _ = _learnable(1500)
    labels = np.concatenate([given_.labels, np.full_like(given_.labels, -1)], axis=1)
    model = train_heavy(_quick(epochs=2), rows(labels, given_.x), seed=1)
    some = model.calibration(model.of_inputs(given_.x[:5], None)) * model.taken
    assert model.taken.tolist() == [True, False]
    assert (some[:, 1] == 0).all()
