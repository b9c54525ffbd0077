"""The standing follow graph against the published figures of the real network, and against its own promises."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from data.batch import F64, I64, Mask
from data.events import DAY_US
from data.synthetic.config import WorldConfig
from data.synthetic.graph import follow_events, follow_times, make_graph
from data.synthetic.graph_kernels import I32
from data.synthetic.people import People, make_people

Graph = tuple[I32, I32]
CONFIG = WorldConfig(people=6_000)


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG)


@pytest.fixture(scope="module")
def graph(people: People) -> Graph:
    return make_graph(CONFIG, people)


@pytest.fixture(scope="module")
def times(people: People, graph: Graph) -> I64:
    return follow_times(CONFIG, people, *graph)


def keys(graph: Graph, count: int) -> I64:
    return graph[0].astype(np.int64) * count + graph[1]


def answers(graph: Graph, count: int) -> I64:
    """[E] the edge that returns each edge, -1 for none."""
    known, wanted = keys(graph, count), keys(graph[::-1], count)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, at, -1)


def exponent(degrees: I64) -> float:
    """Discrete maximum likelihood on the greatest tenth (Clauset, Shalizi, Newman 2009)."""
    low = np.ceil(np.quantile(degrees, 0.9))
    tail = degrees[degrees >= low]
    return float(1 + len(tail) / np.log(tail / (low - 0.5)).sum())


def local_clustering(graph: Graph, count: int) -> F64:
    """[people of degree >= 2] share of a person's undirected neighbours who are neighbours."""
    one = csr_array((np.ones(len(graph[0])), graph), shape=(count, count))
    both = ((one + one.T) > 0).astype(np.float64)
    degree = both.sum(axis=1)
    triangles = ((both @ both) * both).sum(axis=1)
    many = degree >= 2
    share: F64 = triangles[many] / (degree[many] * (degree[many] - 1))
    return share


def transitivity(graph: Graph, count: int) -> float:
    """Share of the pairs of neighbours of anyone who are joined."""
    one = csr_array((np.ones(len(graph[0])), graph), shape=(count, count))
    both = ((one + one.T) > 0).astype(np.float64)
    degree = both.sum(axis=1)
    return float(((both @ both) * both).sum() / (degree * (degree - 1)).sum())


@settings(max_examples=30, deadline=None)
@given(
    people=st.integers(10, 300),
    seed=st.integers(0, 2**63 - 1),
    follows=st.floats(0.5, 9.5),
    topics=st.sampled_from((4, 48)),
)
def test_each_pair_is_listed_once_in_order_without_loops(people: int, seed: int, follows: float, topics: int) -> None:
    config = WorldConfig(people=people, seed=seed, follows=follows, topics=topics)
    all_people = make_people(config)
    graph = make_graph(config, all_people)
    assert [side.dtype for side in graph] == [np.int32, np.int32]
    assert (np.diff(keys(graph, people)) > 0).all()
    assert (graph[0] != graph[1]).all()
    assert min(graph[0].min(), graph[1].min()) >= 0
    assert max(graph[0].max(), graph[1].max()) < people
    time = follow_times(config, all_people, *graph)
    assert (time > all_people.created_us[np.maximum(*graph)]).all()
    assert (time < config.start_us).all()


def test_threads_change_no_byte(people: People, graph: Graph, times: I64) -> None:
    before = numba.get_num_threads()
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            again = make_graph(CONFIG, people)
            assert [side.tobytes() for side in again] == [side.tobytes() for side in graph]
            assert follow_times(CONFIG, people, *again).tobytes() == times.tobytes()
    finally:
        numba.set_num_threads(before)


def test_another_seed_makes_another_graph_of_the_same_people(people: People, graph: Graph, times: I64) -> None:
    config = CONFIG.model_copy(update={"seed": 2})
    common = np.intersect1d(keys(graph, len(people)), keys(make_graph(config, people), len(people)))
    assert len(common) < 0.5 * len(graph[0])
    assert (follow_times(config, people, *graph) != times).mean() > 0.99


@pytest.mark.parametrize(("count", "follows"), [(50, 10.8), (1_000, 19.6), (60_000, 40.1)])
def test_people_follow_as_many_as_the_config_asks_for_and_at_full_scale_forty(count: int, follows: float) -> None:
    config = WorldConfig(people=count)
    assert len(make_graph(config, make_people(config))[0]) / count == pytest.approx(follows, rel=0.06)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_graph_has_the_published_shape(seed: int) -> None:
    config = CONFIG.model_copy(update={"seed": seed})
    count = config.people
    graph = make_graph(config, make_people(config))
    followed, followers = (np.bincount(side, minlength=count) for side in graph)
    assert 0.30 < (answers(graph, count) >= 0).mean() < 0.42
    assert 2.1 < exponent(followers) < 2.7
    assert 0.25 < local_clustering(graph, count).mean() < 0.4
    assert -0.3 < np.corrcoef(followed[graph[0]], followers[graph[1]])[0, 1] < -0.1
    assert followers.max() > 12 * followers.mean()
    assert followed.max() > 12 * followed.mean()
    assert np.median(followed) < 0.85 * followed.mean()


