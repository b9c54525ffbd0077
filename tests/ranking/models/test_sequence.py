"""The sequence ranker: candidates see the reader, the history and themselves alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

import ranking.models.sequence as module
from data.batch import CandidateBatch
from data.errors import ConfigError, ModelError
from data.schema import ACTIONS
from data.settings import config_from
from ranking.models.calibration import Calibration
from ranking.models.history import HISTORY, Histories
from ranking.models.ranker_training import RankerTraining
from ranking.models.sequence import SequenceConfig, SequenceNet, SequenceRanker
from ranking.training.rankers.fit import train_sequence
from ranking.training.rankers.task import SequenceTask
from tests.ranking.training.rankers.ranker_rows import EIGHT, alone, batch, rows

SMALL = {"dim": 8, "buckets": 64, "hidden": 16, "out": 8, "width": 16, "blocks": 2}


def _model(seed=0, **settings_):
    config = SequenceConfig(actions=ACTIONS[:3], **(SMALL | settings_))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = SequenceNet(config)
        # Vectors of ids as long as training makes them; at first they hardly say anything.
        for table in (net.readers, net.authors):
            torch.nn.init.normal_(table.weight, std=0.3)
    net.normalise.fit(config.inputs.matrix(batch([200], seed=9).column, 200), config.inputs.names)
    return SequenceRanker(config, net, Calibration(), np.ones(3, np.bool_))


def _with_history(some, **changed):
    return CandidateBatch(some.requests.with_columns(changed), some.offsets, some.columns)


def test_histories_by_hand():
    columns = {
        HISTORY[0]: np.array([[5, 6, -1], [-1, -1, -1], [7, 8, 9]]),
        HISTORY[1]: np.array([[0, 1, -1], [-1, -1, -1], [2, 3, 4]], np.int8),
        HISTORY[2]: np.array([[1, 2, -1], [-1, -1, -1], [3, 4, 5]], np.float32),
    }
    made = Histories.of(columns, 2)
    assert made.offsets.tolist() == [0, 2, 2, 4]
    assert made.authors.tolist() == [5, 6, 7, 8, -1]
    joined = Histories.concat([made, made])
    places, known = joined.padded(np.array([5, 1, 0]), 200)
    assert joined.authors[places].tolist() == [[7, 8], [-1, -1], [5, 6]]
    assert known.tolist() == [[True, True], [False, False], [True, True]]
    assert joined.padded(np.array([1]), 200)[0].shape == (1, 0)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=5), st.integers(0, 99), st.integers(0, 12))
def test_candidates_are_isolated(lengths, seed, history):
    model, whole = _model(), batch(lengths, seed, history)
    together, scores = model.predict(whole), model.score(whole)
    assert together.shape == (sum(lengths), 3)
    for row in range(len(whole)):
        one = alone(whole, row)
        np.testing.assert_allclose(model.predict(one)[0], together[row], rtol=1e-5)
        np.testing.assert_allclose(model.score(one)[0], scores[row], rtol=1e-5)


def test_the_history_of_the_request_matters_and_no_other():
    model, some = _model(), batch([3, 3], seed=4)
    authors = some.requests.columns[HISTORY[0]].copy()
    authors[1] = np.where(authors[1] >= 0, authors[1] % 7 + 40, -1)
    assert (authors[1] >= 0).any()
    before, after = model.predict(some), model.predict(_with_history(some, **{HISTORY[0]: authors}))
    np.testing.assert_allclose(after[:3], before[:3], rtol=1e-5)
    assert (np.abs(after[3:] / before[3:] - 1) > 1e-4).any(axis=1).all()


def test_only_the_newest_are_attended_to():
    model, some = _model(recent=2), batch([4], seed=5)
    full = {
        HISTORY[0]: np.arange(1, 9)[None],
        HISTORY[1]: np.zeros((1, 8), np.int8),
        HISTORY[2]: np.ones((1, 8), np.float32),
    }
    older = full | {HISTORY[0]: np.array([[1, 2, 20, 21, 22, 23, 24, 25]])}
    newer = full | {HISTORY[0]: np.array([[1, 20, 3, 4, 5, 6, 7, 8]])}
    p = [model.predict(_with_history(some, **one)) for one in (full, older, newer)]
    assert np.array_equal(p[0], p[1])
    assert not np.allclose(p[0], p[2], rtol=1e-4)


def test_a_user_without_history_and_a_batch_without_candidates():
    model, some = _model(), batch([1, 0], history=0)
    assert np.isfinite(model.predict(some)).all()
    assert model.predict(batch([0])).shape == (0, 3)


def test_parts_give_what_the_whole_gives(monkeypatch):
    model, some = _model(), batch([5, 0, 9, 1, 1, 30], seed=6)
    whole = model.predict(some)
    for cells in (1, 3000, 9000):
        monkeypatch.setattr(module, "_CELLS", cells)
        np.testing.assert_allclose(model.predict(some), whole, rtol=1e-5)


def test_an_artifact_scores_the_same_and_checks_its_shape():
    model, some = _model(), batch([6, 2])
    config, weights = model.artifact()
    assert np.array_equal(SequenceRanker.from_artifact(config, weights).predict(some), model.predict(some))
    with pytest.raises(ModelError, match="sequence weights do not fit"):
        SequenceRanker.from_artifact(config | {"layers": 1}, weights)


def test_heads_must_divide_the_dimension():
    with pytest.raises(ConfigError, match="no multiple"):
        config_from(SequenceConfig, {"dim": 9, "attention": 2}, name="sequence")


def test_an_epoch_has_every_row_once_and_whole_requests():
    given_ = rows(np.arange(500) % 3 == 0, histories=True)
    config = SequenceConfig(inputs=EIGHT, actions=given_.actions, **SMALL, training=RankerTraining(batch_size=32))
    task = SequenceTask(SequenceNet(config), config, given_, 1, torch.device("cpu"))
    batches = [list(task.batches(epoch)) for epoch in (1, 1, 2)]
    assert len(batches[0]) == task.steps
    for one in batches:
        assert np.array_equal(np.sort(np.concatenate(one)), np.flatnonzero(~given_.validation))
    assert all(np.array_equal(a, b) for a, b in zip(batches[0], batches[1], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(batches[0], batches[2], strict=True))


@pytest.mark.slow
def test_it_learns_from_the_newest_action():
    rng = np.random.default_rng(1)
    x = np.zeros((3000, 8))
    past = rows(np.zeros(3000), x, histories=True).histories
    index, known = past.padded(np.arange(3000), 1)
    liked = (past.authors[index[:, 0]] < 15) & known[:, 0]
    given_ = rows(rng.random(3000) < np.where(liked, 0.8, 0.1), x, histories=True)
    training = RankerTraining(
        epochs=8, patience=0, batch_size=128, learning_rate=1e-2, distil=0, threads=1, device="cpu"
    )
    config = SequenceConfig(inputs=EIGHT, **SMALL, training=training)
    model = train_sequence(config, given_, seed=1)
    p = model.of_inputs(given_.x, given_.author_id, given_.user_id, np.arange(3000), past)
    held = given_.validation
    assert roc_auc_score(liked[held], p[held, 0]) > 0.85
    assert model.calibration(p)[held].mean() == pytest.approx(given_.labels[held].mean(), abs=0.03)
