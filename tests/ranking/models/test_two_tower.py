"""The two-tower model as a scorer and a retriever, on batches made by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data.batch import CandidateBatch, Ragged, Requests
from data.errors import ConfigError, ModelError
from ranking.models.inputs import Bags, dense, dense_names, distinct, hash_buckets, splitmix64
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig
from ranking.scorer import Retriever
from ranking.training.two_tower.fit import two_tower_config

TEXT, TOPICS = 12, 5
TWEETS = TwoTowerConfig(dim=16, hidden=24, user_buckets=64, author_buckets=64).fitted(text_dim=TEXT, topic_count=TOPICS)
THREE = TWEETS.model_copy(update={"members": 3})
ITEMS = TwoTowerConfig.items().model_copy(update={"dim": 16}).fitted(text_dim=TEXT, topic_count=TOPICS)


def _model(config=TWEETS, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TwoTower(config, TowerPairs(config))


def _padded(rng, rows, width):
    ids = rng.integers(1, 40, (rows, width))
    return np.where(np.arange(width) < rng.integers(0, width + 1, rows)[:, None], ids, -1)


def _batch(lengths, seed=0, config=TWEETS):
    rng = np.random.default_rng(seed)
    count, rows = len(lengths), int(np.sum(lengths))
    requests = {name: rng.integers(0, 50, count).astype(np.float32) for name in config.user_dense}
    requests |= {
        "user_row": np.arange(count), "time_us": np.zeros(count, np.int64), "user_id": rng.integers(1, 99, count),
        "user.following_ids": _padded(rng, count, 7), "user.history_authors": _padded(rng, count, 5),
        "user.history_tweets": _padded(rng, count, 5), "user.interests": rng.random((count, TOPICS)),
        "user.taste": rng.normal(size=(count, TEXT)).astype(np.float32),
    }  # fmt: skip
    columns = {name: rng.integers(0, 50, rows).astype(np.float32) for name in config.tweet_dense}
    columns |= {
        "tweet_row": np.arange(rows), "tweet_id": rng.integers(1, 40, rows), "author_id": rng.integers(1, 40, rows),
        "tweet.embedding": rng.normal(size=(rows, TEXT)).astype(np.float32),
        "tweet.topics": rng.integers(-1, TOPICS, (rows, 3)).astype(np.int16),
    }  # fmt: skip
    return CandidateBatch(Requests(requests), np.r_[0, np.cumsum(lengths)].astype(np.int64), columns)


def test_splitmix64_is_the_published_sequence():
    # The generator's first outputs from seed 1234567: state advances by the golden ratio, the output is its mix.
    golden = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + i * golden) % 2**64 for i in range(3)], np.uint64)
    assert splitmix64(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_two_hashes_tell_entities_apart():
    buckets = hash_buckets(np.arange(5000), 16384)
    assert buckets.min() >= 0
    assert buckets.max() < 16384
    assert len(np.unique(buckets, axis=0)) == 5000
    assert len(np.unique(buckets[:, 0])) < 5000


def test_distinct_codes_point_back_and_leave_padding():
    first, second = np.array([[7, -1], [3, 7]]), np.array([9, 3])
    ids, (a, b) = distinct([first, second])
    assert ids.tolist() == [3, 7, 9]
    assert a.tolist() == [[1, -1], [0, 1]]
    assert ids[b].tolist() == second.tolist()


def test_bags_take_and_concat():
    bags = Bags.from_padded(np.array([[4, -1, 2], [-1, -1, -1], [9, 8, 7]]))
    assert (bags.codes.tolist(), bags.offsets.tolist()) == ([4, 2, 9, 8, 7], [0, 2, 2, 5])
    taken = Bags.concat([bags.take(np.array([2, 1])), bags.take(np.array([0]))])
    assert (taken.codes.tolist(), taken.offsets.tolist()) == ([9, 8, 7, 4, 2], [0, 3, 3, 5])


def test_dense_columns():
    columns = {"tweet.age_h": np.array([8.0]), "tweet.likes": np.array([3]), "tweet.sentiment": np.array([np.nan])}
    values = dense(columns.__getitem__, list(columns), 1)
    assert values.shape == (1, len(dense_names(list(columns))))
    assert values[0] == pytest.approx([np.log(9), 1 / 6, np.exp(-4), np.exp(-1), np.log(4), 0])


@pytest.mark.parametrize("config", [TWEETS, ITEMS], ids=["tweets", "items"])
def test_score_is_the_cosine_of_unit_vectors(config):
    model, batch = _model(config), _batch([4, 0, 6], config=config)
    users, tweets = model.user_vectors(batch), model.tweet_vectors(batch)
    assert isinstance(model, Retriever)
    assert users.shape == (3, model.dim)
    assert np.linalg.norm(users, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(tweets, axis=1) == pytest.approx(1, abs=1e-5)
    scores = model.score(batch)
    assert scores.dtype == np.float32
    assert scores == pytest.approx((users[batch.request] * tweets).sum(axis=1), abs=1e-5)


def test_several_members_are_one_model_of_their_mean_cosine():
    model, batch = _model(THREE), _batch([4, 0, 6])
    alone = []
    for at in range(3):
        one = _model()
        one.towers.members[0].load_state_dict(model.towers.members[at].state_dict())
        alone.append(one.score(batch))
    assert np.abs(alone[0] - alone[1]).max() > 0.1
    np.testing.assert_allclose(model.score(batch), np.mean(alone, axis=0), atol=1e-6)
    users, tweets = model.user_vectors(batch), model.tweet_vectors(batch)
    assert users.shape[1] == tweets.shape[1] == model.dim == 3 * TWEETS.dim
    for vectors in (users, tweets):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("config", [TWEETS, THREE])
@settings(deadline=None, max_examples=30)
@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=5), seed=st.integers(0, 2**32 - 1))
def test_a_score_does_not_depend_on_its_neighbours(config, lengths, seed):
    model, batch = _model(config), _batch(lengths, seed)
    together = model.score(batch)
    for b in range(len(lengths)):
        rows = np.arange(batch.offsets[b], batch.offsets[b + 1])[::-1]
        one = CandidateBatch(batch.requests.take(np.array([b])), np.array([0, len(rows)]), batch.columns)
        alone = one.take(Ragged(np.array([0, len(rows)]), rows))
        assert model.score(alone) == pytest.approx(together[rows], abs=2e-6)


def test_the_reader_matters_to_the_order_and_the_tweet_id_only_for_items():
    batch = _batch([8])
    same = batch.with_columns({"tweet_id": batch.columns["tweet_id"] + 1000})
    assert (_model().score(same) == _model().score(batch)).all()
    assert not np.allclose(_model(ITEMS).score(same), _model(ITEMS).score(batch))
    other = batch.with_requests({"user.following_ids": batch.requests.columns["user.following_ids"][:, ::-1] + 3})
    assert not np.allclose(_model().score(other), _model().score(batch))


def test_a_new_model_already_prefers_authors_that_the_reader_follows():
    config = TWEETS.model_copy(update={"dim": 64, "author_buckets": 4096, "text": False, "topics": False})
    batch = _batch([200])
    followed = np.arange(1, 8)[None]
    authors = np.r_[np.arange(1, 8), np.arange(100, 293)]
    batch = batch.with_requests({"user.following_ids": followed, "user.history_authors": np.full((1, 5), -1)})
    batch = batch.with_columns({"author_id": authors})
    scores = np.mean([_model(config, seed).score(batch) for seed in range(5)], axis=0)
    assert scores[:7].mean() > scores[7:].mean() + 2 * scores[7:].std()


def test_artifact_round_trip():
    model, batch = _model(), _batch([5, 3])
    settings_, weights = model.artifact()
    again = TwoTower.from_artifact(settings_, weights)
    assert (again.score(batch) == model.score(batch)).all()
    assert again.reads == model.reads
    assert again.temperature == pytest.approx(0.07)
    weights.pop("members.0.log_scale")
    with pytest.raises(ModelError, match="log_scale"):
        TwoTower.from_artifact(settings_, weights)


def test_reads_follow_from_the_config():
    assert {"user.following_ids", "author_id", "tweet.embedding", "tweet.age_h"} <= set(TWEETS.reads)
    bare = TwoTowerConfig.items().fitted(text_dim=0, topic_count=0)
    assert set(bare.reads) == {"user.history_tweets", "tweet_id"}


def test_what_does_not_fit_is_named():
    batch = _batch([3])
    short = batch.with_columns({"tweet.embedding": batch.columns["tweet.embedding"][:, :4]})
    with pytest.raises(ModelError, match=r"tweet\.embedding"):
        _model().score(short)
    requests = {k: v for k, v in batch.requests.columns.items() if k != "user.following_ids"}
    with pytest.raises(ModelError, match=r"user\.following_ids"):
        _model().score(CandidateBatch(Requests(requests), batch.offsets, batch.columns))
    with pytest.raises(ValidationError, match="history_tweets"):
        TwoTowerConfig(history_tweets=True)


def test_settings_are_laid_over_the_preset():
    config = two_tower_config({"dim": 32, "training": {"epochs": 3}}, catalogue=True)
    assert (config.dim, config.training.epochs, config.training.sampling) == (32, 3, "catalogue")
    assert config.tweet_buckets == TwoTowerConfig.items().tweet_buckets
    with pytest.raises(ConfigError, match=r"training\.epoch"):
        two_tower_config({"training": {"epoch": 3}}, catalogue=False)


def test_a_small_timeless_log_gets_several_members_and_a_large_one_a_single_pair():
    few, many = (two_tower_config({}, catalogue=True, timeless=True, positives=n) for n in (90_000, 2_000_000))
    assert (few.members, many.members) == (8, 1)
    assert two_tower_config({"members": 2}, catalogue=True, timeless=True, positives=10**7).members == 2


@pytest.mark.parametrize("length", [1.0, 0.2])
def test_new_ids_have_vectors_of_the_configured_length(length):
    model = _model(TWEETS.model_copy(update={"dim": 64, "author_buckets": 4096, "id_length": length}))
    vectors = model.towers.members[0].authors(torch.from_numpy(hash_buckets(np.arange(500), 4096)))
    assert float(vectors.detach().norm(dim=1).mean()) == pytest.approx(length, rel=0.05)