@pytest.mark.parametrize("seed", [1, 911])
def test_giants_hold_many_follows_and_a_quarter_of_people_none(seed: int) -> None:
    config = CONFIG.model_copy(update={"seed": seed})
    count = config.people
    graph = make_graph(config, make_people(config))
    followers = np.sort(np.bincount(graph[1], minlength=count))[::-1]
    assert (followers == 0).mean() == pytest.approx(0.27, abs=0.01)
    assert followers[: count // 100].sum() > 0.2 * len(graph[0])
    assert 0.1 < followers[0] / count < 0.3
    assert transitivity(graph, count) < 0.095


def test_the_unfollowed_are_the_least_attractive_and_follow_the_well_known(people: People, graph: Graph) -> None:
    count = len(people)
    followed, followers = (np.bincount(side, minlength=count) for side in graph)
    nobody = followers == 0
    assert np.median(people.appeal[nobody]) < 0.4 * np.median(people.appeal[~nobody])
    assert followed[nobody].mean() < 0.65 * followed[~nobody].mean()
    top = followers >= np.sort(followers)[-count // 50]
    to_top = top[graph[1]]
    assert to_top[nobody[graph[0]]].mean() > 1.3 * to_top[~nobody[graph[0]]].mean()
    assert to_top[top[graph[0]]].mean() < 0.5 * to_top[~top[graph[0]]].mean()


def test_stars_return_few_follows(people: People, graph: Graph) -> None:
    returned = answers(graph, len(people)) >= 0
    followers = np.bincount(graph[1])[graph[1]]
    assert returned[followers > 200].mean() < 0.3 * returned[followers < 50].mean()


def test_people_follow_their_like(people: People, graph: Graph) -> None:
    rng = np.random.default_rng(1)
    chance = rng.integers(0, len(people), (2, 50_000))

    def similar(pairs: Graph | I64) -> float:
        a, b = (people.interests[side] / np.linalg.norm(people.interests[side], axis=1)[:, None] for side in pairs)
        return float((a * b).sum(axis=1).mean())

    def near(pairs: Graph | I64) -> float:
        return float((people.style[pairs[0]] * people.style[pairs[1]]).sum(axis=1).mean())

    def same(column: I64, pairs: Graph | I64) -> float:
        equal: Mask = column[pairs[0]] == column[pairs[1]]
        return float(equal.mean())

    assert 0.92 < same(people.language, graph) < 0.995
    compatriots = chance[:, people.language[chance[0]] == people.language[chance[1]]]
    assert same(people.place, graph) > 1.95 * same(people.place, compatriots)
    assert similar(graph) > 1.9 * similar(chance)
    assert near(graph) > near(chance) + 0.07


def test_follows_come_after_both_accounts_and_before_the_start(people: People, graph: Graph, times: I64) -> None:
    assert (times > np.maximum(people.created_us[graph[0]], people.created_us[graph[1]])).all()
    assert (times < CONFIG.start_us).all()


def test_the_popular_gain_sooner_and_follows_are_answered_soon(people: People, graph: Graph, times: I64) -> None:
    born = people.created_us[np.maximum(*graph)]
    lived = (times - born) / (CONFIG.start_us - born)
    followers = np.bincount(graph[1])[graph[1]]
    assert np.median(lived[followers > 200]) < 0.7 * np.median(lived[followers < 50])
    back = answers(graph, len(people))
    gap = np.abs(times - times[back])[back >= 0]
    assert 0.1 * DAY_US < np.median(gap) < DAY_US


def test_the_young_have_fewer_followers(people: People, graph: Graph) -> None:
    followers = np.bincount(graph[1], minlength=len(people))
    age = CONFIG.start_us - people.created_us
    assert np.median(followers[age < 365 * DAY_US]) < 0.88 * np.median(followers[age > 1000 * DAY_US])


def test_events_are_the_follows_in_order_of_time(people: People, graph: Graph, times: I64) -> None:
    events = follow_events(CONFIG, people, *graph).columns
    order = np.argsort(times, kind="stable")
    assert np.array_equal(events["time_us"], times[order])
    assert np.array_equal(events["follower_id"], people.user_id[graph[0]][order])
    assert np.array_equal(events["followee_id"], people.user_id[graph[1]][order])
    assert (np.diff(events["follow_id"]) > 0).all()
    assert not events["ended"].any()
