"""Item neighbours by hand and by a dense computation; what all item models share: pasts and unknown items."""

from __future__ import annotations

import numpy as np
import pytest

from data.batch import Ragged
from data.errors import ModelError
from features.state.history import LENGTH
from ranking.scorers.item_knn import ItemKNN, ItemKNNConfig
from ranking.scorers.items import Items
from tests.ranking.scorers.item_models import candidates_of, check_model, log_of, random_log, requests_of


def _fit(pasts, k=10, shrinkage=0.0):
    _, items, matrix = log_of(pasts)
    return ItemKNN.fit(ItemKNNConfig(neighbours=k, shrinkage=shrinkage), items, matrix)


def test_similarities_by_hand():
    # Item 1: readers 0 1 2; item 2: 0 1; item 3: 2.
    model = _fit([[1, 2], [1, 2], [1, 3]])
    scores = check_model(model, [[1], [2], [2, 3], [], [9]], [1, 2, 3, 9])
    both, one = 2 / np.sqrt(6), 1 / np.sqrt(3)
    want = [[0, both, one, 0], [both, 0, 0, 0], [both + one, 0, 0, 0], [0] * 4, [0] * 4]
    np.testing.assert_allclose(scores, want, rtol=1e-6)
    shrunk = _fit([[1, 2], [1, 2], [1, 3]], shrinkage=10)
    np.testing.assert_allclose(
        check_model(shrunk, [[1]], [2, 3])[0], [2 / (np.sqrt(6) + 10), 1 / (np.sqrt(3) + 10)], rtol=1e-6
    )


@pytest.mark.parametrize("k", [1, 3, 100])
def test_a_candidate_counts_its_own_nearest_alone(k):
    _, items, matrix = random_log(4, 40, 25)
    model = ItemKNN.fit(ItemKNNConfig(neighbours=k, shrinkage=5), items, matrix)
    x = matrix.toarray().astype(np.float64)
    n = x.sum(axis=0)
    alike = (x.T @ x) / (np.sqrt(np.outer(n, n)) + 5)
    np.fill_diagonal(alike, 0)
    kept = np.zeros_like(alike)
    for i, row in enumerate(alike):
        near = np.argsort(-row, kind="stable")[:k]
        kept[i, near] = row[near]
    histories = [items.ids[np.flatnonzero(row)] for row in x[:6]]
    got = check_model(model, histories, items.ids)
    np.testing.assert_allclose(got, x[:6] @ kept.T, rtol=1e-5, atol=1e-6)


def test_a_past_is_the_history_and_what_was_before_it_each_item_once():
    long = list(range(1000, 1000 + LENGTH + 50))
    rows, items, _ = log_of([long, [1, 2, 1000], []])
    assert items.readers.tolist() == [0]
    histories = [[*long[:-LENGTH:-1], 1], [2, 2, 77, 1], [5]]
    pasts = items.pasts(requests_of(histories, users=[0, 1, 2]))
    assert items.ids[pasts[0]].tolist() == sorted({1, *long})
    assert items.ids[pasts[1]].tolist() == [1, 2]
    assert pasts[2].tolist() == []
    again = Items.from_weights(items.weights())
    assert again.pasts(requests_of(histories, users=[0, 1, 2])).values.tolist() == pasts.values.tolist()
    assert len(rows) == len(items.past.values) + 3


def test_a_new_engagement_counts_at_once():
    model = _fit([[1, 2], [1, 2], [3, 4], [3, 4]])
    before, after = (model.score(candidates_of(requests_of([history]), [[2, 4]])).tolist() for history in ([1], [3, 1]))
    assert before[0] > before[1] == 0
    assert after[1] == after[0] > 0


def test_what_is_missing_is_named():
    model = _fit([[1, 2], [1, 2]])
    requests = requests_of([[1]])
    bare = type(requests)({name: column for name, column in requests.columns.items() if "history" not in name})
    with pytest.raises(ModelError, match=r"user\.history_tweets"):
        model.score(candidates_of(bare, [[1]]))
    config, weights = model.artifact()
    with pytest.raises(ModelError, match="'values' is missing"):
        ItemKNN.from_artifact(config, {name: array for name, array in weights.items() if name != "values"})
    with pytest.raises(ModelError, match=r"lack .*readers"):
        ItemKNN.from_artifact(config, {name: array for name, array in weights.items() if name != "readers"})


def test_no_candidates_and_no_readers():
    model = _fit([[1, 2], [1, 2]])
    assert model.score(candidates_of(requests_of([[1], [2]]), [[], []])).tolist() == []
    assert model.score_items(Ragged(np.zeros(1, np.int64), np.empty(0, np.int64))).shape == (0, 2)
