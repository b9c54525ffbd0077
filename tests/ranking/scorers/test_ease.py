"""EASE: both closed forms against ridge regressions solved one item at a time."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import ModelError
from ranking.scorers import ease
from ranking.scorers.ease import EASE, EASEConfig
from tests.ranking.scorers.item_models import check_model, log_of, random_log


def _regressions(x, l2):
    """B, each column the ridge regression of an item on all the others."""
    size = x.shape[1]
    b = np.zeros((size, size))
    for i in range(size):
        others = np.delete(np.arange(size), i)
        z = x[:, others]
        b[others, i] = np.linalg.solve(z.T @ z + l2 * np.eye(size - 1), z.T @ x[:, i])
    return b


@pytest.mark.parametrize(("readers", "items"), [(60, 25), (10, 40), (8, 16), (9, 16)])
def test_it_is_a_ridge_regression_of_each_item_on_the_others(readers, items):
    _, known, matrix = random_log(1, readers, items)
    model = EASE.fit(EASEConfig(l2=3), known, matrix)
    assert ("b" in model.artifact()[1]) == (readers * 2 > len(known))
    x = matrix.toarray().astype(np.float64)
    strangers = [known.ids[[0, 3, 5]], [*known.ids[[2, 4]], 12345], []]
    histories = [*(known.ids[np.flatnonzero(row)] for row in x[:5]), *strangers]
    got = check_model(model, histories, known.ids)
    engaged = np.array([np.isin(known.ids, history) for history in histories], np.float64)
    np.testing.assert_allclose(got, engaged @ _regressions(x, 3), rtol=2e-5, atol=1e-5)


def test_both_sides_give_the_same_numbers(monkeypatch):
    _, known, matrix = random_log(2, 30, 61, share=0.15)
    histories = [known.ids[np.flatnonzero(row)] for row in matrix.toarray()]
    small = check_model(EASE.fit(EASEConfig(l2=20), known, matrix), histories, known.ids)
    monkeypatch.setattr(ease, "_FEWER", 10**9)
    large = check_model(EASE.fit(EASEConfig(l2=20), known, matrix), histories, known.ids)
    np.testing.assert_allclose(small, large, rtol=1e-4, atol=1e-6)


def test_an_item_says_nothing_about_itself():
    _, known, matrix = log_of([[1], [1], [2, 3], [2, 3], [2, 3], [4]])
    scores = check_model(EASE.fit(EASEConfig(l2=1), known, matrix), [[1], [2]], [1, 2, 3, 4])
    assert scores[0] == pytest.approx([0, 0, 0, 0], abs=1e-6)
    assert scores[1][2] == pytest.approx(0.75, rel=1e-5)  # three of three who read 2 read 3, against l2 = 1
    assert scores[1][1] == pytest.approx(0, abs=1e-6)


def test_what_cannot_be_solved_is_named(monkeypatch):
    _, known, matrix = random_log(3, 60, 25)
    with pytest.raises(ModelError, match="l2 = 0"):
        EASE.fit(EASEConfig(l2=0), *log_of([[1, 2], [1, 2], [1, 2], [1, 2]])[1:])
    monkeypatch.setattr(ease, "MOST", 20)
    with pytest.raises(ModelError, match="25 items and 60 readers"):
        EASE.fit(EASEConfig(l2=1), known, matrix)


def test_weights_that_do_not_fit_are_named():
    _, known, matrix = random_log(3, 60, 25)
    config, weights = EASE.fit(EASEConfig(l2=5), known, matrix).artifact()
    with pytest.raises(ModelError, match=r"'b' is \[24, 25\], not \[25, 25\]"):
        EASE.from_artifact(config, weights | {"b": weights["b"][1:]})
