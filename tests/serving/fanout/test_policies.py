"""What each policy pushes, what it leaves and what it loses, at the very thresholds."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data.errors import ConfigError
from data.events import HOUR_US
from serving.fanout.catalogue import POLICIES, make_policy
from serving.fanout.config import FanoutConfig
from serving.fanout.edges import COLUMNS
from serving.fanout.most_active import most_active
from serving.fanout.policies.classic import Classic
from serving.fanout.policies.follower_count import SCALES, FollowerCount
from serving.fanout.policies.lossy import Lossy
from serving.fanout.policies.per_edge import PerEdge
from serving.fanout.policy import MODES, Edges
from serving.settings import Settings

NOW = 1_767_571_200_000_000


def of_one(**columns: list[float]) -> Edges:
    """The edges of one tweet."""
    arrays = {name: np.array(values) for name, values in columns.items()}
    return Edges(np.array([0, len(next(iter(arrays.values())))]), arrays)


def modes(policy: FollowerCount | Classic, followers: list[int]) -> list[str]:
    return [MODES[code] for code in policy.mode(np.array(followers))]


def test_classic_pushes_below_the_first_threshold_and_pulls_from_the_second_on() -> None:
    policy = Classic(push_below=10, pull_from=20)
    assert modes(policy, [0, 9, 10, 19, 20, 10**6]) == ["push", "push", "hybrid", "hybrid", "pull", "pull"]
    assert modes(Classic(push_below=10, pull_from=10), [9, 10]) == ["push", "pull"]
    assert (Classic().push_below, Classic().pull_from, Classic().active_within_h) == (1_000, 100_000, 24)


@given(st.lists(st.sampled_from([-1, 0, 1, 2 * HOUR_US - 1, 2 * HOUR_US, 2 * HOUR_US + 1, 10 * HOUR_US]), min_size=1))
def test_classic_pushes_between_them_to_whoever_was_active_within_the_hours(idle_us: list[int]) -> None:
    edges = of_one(active_us=[NOW - one for one in idle_us], time_us=[NOW] * len(idle_us))
    assert Classic(active_within_h=2).push(edges).tolist() == [one <= 2 * HOUR_US for one in idle_us]


def test_follower_count_is_its_mirror_with_the_words_of_the_modelled_system() -> None:
    assert modes(FollowerCount(), [0, 9_999, 10_000, 999_999, 1_000_000]) == ["pull", "pull", "push", "push", "hybrid"]
    assert (FollowerCount().active_share, FollowerCount().active_most) == (0.1, 100_000)
    small = FollowerCount(scale="small", push_below=500)
    assert (small.pull_below, small.push_below, small.active_most) == (SCALES["small"][0], 500, SCALES["small"][2])


def test_follower_count_pushes_above_them_to_the_tenth_that_is_most_active() -> None:
    acts = [float(one) for one in np.random.default_rng(1).permutation(40)]
    pushed = FollowerCount().push(of_one(acts_per_h=acts))
    assert sorted(acts[at] for at in np.flatnonzero(pushed)) == [36, 37, 38, 39]
    pushed = FollowerCount(active_most=3).push(of_one(acts_per_h=acts))
    assert sorted(acts[at] for at in np.flatnonzero(pushed)) == [37, 38, 39]


@given(
    st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=5),
    st.lists(st.integers(0, 7), min_size=5, max_size=5),
)
def test_the_most_active_are_those_first_in_order(lists: list[list[int]], most: list[int]) -> None:
    offsets = np.cumsum([0, *map(len, lists)])
    acts = np.array([one for part in lists for one in part], float)
    chosen = most_active(offsets, acts, np.array(most[: len(lists)]))
    for at, part in enumerate(lists):
        first = sorted(range(len(part)), key=lambda one: (-part[one], one))[: most[at]]
        assert np.flatnonzero(chosen[offsets[at] : offsets[at + 1]]).tolist() == sorted(first)


def test_per_edge_pushes_where_reads_over_posts_exceed_the_ratio() -> None:
    edges = of_one(reader_reads_per_h=[1.0, 2.0, 2.1, 0.0, 1.0], author_posts_per_h=[1.0, 1.0, 1.0, 0.0, 0.0])
    assert PerEdge().push(edges).tolist() == [False, True, True, False, True]
    assert PerEdge(cost_ratio=2).push(edges).tolist() == [False, False, True, False, True]


def test_lossy_pushes_within_its_budget_to_those_who_are_there() -> None:
    edges = of_one(active_us=[NOW, NOW - HOUR_US, NOW - 1, NOW], time_us=[NOW] * 4, acts_per_h=[1.0, 9.0, 3.0, 2.0])
    policy = Lossy(active_within_h=0.5, budget=2)
    assert policy.push(edges).tolist() == [False, False, True, True]
    assert Lossy(active_within_h=1, budget=1).push(edges).tolist() == [False, True, False, False]
    assert policy.lost(edges) is not None


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_each_policy_is_chosen_by_name_and_reads_columns_that_there_are(name: str) -> None:
    policy = FanoutConfig(policy=name).make_policy()
    assert set(policy.reads) <= COLUMNS.keys()
    edges = Edges(np.array([0, 2, 3]), {one: np.ones(3) for one in policy.reads})
    assert policy.mode(np.array([1, 2])).shape == (2,)
    assert policy.push(edges).shape == (3,)
    lost = policy.lost(edges)
    assert (lost is None) == (name != "lossy")


def test_what_is_not_understood_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"unknown fan-out policy 'pusch'; did you mean 'push'\?"):
        make_policy("pusch")
    with pytest.raises(ValidationError, match=r"push_below \(20\) is below pull_below \(30\)"):
        FollowerCount(pull_below=30, push_below=20)
    with pytest.raises(ValidationError, match="pull_from"):
        Classic(push_below=10, pull_from=5)
    monkeypatch.setenv("ROOKERY_FANOUT__POLICY", "clasic")
    with pytest.raises(ConfigError, match=r"ROOKERY_FANOUT__POLICY \('clasic'\).*did you mean 'classic'"):
        Settings.read()
    monkeypatch.setenv("ROOKERY_FANOUT__POLICY", "per-edge")
    monkeypatch.setenv("ROOKERY_FANOUT__SETTINGS__COST_RATIO", "-2")
    with pytest.raises(ConfigError, match=r"ROOKERY_FANOUT__SETTINGS .*policy 'per-edge': cost_ratio \('-2'\)"):
        Settings.read()
    monkeypatch.setenv("ROOKERY_FANOUT__SETTINGS__COST_RATIO", "2.5")
    policy = Settings.read().fanout.make_policy()
    assert isinstance(policy, PerEdge)
    assert policy.cost_ratio == 2.5
    monkeypatch.setenv("ROOKERY_FANOUT__SETTINGS", '{"budget": 3}')
    with pytest.raises(ConfigError, match=r"ROOKERY_FANOUT__SETTINGS .*policy 'per-edge': budget"):
        Settings.read()


def test_the_policy_of_the_page_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "fanout.md").read_text()
    code, line = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "loyal.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    ((name, target),) = eval("{" + line + "}").items()
    monkeypatch.setitem(POLICIES, name, target.replace("serving.fanout.policies.", ""))
    policy = FanoutConfig(policy="loyal", settings={"often": 2}).make_policy()
    assert policy.push(of_one(acts_per_h=[1.0, 2.0])).tolist() == [False, True]
    assert policy.lost(of_one(acts_per_h=[1.0])) is None
