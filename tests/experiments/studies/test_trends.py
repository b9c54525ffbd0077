"""The study of trends: the stream keeps its promises, and recall and false alarms are what they say."""

import numpy as np
import pytest

from experiments.bench.harness import measure
from experiments.bench.trends import TrendsBench
from experiments.studies.trend_alarms import Scores, delays, false_alarms, threshold_for
from experiments.studies.trend_stream import DAY_MIN, START_US, StreamConfig, TrendStream
from experiments.studies.trends import TrendsConfig, TrendsResult, study_trends, truth_of

SMALL = StreamConfig(terms=(24, 16, 12), history_days=1, days=2, shocks=2, weekly=1, pushes=2)
MINUTE = 60_000_000


@pytest.fixture(scope="module")
def result() -> TrendsResult:
    return study_trends(TrendsConfig(seeds=(1,), every_s=60, stream=SMALL))


def test_uses_come_at_the_true_rate_and_an_hour_is_the_same_alone() -> None:
    stream = TrendStream(SMALL.model_copy(update={"pushes": 0}), 1)
    counted, true = np.zeros(len(stream.base)), np.zeros(len(stream.base))
    for hour in range(24):
        counted += np.bincount(stream.uses(hour).term, minlength=len(stream.base))
        true += stream.rate(hour * 60, 60).sum(axis=1)
    assert np.all(np.abs(counted - true) < 5 * np.sqrt(true) + 1)
    again = TrendStream(SMALL.model_copy(update={"pushes": 0}), 1).uses(20)
    np.testing.assert_array_equal(again.time_us, stream.uses(20).time_us)
    assert np.all(np.diff(again.time_us) >= 0)


def test_a_shock_multiplies_the_rate_of_its_term_while_it_lasts() -> None:
    stream = TrendStream(SMALL, 1)
    big = np.flatnonzero((stream.shocks.size == 20) & (stream.shocks.stratum == 2))[0]
    term, start = stream.shocks.term[big], stream.shocks.start_min[big]
    uses = [stream.uses(hour) for hour in (start // 60, start // 60 + 1)]
    minute = np.concatenate([(one.time_us[one.term == term] - START_US) // MINUTE for one in uses])
    during = ((minute >= start) & (minute < start + 30)).sum()
    expected = 20 * stream.rate(int(start), 30)[term].sum()
    assert abs(during - expected) < 5 * np.sqrt(expected)
    assert np.all(stream.shocks.start_min < stream.first_judged + DAY_MIN)  # none on the last day


def test_an_alarm_is_false_unless_a_shock_explains_it_and_begins_after_an_hour_without() -> None:
    stream = TrendStream(SMALL, 1)
    term, start = int(stream.shocks.term[0]), int(stream.shocks.start_min[0])
    other = int(np.setdiff1d(np.arange(50), stream.shocks.term)[0])
    rows = [(term, start - 90), (term, start + 5), (other, 100), (other, 130), (other, 191), (other, 195)]
    rows.sort()
    times = np.array([START_US + row[1] * MINUTE for row in rows])
    scores = Scores(np.array([row[0] for row in rows]), times, np.ones(6), np.full(6, -np.inf))
    false = false_alarms(truth_of(stream), scores, 1.0)
    assert [rows[at] for at in false.tolist()] == sorted([(term, start - 90), (other, 100), (other, 191)])
    assert len(false_alarms(truth_of(stream), scores, 1.1)) == 0
    on = Scores(scores.term, scores.time_us, scores.score, np.ones(6))  # never below between: one alarm a term
    assert len(false_alarms(truth_of(stream), on, 1.0)) == 2
    assert delays(truth_of(stream), scores, 1.0)[0] == 5.0
    assert np.isnan(delays(truth_of(stream), scores, 1.0)[1:]).all()
    assert threshold_for(truth_of(stream), scores, 1.5) == 1.0
    assert threshold_for(truth_of(stream), scores, 1.0) == np.inf  # three in two days are too many


@pytest.mark.slow
def test_the_oracle_bounds_the_scorers_at_the_same_false_alarms(result: TrendsResult) -> None:
    for allowed in (2.0, 10.0):
        rows = {one.scorer: one for one in result.rows if one.false_alarms == allowed}
        (oracle,) = (one for name, one in rows.items() if name.startswith("oracle"))
        assert oracle.of_oracle == 1.0
        for one in rows.values():
            assert sum(one.wrong.values()) <= allowed
            assert one.recall == pytest.approx(np.mean(list(one.cells.values())))
            assert one.recall <= oracle.recall + 0.06  # a shock or two by luck
        assert rows["kleinberg"].recall >= 0.8 * oracle.recall
        assert rows["kleinberg"].cells["over 10, 20x"] == 1.0


def test_the_bench_counts_what_it_says() -> None:
    cases = list(TrendsBench((50,)).cases())
    assert [case.name for case in cases] == ["50 uses a step", "50 uses a step, with lists"]
    row = measure(cases[1], seconds=0.0)
    assert row.rate == pytest.approx(2_000 / row.ours_s)
