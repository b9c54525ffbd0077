"""Scorers of trends: formulas by hand, against SciPy, and against a plain search of all paths."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chi2, poisson

from candidates.trends.chi_square import ChiSquare
from candidates.trends.kleinberg import Kleinberg
from candidates.trends.poisson import PoissonCycle, PoissonPoint, upper_half
from candidates.trends.scorer import Windows
from candidates.trends.scorers import TREND_SCORERS, make_scorer
from candidates.trends.windowed_score import Windowed
from data.errors import ConfigError
from data.events import MINUTE_US

START = 1_767_571_200_000_000


def windows(time_us: int = START, **columns: list[float]) -> Windows:
    size = len(columns["fresh"])
    filled = {
        "key": np.arange(size), "unique_users": np.full(size, 10**6), "volume": np.array(columns["fresh"]),
        "previous": np.zeros(size, np.int64), "fresh_previous": np.zeros(size, np.int64),
        "first_seen_us": np.full(size, START), "total": np.array(columns["fresh"]), "recent": np.ones(size),
        "seasonal": np.ones(size), **{name: np.array(values) for name, values in columns.items()},
    }  # fmt: skip
    return Windows(time_us, filled)


def test_the_formula_in_its_raw_units() -> None:
    counted = Windows(
        START,
        {
            "key": np.array([0, 1]), "volume": np.array([12, 1]), "previous": np.array([3, 0]),
            "unique_users": np.array([9, 1]), "first_seen_us": np.array([START - 50_000, START]),
        },
    )  # fmt: skip
    expected = [0.3 * 12 + 0.4 * 12 / 3 + 0.2 * 9 / 12 + 0.1 / 50, 0.3 + 0.4 * 1 / 1 + 0.2 + 0.1 / 1]
    assert Windowed().update(counted) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_interval_agrees_with_quantiles_of_chi_square(confidence: float) -> None:
    nu = np.array([0.05, 0.5, 1, 3, 10, 100, 1_000])
    exact = chi2.ppf(1 - (1 - confidence) / 2, 2 * (nu + 1)) / 2 - nu
    np.testing.assert_allclose(upper_half(nu, confidence), exact, rtol=0.04)


def test_point_by_point_compares_with_the_window_before_and_the_cycle_with_the_expectation() -> None:
    one = windows(fresh=[12], fresh_previous=[4], recent=[2.0], seasonal=[10.0])
    point = (12 - 4) / (chi2.ppf(0.995, 10) / 2 - 4)
    cycle = (12 - 10) / (chi2.ppf(0.995, 22) / 2 - 10)
    rate = (12 - 2) / (chi2.ppf(0.995, 6) / 2 - 2)
    assert PoissonPoint().update(one) == pytest.approx([point], rel=0.02)
    assert PoissonCycle().update(one) == pytest.approx([cycle], rel=0.02)
    assert PoissonCycle(seasonal=False).update(one) == pytest.approx([rate], rel=0.02)


def test_chi_square_fades_from_its_peak() -> None:
    scorer = ChiSquare(half_life_min=20)
    assert scorer.update(windows(fresh=[11, 1])).tolist() == [100.0, 0.0]
    later = scorer.update(windows(START + 20 * MINUTE_US, fresh=[3, 1]))
    assert later == pytest.approx([50.0, 0.0])
    again = scorer.update(windows(START + 40 * MINUTE_US, fresh=[9, 1]))
    assert again == pytest.approx([64.0, 0.0])


def test_a_row_that_another_term_took_starts_anew() -> None:
    scorer = ChiSquare()
    scorer.update(windows(fresh=[11]))
    other = windows(START + 1, fresh=[1], key=[1 << 23])
    assert scorer.update(other).tolist() == [0.0]


def test_two_states_agree_with_the_cheapest_of_all_paths() -> None:
    s, tau, nu = 3.0, 4.0, 2.0
    counts = [1, 3, 6, 7, 2, 0, 1, 9]
    scorer = Kleinberg(s=(s,), tau=tau)
    total = 0
    for at, count in enumerate(counts):
        total += count
        time_us = START + at * 4 * MINUTE_US
        # Windows of five minutes, looked at every four: what came since is the count, its expectation 4/5 of a window.
        expected = nu if at == 0 else nu / 0.8
        scorer.update(windows(time_us, fresh=[count], total=[total], seasonal=[expected]))
        best = dict.fromkeys((0, 1), math.inf)
        for path in itertools.product((0, 1), repeat=at + 1):
            cost = sum(-poisson.logpmf(c, nu * (s if q else 1)) for c, q in zip(counts, path, strict=False))
            cost += tau * sum(b > a for a, b in itertools.pairwise((0, *path)))
            best[path[-1]] = min(best[path[-1]], cost)
        kept = scorer._states.get(np.array([0]))[0, 0]
        assert kept == pytest.approx(best[0] - best[1])


def test_the_weight_of_a_burst_begins_at_its_entry_and_ends_with_it() -> None:
    scorer = Kleinberg(s=(3.0,), enter=5.0)
    weights = []
    for minute, total in enumerate([1, 1, 5, 9, 14, 14, 14]):
        came = total - (0 if minute == 0 else [1, 1, 5, 9, 14, 14, 14][minute - 1])
        one = windows(START + minute * MINUTE_US, fresh=[max(came, total)], total=[total], seasonal=[2.0])
        weights.append(float(scorer.update(one)[0]))
    assert weights[4] > scorer.enter > weights[2]
    quiet = windows(START + 90 * MINUTE_US, fresh=[1], total=[15], seasonal=[2.0])
    assert scorer.update(quiet)[0] == 0.0


def test_the_strongest_of_several_bursts_counts() -> None:
    one = windows(fresh=[8, 60], recent=[0.3, 30.0], seasonal=[0.3, 30.0])
    alone = [Kleinberg(s=(s,)).score(one) for s in (2.0, 5.0, 20.0)]
    assert alone[2][0] > alone[0][0]
    assert alone[0][1] > alone[2][1]
    assert Kleinberg().score(one) == pytest.approx(np.max(alone, axis=0))
    assert Kleinberg().update(one) == pytest.approx(np.max(alone, axis=0))


def test_every_scorer_is_made_by_its_name_and_ranks_a_surprise_first() -> None:
    one = windows(fresh=[40, 4], fresh_previous=[2, 4], previous=[2, 4], seasonal=[2.0, 4.0], unique_users=[38, 4])
    for name in TREND_SCORERS:
        scores = make_scorer(name).update(one)
        assert scores[0] > scores[1]
        assert scores[0] >= make_scorer(name).enter > scores[1]
    with pytest.raises(ConfigError, match="poisson_cycle"):
        make_scorer("poison_cycle")
