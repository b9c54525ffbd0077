"""Both protocols against plain Polars: candidates, relevance, order, and nothing known from the request on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.batch import CandidateBatch, Requests
from data.dataset import Dataset
from data.errors import DataError
from data.events import HOUR_US, EventBatch
from data.readers import read_log
from data.schema import POSITIVE_ACTIONS
from data.splitters import LeaveLastOut, TimeSplit
from data.synthetic.world import World
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles
from experiments.evaluation.oracle import Oracle
from experiments.evaluation.protocols.alive_tweets import ALIVE_H, AliveTweets
from experiments.evaluation.protocols.catalogue import protocol_for
from experiments.evaluation.protocols.full_catalogue import FullCatalogue
from experiments.evaluation.protocols.request import Step
from features.online import FeatureState
from features.state.seen import WINDOW_US
from ranking.artifact import Bundle
from ranking.scorers.popularity import Popularity
from tests.experiments.evaluation.one_by_one import steps_of

VIEWS = ("tweet.counts", "tweet.facts")
# User 3 rated one film only: nothing can be held out. User 4's are of one moment: the later line is the later.
RATINGS = """userId,movieId,rating,timestamp
1,10,4.0,100
1,20,3.0,200
1,30,5.0,300
2,20,4.0,150
2,10,2.0,400
3,30,1.0,250
4,40,4.5,500
4,10,4.5,500
"""
MOVIES = "movieId,title,genres\n10,A (1990),War\n20,B (1991),Drama\n30,C (1992),War\n40,D (1993),War\n50,E (1994),War\n"


@pytest.fixture(scope="module")
def alive(tiny_dataset: Dataset) -> AliveTweets:
    return AliveTweets(tiny_dataset, TimeSplit().apply(tiny_dataset), requests=60, seed=7)


@pytest.fixture(scope="module")
def steps(alive: AliveTweets) -> list[Step]:
    return list(alive.steps(FeatureState(None, views=VIEWS)))


@pytest.fixture
def films(tmp_path: Path) -> Dataset:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "ratings.csv").write_text(RATINGS)
    (folder / "movies.csv").write_text(MOVIES)
    return read_log("movielens", folder, tmp_path / "data")


def moment(step: Step) -> int:
    return int(step.batch.requests.columns["time_us"][0])


def by_request(rows: pl.DataFrame) -> dict[int, set[int]]:
    grouped = rows.group_by("request_id").agg("tweet_id")
    return {request: set(tweets) for request, tweets in grouped.iter_rows()}


def test_steps_are_requests_of_the_test_in_order_of_time(
    tiny_dataset: Dataset, alive: AliveTweets, steps: list[Step]
) -> None:
    asked = tiny_dataset.scan("requests").collect()
    known = {row["request_id"]: (row["user_id"], row["time_us"]) for row in asked.iter_rows(named=True)}
    assert len(steps) == len(alive) == 60
    assert len({step.request_id for step in steps}) == 60
    for step in steps:
        assert known[step.request_id] == (step.user_id, moment(step))
        assert step.batch.requests.columns["user_id"].tolist() == [step.user_id]
        assert moment(step) >= alive.start_us
    times = [moment(step) for step in steps]
    assert times == sorted(times)
    assert any(step.relevant.any() for step in steps)
    assert not all(step.relevant.any() for step in steps)


def test_candidates_are_all_tweets_alive_and_those_shown(tiny_dataset: Dataset, steps: list[Step]) -> None:
    tweets = tiny_dataset.scan("tweets").collect()
    deleted = tiny_dataset.scan("deletions").select("tweet_id", gone_us="time_us").collect()
    tweets = tweets.join(deleted, on="tweet_id", how="left")
    shown = by_request(tiny_dataset.scan("impressions").collect())
    mutes, blocks = tiny_dataset.scan("mutes").collect(), tiny_dataset.scan("blocks").collect()
    left_out = 0
    for step in steps:
        me, before = step.user_id, pl.col("time_us") < moment(step)
        hidden = {*mutes.filter((pl.col("user_id") == me) & before)["muted_id"].to_list(),
                  *blocks.filter((pl.col("user_id") == me) & before)["blocked_id"].to_list(),
                  *blocks.filter((pl.col("blocked_id") == me) & before)["user_id"].to_list()}  # fmt: skip
        age = moment(step) - pl.col("time_us")
        stands = pl.col("gone_us").is_null() | (pl.col("gone_us") >= moment(step))
        there = tweets.filter((age > 0) & (age < int(ALIVE_H * HOUR_US)) & (pl.col("kind") != "retweet") & stands)
        allowed = there.filter(~pl.col("author_id").is_in(list(hidden)))
        left_out += len(there) - len(allowed)
        expected = set(allowed["tweet_id"].to_list()) if step.relevant.any() else set()
        got = step.batch.columns["tweet_id"].tolist()
        # Ties are broken by the order of the batch: the newer first.
        posted = tweets.filter(pl.col("tweet_id").is_in(got)).sort("time_us", "tweet_id", descending=True)
        assert got == posted["tweet_id"].to_list()
        assert set(got) == expected | shown.get(step.request_id, set())
    assert left_out > 0  # authors who were muted or blocked wrote something that is alive


def test_what_is_relevant_and_shown_is_what_the_log_says_of_that_request(
    tiny_dataset: Dataset, steps: list[Step]
) -> None:
    shown = by_request(tiny_dataset.scan("impressions").collect())
    acted = tiny_dataset.scan("engagements").collect()
    acted = acted.drop_nulls("request_id")
    engaged = by_request(acted.filter(pl.col("action").is_in(POSITIVE_ACTIONS)))
    unwanted = acted.filter(pl.col("action") == "not_interested")
    assert len(unwanted) > 0  # the log does hold what must not count
    for step in steps:
        ids = step.batch.columns["tweet_id"]
        assert set(ids[step.relevant].tolist()) == engaged.get(step.request_id, set())
        assert set(ids[step.shown].tolist()) == shown.get(step.request_id, set())


def test_features_come_from_strictly_before_the_request(tiny_dataset: Dataset, alive: AliveTweets) -> None:
    acted = tiny_dataset.scan("engagements").collect()
    impressions = tiny_dataset.scan("impressions").collect()
    state = FeatureState(None, views=VIEWS)
    counted = 0
    for step in alive.steps(state):
        batch = state.lookup(step.batch, ["tweet.likes", "tweet.age_h"])
        before = acted.filter((pl.col("time_us") < moment(step)) & (pl.col("action") == "like"))
        likes = dict(before.group_by("tweet_id").len().iter_rows())
        expected = [likes.get(one, 0) for one in batch.columns["tweet_id"].tolist()]
        assert batch.columns["tweet.likes"].tolist() == expected
        counted += sum(expected)
        assert (batch.columns["tweet.age_h"] > 0).all()
        lately = pl.col("time_us").is_between(moment(step) - WINDOW_US, moment(step), closed="none")
        mine = impressions.filter((pl.col("user_id") == step.user_id) & lately)["tweet_id"].to_list()
        row = step.batch.requests.columns["user_row"][step.batch.request]
        seen = state.seen.has(row, step.batch.columns["tweet_row"], moment(step))
        assert set(batch.columns["tweet_id"][seen].tolist()) == set(mine) & set(batch.columns["tweet_id"].tolist())
    assert counted > 100


class Recorder:
    """A follower that keeps what it was told."""

    tables = frozenset({"impressions", "engagements"})

    def __init__(self, since_us: int) -> None:
        self.since_us = since_us
        self.told: dict[str, list[int]] = {"impressions": [], "engagements": []}

    def apply(self, events: EventBatch) -> None:
        self.told[events.table] += events.columns[events.spec.key].tolist()


def test_a_follower_is_told_everything_from_its_moment_until_before_the_request(
    tiny_dataset: Dataset, alive: AliveTweets
) -> None:
    times = tiny_dataset.scan("impressions").collect()["time_us"].sort()
    since = int(times[len(times) // 2])
    follower = Recorder(since)
    logs = {name: tiny_dataset.scan(name).collect() for name in follower.tables}
    keys = {"impressions": "impression_id", "engagements": "engagement_id"}
    for step in alive.steps(FeatureState(None, views=VIEWS), follower):
        for name, log in logs.items():
            rows = log.filter((pl.col("time_us") >= since) & (pl.col("time_us") < moment(step)))
            assert follower.told[name] == rows[keys[name]].to_list()


def test_a_follower_that_starts_within_the_test_is_refused(tiny_dataset: Dataset, alive: AliveTweets) -> None:
    assert next(alive.steps(FeatureState(None, views=VIEWS), Recorder(alive.start_us))).request_id > 0
    with pytest.raises(DataError, match="after the test began"):
        next(alive.steps(FeatureState(None, views=VIEWS), Recorder(alive.start_us + 1)))


def test_the_oracle_stands_where_a_replay_from_the_first_day_stands(tiny_dataset: Dataset, alive: AliveTweets) -> None:
    oracle = Oracle.open(tiny_dataset)
    seen = 0
    for at, step in enumerate(alive.steps(FeatureState(None, views=VIEWS), oracle)):
        if at not in (0, len(alive) // 2, len(alive) - 1):
            continue
        fresh = Oracle.open(tiny_dataset)
        fresh.state = World.open(tiny_dataset.truth).start()
        replay = tiny_dataset.replay(sorted(Oracle.tables), after_us=fresh.state.start_us - 1)
        for events in replay.advance(moment(step)):
            fresh.apply(events)
        tweets, expected = oracle.state.tweets, fresh.state.tweets
        assert tweets.tweet_id.tolist() == expected.tweet_id.tolist()
        np.testing.assert_array_equal(tweets.counts, expected.counts)
        np.testing.assert_array_equal(tweets.deleted, expected.deleted)
        np.testing.assert_array_equal(oracle.state.exposures.rows(), fresh.state.exposures.rows())
        np.testing.assert_allclose(oracle.score(step.batch), fresh.score(step.batch), rtol=1e-5)
        seen += 1
    assert seen == 3


def test_true_value_and_welfare_are_sums_of_the_truth_of_one_tweet_after_another(tiny_dataset: Dataset) -> None:
    split, few = TimeSplit().apply(tiny_dataset), EvaluateConfig(requests=60, k=5)
    bundle = Bundle("popularity", Popularity(), None, tiny_dataset.name, tiny_dataset.content_hash)
    _, measured = evaluate_bundles(tiny_dataset, split, {"popularity": bundle}, few)
    protocol, oracle = AliveTweets(tiny_dataset, split, requests=60, seed=few.seed), Oracle.open(tiny_dataset)
    truth, state = oracle.world.truth, oracle.state
    positive = [at for at, action in enumerate(truth.actions) if action in POSITIVE_ACTIONS]
    found: dict[int, dict[str, tuple[float, float]]] = {}
    for step in protocol.steps(FeatureState(None, views=VIEWS), oracle):
        if not step.relevant.any():
            continue
        (user,) = state.user_rows(np.array([step.user_id])).tolist()
        values, welfare = [], []
        for tweet in state.tweet_rows(step.batch.columns["tweet_id"]).tolist():
            requests = Requests({"user_row": np.array([user]), "time_us": np.array([moment(step)])})
            one = CandidateBatch(requests, np.array([0, 1]), {"tweet_row": np.array([tweet])})
            acts = truth.action_probability(state, one)[0]
            values.append(1 - float(np.prod([1 - acts[at] for at in positive])))
            welfare.append(float(truth.welfare(state, one)[0]))
        # Candidates come newest first, and Python's sort keeps that order among equals.
        found[step.request_id] = {
            name: (sum(values[at] for at in best), sum(welfare[at] for at in best))
            for name, by in (("oracle", values), ("welfare_oracle", welfare))
            for best in [sorted(range(len(by)), key=lambda at: -np.float32(by[at]))[:5]]
        }
    assert len(found) > 3
    for name in ("oracle", "welfare_oracle"):
        frame = measured[name].request_frame().filter(pl.col("ndcg").is_not_nan())
        got = {row[0]: row[1:] for row in frame.select("request_id", "true_value", "true_welfare").iter_rows()}
        assert got.keys() == found.keys()
        for request_id, expected in found.items():
            assert got[request_id] == pytest.approx(expected[name], abs=1e-4)


def test_the_sample_follows_the_seed(tiny_dataset: Dataset, alive: AliveTweets, steps: list[Step]) -> None:
    split = TimeSplit().apply(tiny_dataset)

    def ids(seed: int) -> list[int]:
        protocol = AliveTweets(tiny_dataset, split, requests=60, seed=seed)
        return [step.request_id for step in protocol.steps(FeatureState(None, views=VIEWS))]

    assert ids(7) == [step.request_id for step in steps]
    assert set(ids(8)) != set(ids(7))
    assert "seed 7" in alive.describe()
    assert AliveTweets(tiny_dataset, split, requests=10**6, seed=1).describe() != alive.describe()


def test_every_tweet_alive_needs_a_moment_where_the_test_begins(tiny_dataset: Dataset) -> None:
    with pytest.raises(DataError, match="no time where its test begins"):
        AliveTweets(tiny_dataset, LeaveLastOut().apply(tiny_dataset), requests=5, seed=1)


def test_the_full_catalogue_holds_the_last_item_and_none_of_training(films: Dataset) -> None:
    split = LeaveLastOut().apply(films)
    protocol = protocol_for(films, split, requests=100, seed=1)
    assert isinstance(protocol, FullCatalogue)
    asked = {
        step.user_id: (
            set(step.batch.columns["tweet_id"].tolist()),
            step.batch.columns["tweet_id"][step.relevant].tolist(),
            bool(step.shown.any()),
        )
        for step in steps_of(protocol, FeatureState(None, views=VIEWS))
    }
    assert asked == {
        1: ({30, 40, 50}, [30], False),
        2: ({10, 30, 40, 50}, [10], False),
        4: ({10, 20, 30, 50}, [10], False),
    }
    assert len(protocol) == 3
    assert "5 items" in protocol.describe()


def test_the_full_catalogue_knows_training_and_no_held_out_engagement(films: Dataset) -> None:
    split = LeaveLastOut().apply(films)
    state = FeatureState(None, views=("tweet.windows", "user.history"))
    rated = split.train.group_by("user_id").len().collect()
    counts = dict(rated.iter_rows())
    for step in steps_of(FullCatalogue(films, split, requests=100, seed=1), state):
        row = step.batch.requests.columns["user_row"]
        assert state.history.counts(row).tolist() == [counts[step.user_id]]


def test_a_sample_of_users_is_asked(films: Dataset) -> None:
    protocol = FullCatalogue(films, LeaveLastOut().apply(films), requests=2, seed=3)
    users = [step.user_id for step in steps_of(protocol, FeatureState(None, views=VIEWS))]
    assert len(protocol) == len(users) == 2
    assert users == sorted(users)
    assert set(users) < {1, 2, 4}


def test_the_part_for_choosing_models_is_masked_and_not_known(films: Dataset) -> None:
    split = LeaveLastOut(valid=True).apply(films)
    protocol = FullCatalogue(films, split, requests=100, seed=1)
    state = FeatureState(None, views=("user.history",))
    (step,) = steps_of(protocol, state)
    assert step.user_id == 1
    assert set(step.batch.columns["tweet_id"].tolist()) == {30, 40, 50}
    assert state.history.counts(step.batch.requests.columns["user_row"]).tolist() == [1]
    assert "which nobody's history has" in protocol.describe()


def test_drawn_items_stand_for_the_catalogue(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    rows = "".join(f"{user},{7 * user + at},4,{100 + at}\n" for user in range(20) for at in range(5))
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows)
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "".join(f"{at},A,War\n" for at in range(200)))
    dataset = read_log("movielens", folder, tmp_path / "out")
    split, drawn = LeaveLastOut().apply(dataset), dict[int, dict[int, set[int]]]()
    for seed in (1, 1, 2):
        protocol = FullCatalogue(dataset, split, requests=100, seed=seed, negatives=30)
        asked = {}
        for step in steps_of(protocol, FeatureState(None, views=VIEWS)):
            items = set(step.batch.columns["tweet_id"].tolist())
            own = set(range(7 * step.user_id, 7 * step.user_id + 5))
            assert (len(items), items & own) == (31, {max(own)})
            assert step.batch.columns["tweet_id"][step.relevant].tolist() == [max(own)]
            asked[step.user_id] = items
        assert drawn.get(seed, asked) == asked
        drawn[seed] = asked
    assert len({frozenset(one) for one in drawn[1].values()}) == 20
    assert drawn[1] != drawn[2]
    assert "among 30 other items" in protocol.describe()
    # Drawn evenly: of 200 items hardly one is in none of 40 draws of 30.
    assert len(set().union(*drawn[1].values(), *drawn[2].values())) > 190


def test_items_outside_the_core_are_no_candidates(films: Dataset) -> None:
    split = LeaveLastOut(item_core=2).apply(films)
    for step in steps_of(FullCatalogue(films, split, requests=100, seed=1), FeatureState(None, views=VIEWS)):
        assert set(step.batch.columns["tweet_id"].tolist()) <= {10, 20, 30}
