"""A whole world read by both engines: what training sees offline is what serving looks up live."""

from __future__ import annotations

import numpy as np
import pytest

from data.batch import Ragged
from data.dataset import Dataset
from features.catalogue import features
from features.offline import offline_features
from features.online import FeatureState
from tests.features.logs import letters

NAMES = [feature.name for feature in features()]


@pytest.mark.slow
def test_impressions_of_a_world_have_the_same_features_live_and_offline(tiny_dataset: Dataset) -> None:
    rows = tiny_dataset.scan("impressions").select("user_id", "tweet_id", "time_us").collect()
    rows = rows.sample(400, seed=7).sort("time_us", maintain_order=True)
    understanding = letters()
    offline = offline_features(tiny_dataset, rows, NAMES, understanding)
    state = FeatureState(understanding)
    replay = tiny_dataset.replay(sorted(state.tables))
    for row, (user, tweet, time) in enumerate(rows.iter_rows()):
        for events in replay.advance(time):
            state.update(events)
        tweets = Ragged(np.array([0, 1]), state.network.tweets.rows(np.array([tweet])))
        online = state.lookup(state.base(state.requests([user], time), tweets), NAMES)
        for name in NAMES:
            expected = offline.column(name)[row]
            np.testing.assert_allclose(online.column(name)[0], expected, rtol=1e-6, atol=1e-6, err_msg=name)
