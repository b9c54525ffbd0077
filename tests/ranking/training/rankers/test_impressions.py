"""Training rows of rankers: which impressions, what came of them, and features as they were."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pytest

from data.errors import DataError
from data.schema import ACTIONS
from data.split import splitter
from features.offline import offline_features
from ranking.models.dense import DenseInputs
from ranking.models.history import HISTORY
from ranking.models.ranker_training import RowsConfig
from ranking.training.rankers.impressions import _chances, impressions, labels_of, sampled_rows, shared_impressions
from ranking.training.shared import SharedRows
from tests.features.logs import letters

INPUTS = DenseInputs(columns=("tweet.likes", "pair.interactions", "user.engagements"), interests=False)


@pytest.fixture(scope="module")
def split(tiny_dataset):
    return splitter("time").apply(tiny_dataset)


@pytest.fixture(scope="module")
def every(tiny_dataset, split):
    """All impressions before the test, with what was done in each, read row by row."""
    shown = tiny_dataset.read("impressions").frame().filter(pl.col("time_us") < split.train_before_us)
    done = {}
    acts = tiny_dataset.read("engagements").frame().filter(pl.col("time_us") < split.train_before_us)
    for request, tweet, action in acts.select("request_id", "tweet_id", "action").iter_rows():
        done.setdefault((request, tweet), set()).add(action)
    keys = list(shown.select("request_id", "tweet_id").iter_rows())
    return {key: done.get(key, set()) for key in keys}


def test_all_rows_are_kept_when_there_is_room(tiny_dataset, split, every):
    frame, rate = sampled_rows(tiny_dataset, split, RowsConfig(most=10**8), 1)
    assert rate == 1.0
    assert len(frame) == len(every)
    for request, tweet, bits in frame.select("request_id", "tweet_id", "bits").iter_rows():
        assert {a for code, a in enumerate(ACTIONS) if bits >> code & 1} == every[request, tweet]


def test_every_action_is_kept_and_a_share_of_the_rest(tiny_dataset, split, every):
    acted = sum(bool(done) for done in every.values())
    most = acted + (len(every) - acted) // 4
    assert acted * 2 < most
    frame, rate = sampled_rows(tiny_dataset, split, RowsConfig(most=most), 1)
    assert rate == pytest.approx(0.25, rel=0.01)
    assert int((frame["bits"] > 0).sum()) == acted
    assert len(frame) == pytest.approx(most, rel=0.05)
    again, _ = sampled_rows(tiny_dataset, split, RowsConfig(most=most), 1)
    other, _ = sampled_rows(tiny_dataset, split, RowsConfig(most=most), 2)
    assert frame.equals(again)
    assert not frame.equals(other)


def test_requests_are_thinned_where_actions_alone_are_too_many(tiny_dataset, split, every):
    acted = sum(bool(done) for done in every.values())
    frame, rate = sampled_rows(tiny_dataset, split, RowsConfig(most=max(100, acted // 2), evened=0), 1)
    kept = set(frame["request_id"].to_list())
    expected = sum(bool(done) for (request, _), done in every.items() if request in kept)
    assert int((frame["bits"] > 0).sum()) == expected
    assert 0 < rate < 1
    assert len(frame) == pytest.approx(acted // 2, rel=0.2)


def test_an_action_that_is_not_named_keeps_no_impression(tiny_dataset, split):
    every, _ = sampled_rows(tiny_dataset, split, RowsConfig(most=10_000_000), 1)
    config = RowsConfig(most=len(every) // 2)
    frame, rate = sampled_rows(tiny_dataset, split, config, 1, ("like",))
    liked = int((every["bits"].to_numpy() & 1).sum())
    assert int(frame["bits"].sum()) == liked
    assert frame["bits"].is_in([0, 1]).all()
    others = every.filter((pl.col("bits") > 1) & (pl.col("bits") % 2 == 0)).select("request_id", "tweet_id")
    kept = len(frame.join(others, on=["request_id", "tweet_id"], how="semi"))
    assert 0 < rate < 1
    assert kept == pytest.approx(rate * len(others), rel=0.15)


def test_chances_by_hand():
    """Half of 1,000 rows as logged, the other half of the rare ones, of which there are 1,000."""
    counted = pl.DataFrame({"propensity": [1e-6, 1e-2], "acted": [500, 4500], "others": [500, 94_500]})
    few = counted["acted"].sum() / counted["others"].sum()
    rows = np.array([500 + 500 * few, 4500 + 94_500 * few])
    c = 500 / (rows[0] / 1e-6 + rows[1] / 1e-2)
    assert _chances(counted, RowsConfig(most=1000, evened=0.5)) == pytest.approx((0.05, c, few))


def test_no_more_than_the_rarest_are_chosen_by_propensity():
    """All 200 that are rare, a ten-thousandth of the 1,800 others; what is left of 1,000 are requests as logged."""
    counted = pl.DataFrame({"propensity": [1e-6, 1e-2], "acted": [100, 900], "others": [900, 8100]})
    chances = _chances(counted, RowsConfig(most=1000, evened=0.5))
    assert chances == pytest.approx(((1000 - 200.18) / 2 / 1000, 1e-6, 1 / 9))
    unknown = counted.with_columns(propensity=pl.lit(None, pl.Float64))
    assert _chances(unknown, RowsConfig(most=1000, evened=0.5)) == pytest.approx((0.5, 0.0, 1 / 9))
    assert _chances(counted, RowsConfig(most=2000, evened=0.5)) == pytest.approx((1.0, 0.0, 1 / 9))
    assert _chances(counted.with_columns(acted=0), RowsConfig()) is None


@pytest.fixture(scope="module")
def shown(tiny_dataset, every):
    """Its impressions with their propensity and whether anything was done."""
    rows = [(request, tweet, bool(acts)) for (request, tweet), acts in every.items()]
    done = pl.DataFrame(rows, schema=["request_id", "tweet_id", "acted"], orient="row")
    known = tiny_dataset.read("impressions").frame().select("request_id", "tweet_id", "propensity")
    return done.join(known, on=["request_id", "tweet_id"])


@pytest.mark.parametrize("evened", [0.5, 0.9])
def test_a_row_is_kept_with_its_request_or_as_if_all_tweets_had_been_shown_alike(tiny_dataset, split, shown, evened):
    """Of rare and of common impressions as many as the chances say, of those acted on and of the others."""
    config = RowsConfig(most=shown["acted"].sum() // 2, evened=evened)
    frame, rate = sampled_rows(tiny_dataset, split, config, 1)
    assert 0.8 * config.most < len(frame) < 1.1 * config.most
    p, acted = shown["propensity"].to_numpy(), shown["acted"].to_numpy()
    counted = shown.group_by("propensity").agg(acted=pl.col("acted").sum(), others=(~pl.col("acted")).sum())
    chances = _chances(counted, config)
    assert rate == pytest.approx(chances.rate)
    chance = 1 - (1 - chances.request) * (1 - np.minimum(1, chances.evened / p))
    kept = shown.join(frame, on=["request_id", "tweet_id"], how="semi", maintain_order="left")
    for rare in (True, False):
        group = (p <= np.median(p)) == rare
        found = kept.filter((pl.col("propensity") <= np.median(p)) == rare)["acted"]
        for count, expected in (
            (found.sum(), chance[group & acted].sum()),
            ((~found).sum(), rate * chance[group & ~acted].sum()),
        ):
            assert count == pytest.approx(expected, abs=4 * expected**0.5)


def test_without_propensities_requests_are_taken_as_they_were_logged(tiny_dataset, split, every, monkeypatch):
    acted = sum(bool(done) for done in every.values())
    scan = type(tiny_dataset).scan
    blank = pl.lit(None, pl.Float64).alias("propensity")
    monkeypatch.setattr(
        type(tiny_dataset), "scan",
        lambda self, name, **more: scan(self, name, **more).with_columns(blank if name == "impressions" else []),
    )  # fmt: skip
    frame, _ = sampled_rows(tiny_dataset, split, RowsConfig(most=acted // 2), 1)
    plain, _ = sampled_rows(tiny_dataset, split, RowsConfig(most=acted // 2, evened=0), 1)
    assert frame.equals(plain)


def test_rows_stand_at_their_requests_and_hold_out_the_last(tiny_dataset, split):
    requests = dict(tiny_dataset.read("requests").frame().select("request_id", "time_us").iter_rows())
    frame, _ = sampled_rows(tiny_dataset, split, RowsConfig(most=2000), 1)
    assert all(requests[request] == at for request, at in frame.select("request_id", "time_us").iter_rows())
    made = impressions(tiny_dataset, split, INPUTS, RowsConfig(most=2000), understanding=None, seed=1)
    assert (np.diff(made.time_us) >= 0).all()
    held = made.validation
    assert made.time_us[held].min() >= made.time_us[~held].max()
    assert len(np.unique(made.request[held])) == round(0.15 * (made.request[-1] + 1))
    assert not set(made.request[held]) & set(made.request[~held])


def test_features_and_histories_are_those_of_the_offline_engine(tiny_dataset, split):
    made = impressions(tiny_dataset, split, INPUTS, RowsConfig(most=1500), understanding=None, histories=True, seed=1)
    at = np.arange(0, len(made), 97)
    rows = pl.DataFrame({name: getattr(made, name)[at] for name in ("user_id", "tweet_id", "time_us")})
    batch = offline_features(tiny_dataset, rows, [*INPUTS.reads, *HISTORY], None)
    assert np.array_equal(made.x[at], INPUTS.matrix(batch.column, len(batch)))
    assert np.array_equal(made.author_id[at], batch.column("author_id"))
    index, known = made.histories.padded(made.request[at], 200)
    theirs = batch.requests.columns[HISTORY[0]][:, : known.shape[1]]
    assert np.array_equal(np.where(known, made.histories.authors[index], -1), theirs)


def test_weights_stand_for_all_impressions(tiny_dataset, split, every):
    most = 2 * sum(bool(done) for done in every.values()) + 100
    made = impressions(tiny_dataset, split, INPUTS, RowsConfig(most=most), understanding=None, seed=1)
    assert made.rate < 1
    assert made.weight.sum() == pytest.approx(len(every), rel=0.05)
    assert made.known.tolist() == [
        bool((made.labels[~made.validation, a] == 1).any()) for a in range(len(made.actions))
    ]


def test_labels_by_hand():
    bits = np.array([0b1, 0b101, 0])
    assert labels_of(bits, ("like", "retweet", "quote")).tolist() == [[1, 0, -1], [1, 1, -1], [0, 0, -1]]


def test_a_split_without_a_time_is_refused(tiny_dataset):
    with pytest.raises(DataError, match="no time before which"):
        sampled_rows(tiny_dataset, splitter("random_ratio").apply(tiny_dataset), RowsConfig(), 1)


@pytest.mark.parametrize(("acted", "others"), [(310_000, 100_000), (550_000, 40_000), (2_000_000, 100_000)])
def test_where_most_impressions_have_an_action_as_many_are_kept_as_configured(acted, others):
    counted = pl.DataFrame(
        {"propensity": [None], "acted": [acted], "others": [others]},
        {"propensity": pl.Float64, "acted": pl.Int64, "others": pl.Int64},
    )
    chances = _chances(counted, RowsConfig(most=600_000))
    kept = chances.request * (acted + chances.rate * others)
    assert kept == pytest.approx(min(600_000, acted + others))


def test_rows_are_made_anew_only_where_another_ranker_needs_others(tiny_dataset, split):
    same, config = partial(shared_impressions, SharedRows()), RowsConfig(most=500)
    query = {"understanding": None, "seed": 1}
    first = same(tiny_dataset, split, INPUTS, config, **query)
    assert same(tiny_dataset, split, INPUTS, config, **query) is first
    assert np.array_equal(first.x, impressions(tiny_dataset, split, INPUTS, config, **query).x)
    others = [{"actions": ("like",)}, {"histories": True}, {"seed": 2}]
    for more in others:
        given = query | more
        made = same(tiny_dataset, split, INPUTS, config, **given)
        again = impressions(tiny_dataset, split, INPUTS, config, **given)
        assert made.actions == again.actions
        assert np.array_equal(made.tweet_id, again.tweet_id)
        assert (made.histories is None) == (again.histories is None)
    fewer = same(tiny_dataset, split, INPUTS, RowsConfig(most=200), **query)
    assert len(fewer) < len(first)
    assert (
        shared_impressions(SharedRows(histories=True), tiny_dataset, split, INPUTS, config, **query).histories
        is not None
    )


def test_texts_are_read_once_however_many_chunks_are_looked_up(tiny_dataset, split, monkeypatch):
    read, understanding = [], letters()
    encode = type(understanding.encoder).encode

    def counted(self, texts):
        read.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(type(understanding.encoder), "encode", counted)
    monkeypatch.setattr("ranking.training.rankers.impressions._CHUNK", 64)
    inputs, shared = DenseInputs(columns=("tweet.sentiment",)), SharedRows()
    for seed in (1, 2):
        config = RowsConfig(most=500)
        shared_impressions(shared, tiny_dataset, split, inputs, config, understanding=understanding, seed=seed)
    assert len(read) == tiny_dataset.rows("tweets")
