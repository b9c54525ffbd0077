"""Models of labels by ids find what was planted: biases, and tastes that no bias expresses; unknown ids say nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from data.batch import CandidateBatch, Requests
from data.errors import ModelError
from ranking.scorers.factorisation import Biases, BiasesConfig, Factorisation, FactorisationConfig, log_loss

USERS, ITEMS = np.arange(100, 160), np.arange(1000, 1040)
ONE = {"l2": 0.001, "epochs": 20}


def _rows(taste: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places of users and items, labels drawn by a bias each and, with `taste`, by whether their parities agree."""
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, len(USERS), 20_000), rng.integers(0, len(ITEMS), 20_000)
    of_user, of_item = np.linspace(-2, 2, len(USERS)), np.linspace(1, -1, len(ITEMS))
    logit = of_user[user] + of_item[item] + taste * np.where(user % 2 == item % 2, 1, -1)
    p = 1 / (1 + np.exp(-logit))
    return user, item, (rng.random(len(p)) < p).astype(np.int8), p


def _batch(users: list[int], items: list[list[int]]) -> CandidateBatch:
    offsets = np.r_[0, np.cumsum([len(one) for one in items])]
    flat = np.array([one for some in items for one in some])
    requests = Requests(
        {"user_id": np.array(users), "user_row": np.arange(len(users)), "time_us": np.zeros(len(users))}
    )
    return CandidateBatch(requests, offsets, {"tweet_id": flat})


def _fitted(kind: type[Biases], config: BiasesConfig, taste: float) -> tuple[Biases, float, float]:
    """The model, and the log losses of new rows by it and by the truth."""
    user, item, label, _ = _rows(taste)
    model, _ = kind.fit(config, USERS, ITEMS, user, item, label, np.zeros(len(label), bool))
    user, item, label, p = _rows(taste, seed=1)
    batch = _batch(USERS[user].tolist(), [[one] for one in ITEMS[item].tolist()])
    return model, log_loss(model.probability(batch), label), log_loss(p, label)


def test_biases_are_recovered() -> None:
    model, loss, least = _fitted(Biases, BiasesConfig(**ONE), taste=0)
    assert loss < least + 0.02
    assert np.corrcoef(model.of_users[:, 0], np.linspace(-2, 2, len(USERS)))[0, 1] > 0.97
    assert np.corrcoef(model.of_items[:, 0], np.linspace(1, -1, len(ITEMS)))[0, 1] > 0.95


def test_a_factorisation_machine_finds_taste_and_biases_do_not() -> None:
    config = FactorisationConfig(**ONE, dim=4, vector_l2=0.001)
    _, with_vectors, least = _fitted(Factorisation, config, taste=2)
    _, without, _ = _fitted(Biases, BiasesConfig(**ONE), taste=2)
    assert with_vectors < least + 0.05
    assert without > with_vectors + 0.1


def test_held_out_rows_stop_at_the_best_epoch() -> None:
    user, item, label, _ = _rows(2)
    held = np.arange(len(label)) % 20 > 2
    config = FactorisationConfig(l2=0, dim=16, vector_l2=0, epochs=25)
    model, losses = Factorisation.fit(config, USERS, ITEMS, user, item, label, held)
    assert len(losses) == 25
    assert losses[-1] > min(losses)
    batch = _batch(USERS[user[held]].tolist(), [[one] for one in ITEMS[item[held]].tolist()])
    assert log_loss(model.probability(batch), label[held]) == pytest.approx(min(losses), abs=1e-5)


def test_scores_of_a_catalogue_are_those_of_pairs_and_unknown_ids_say_nothing() -> None:
    user, item, label, _ = _rows(1)
    config = FactorisationConfig(**ONE | {"epochs": 2}, dim=4, vector_l2=0.01)
    model, _ = Factorisation.fit(config, USERS, ITEMS, user, item, label, np.zeros(len(label), bool))
    users, items = [100, 7, 159], [1000, 5, 1039, 1001]
    batch = _batch(users, [items] * 3)
    dense = model.catalogue_scores(batch.requests, _batch([1], [items]))
    np.testing.assert_allclose(dense.reshape(-1), model.score(batch), rtol=1e-5, atol=1e-6)
    assert dense[1, 1] == pytest.approx(model.bias, abs=1e-6)
    assert dense[1, 0] == pytest.approx(model.bias + model.of_items[0, 0], abs=1e-5)
    np.testing.assert_allclose(model.probability(batch), 1 / (1 + np.exp(-model.score(batch).astype(float))))


def test_an_artifact_scores_alike_and_a_damaged_one_is_refused() -> None:
    user, item, label, _ = _rows(1)
    settings = FactorisationConfig(**ONE | {"epochs": 1}, dim=3, vector_l2=0.01)
    nothing = np.zeros(len(label), bool)
    models = [Factorisation.fit(settings, USERS, ITEMS, user, item, label, nothing)[0] for _ in range(2)]
    config, weights = models[0].artifact()
    again = Factorisation.from_artifact(config, weights)
    batch = _batch([100, 150], [[1000, 1003], [1004]])
    for one, other in pairwise([models[0], models[1], again]):
        assert one.score(batch).tolist() == other.score(batch).tolist()
    with pytest.raises(ModelError, match="of_items"):
        Factorisation.from_artifact(config, {**weights, "of_items": weights["of_items"][:, :2]})
