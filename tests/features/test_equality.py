"""Both engines give the same numbers: random logs are replayed event by event and asked at random moments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from features.catalogue import features
from features.offline import features_of_log
from tests.features.logs import Log, letters, logs, replay, row_of

NAMES = [feature.name for feature in features()]
UNITLESS = {"share", "cosine", "vector", "score", "hours", "days", "strength", "seconds", "rate"}
EXACT = [feature.name for feature in features() if feature.unit not in UNITLESS]
UNDERSTANDING = letters()


@pytest.mark.slow
@pytest.mark.parametrize("one_by_one", [True, False], ids=["one by one", "a table at a time"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(log=logs())
def test_every_feature_is_equal_online_and_offline(log: Log, one_by_one: bool) -> None:
    offline = features_of_log(log.lazy(), log.rows, NAMES, UNDERSTANDING)
    for row, online in enumerate(replay(log, UNDERSTANDING, NAMES, one_by_one=one_by_one)):
        past = row_of(offline, row, NAMES)
        for name in NAMES:
            if name in EXACT:
                assert np.array_equal(past[name], online[name]), (name, past[name], online[name])
            else:
                np.testing.assert_allclose(past[name], online[name], rtol=1e-6, atol=1e-6, err_msg=name)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(logs())
def test_cutting_the_future_changes_no_feature(log: Log) -> None:
    last = int(log.rows["time_us"].sort()[len(log.rows) // 2])
    early = log.rows.filter(log.rows["time_us"] <= last)
    whole = features_of_log(log.lazy(), log.rows, NAMES, UNDERSTANDING)
    cut = features_of_log(log.lazy(before_us=last), early, NAMES, UNDERSTANDING)
    kept = np.flatnonzero((log.rows["time_us"] <= last).to_numpy())
    for name in NAMES:
        np.testing.assert_array_equal(whole.column(name)[kept], cut.column(name), err_msg=name)
