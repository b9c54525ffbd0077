"""Trees scored as bit vectors against scikit-learn, which walks them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from ranking.scorers.forest import Forest


def fitted(rows, leaves, trees, seed):
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(rows, 5)), int(rng.integers(1, 6))).astype(np.float32)
    # Neighbours among the float32: a threshold between two of them is none.
    step = rng.integers(0, 40, rows)
    x[:, 3] = 1 + step * np.float32(2**-23)
    y = (x[:, 0] * x[:, 1] + np.sin(5 * x[:, 2]) + np.sin(step) + 0.3 * rng.normal(size=rows) > 0).astype(int)
    y[:2] = 0, 1
    model = HistGradientBoostingClassifier(
        max_iter=trees, max_leaf_nodes=leaves, min_samples_leaf=2, early_stopping=False, random_state=seed
    )
    return model.fit(x, y), x


def at_thresholds(model, x):
    """Rows that stand on thresholds, and one float32 to either side of them."""
    found = np.concatenate([stage[0].nodes for stage in model._predictors])
    found = found[found["is_leaf"] == 0][:300]
    rows = np.repeat(x[:1], 3 * len(found), axis=0)
    near = found["num_threshold"].astype(np.float32)
    several = np.concatenate([near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))])
    rows[np.arange(len(rows)), np.tile(found["feature_idx"], 3)] = several
    return rows


@pytest.mark.parametrize("leaves", [2, 31, 32, 33, 64, 65, 200])
def test_scores_are_scikit_learns(leaves):
    models, xs = zip(*(fitted(1500, leaves, trees, seed) for trees, seed in ((7, 1), (12, 2))), strict=True)
    largest = max(stage[0].get_n_leaf_nodes() for model in models for stage in model._predictors)
    assert largest == leaves
    x = np.concatenate([*xs, *map(at_thresholds, models, xs)])
    x[::50, 1], x[::70, 2] = np.inf, -np.inf
    theirs = np.stack([model.predict_proba(x)[:, 1] for model in models], axis=1)
    np.testing.assert_allclose(Forest.of(models)(x), theirs, rtol=1e-13)


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(4, 200), leaves=st.integers(2, 90), trees=st.integers(1, 5), seed=st.integers(0, 999))
def test_any_forest_scores_as_scikit_learn(rows, leaves, trees, seed):
    model, x = fitted(rows, leaves, trees, seed)
    np.testing.assert_allclose(Forest.of([model])(x)[:, 0], model.predict_proba(x)[:, 1], rtol=1e-13)


def test_a_forest_without_splits_and_an_empty_batch():
    model, x = fitted(3, 2, 2, 0)
    forest = Forest.of([model])
    assert len(forest.threshold) == 0
    np.testing.assert_allclose(forest(x)[:, 0], model.predict_proba(x)[:, 1], rtol=1e-13)
    assert forest(x[:0]).shape == (0, 1)
