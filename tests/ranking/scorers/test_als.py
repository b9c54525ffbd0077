"""iALS: a reader solved from what was engaged is the minimum of the loss, and agrees with the library's own."""

from __future__ import annotations

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy import sparse
from threadpoolctl import threadpool_limits

from data.errors import ModelError
from ranking.scorers.als import ALS, ALSConfig
from tests.ranking.scorers.item_models import check_model, log_of, random_log, requests_of


def _fit(items, matrix, **settings):
    return ALS.fit(ALSConfig(**{"dim": 6, "l2": 0.7, "alpha": 5, "iterations": 8, **settings}), items, matrix)


def test_every_way_of_asking_gives_the_product_of_vectors():
    _, items, matrix = random_log(1, 50, 30)
    model = _fit(items, matrix)
    histories = [items.ids[[1, 5]], items.ids[[7]], [], [999]]
    scores = check_model(model, histories, [*items.ids, 999])
    vectors = np.stack([_minimum(model, items.places(np.asarray(history, np.int64))) for history in histories])
    np.testing.assert_allclose(scores[:, :-1], vectors @ model.vectors.T, rtol=1e-4, atol=1e-5)
    assert scores[:, -1].tolist() == [0, 0, 0, 0]


def _minimum(model, places):
    """x by the normal equations of the loss over every item."""
    y = model.vectors.astype(np.float64)
    engaged = np.zeros(len(y))
    engaged[places[places >= 0]] = 1
    weight = np.where(engaged > 0, 5.0, 1.0)
    return np.linalg.solve((y * weight[:, None]).T @ y + 0.7 * np.eye(6), (y * weight[:, None]).T @ engaged)


def test_readers_are_solved_as_the_library_solves_them():
    _, items, matrix = random_log(2, 50, 30)
    with threadpool_limits(1, user_api="blas"):
        library = AlternatingLeastSquares(
            factors=6, regularization=0.7, alpha=5.0, iterations=8, random_state=1, num_threads=1
        )
        library.fit(sparse.csr_matrix(matrix), show_progress=False)
        theirs = library.recalculate_user(np.arange(50), sparse.csr_matrix(matrix))
    model = _fit(items, matrix, seed=1, threads=1)
    np.testing.assert_array_equal(model.vectors, library.item_factors)
    ours = model.reader_vectors(items.pasts(_requests(items, matrix)))
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)


def _requests(items, matrix):
    return requests_of([items.ids[np.flatnonzero(row)] for row in matrix.toarray()])


def test_two_groups_are_separated():
    _, items, matrix = log_of([[1, 2, 3]] * 5 + [[4, 5, 6]] * 5 + [[1, 2]] * 3 + [[5, 6]] * 3)
    scores = check_model(_fit(items, matrix, dim=2), [[1, 2], [6]], items.ids)
    assert scores[0, :3].min() > 0.5
    assert scores[0, 3:].max() < 0.3
    assert scores[1, 3:].min() > 0.5
    assert scores[1, :3].max() < 0.3


def test_the_seed_decides_and_threads_do_not():
    _, items, matrix = random_log(3, 40, 30)
    first = _fit(items, matrix, seed=3, threads=1).vectors
    np.testing.assert_array_equal(first, _fit(items, matrix, seed=3, threads=2).vectors)
    assert not np.array_equal(first, _fit(items, matrix, seed=4).vectors)


def test_vectors_that_do_not_fit_are_named():
    _, items, matrix = random_log(3, 40, 30)
    config, weights = _fit(items, matrix).artifact()
    with pytest.raises(ModelError, match="'vectors' is"):
        ALS.from_artifact(config | {"dim": [7]}, weights)
