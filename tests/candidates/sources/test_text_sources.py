"""Sources that go by what texts say and by communities, held against plain loops over everything."""

from collections.abc import Sequence

import numpy as np
import pytest

from candidates.residual_codes import LEVELS, ResidualCodes
from candidates.sources.communities import Communities
from candidates.sources.semantic_ids import SemanticIds
from candidates.sources.similar import Similar
from candidates.vector_config import VectorConfig
from data.batch import Array
from data.events import HOUR_US
from features.online import FeatureState
from tests.candidates.sources.small_states import NOW, ask, brought, engaged, events, people, tweets
from tests.features.logs import letters

USERS = [1, 2, 3]


def text_state(count: int, seed: int) -> tuple[FeatureState, dict[int, list[int]]]:
    """Tweets of random letters, one a quarter of an hour, and what each user liked, newest first."""
    rng = np.random.default_rng(seed)
    state = FeatureState(letters(), views=["tweet.windows"])
    people(state, [])
    ids = list(range(1000, 1000 + count))
    texts = ["".join(rng.choice(list("abcdefz"), rng.integers(1, 9))) for _ in ids]
    texts[5] = "zzz"  # no words that the encoder knows
    hours = [(count - at) / 4 for at in range(count)]
    state.update(tweets(ids, [1 + one % 8 for one in ids], hours, text=texts))
    likes = {1: [1000 + count - 2, 1005, 1000 + count // 2], 2: [1000 + count - 9], 3: []}
    actions = [(user, one, "like", 0.1 + at / 100) for user, all_ in likes.items() for at, one in enumerate(all_)]
    state.update(engaged([*actions, (3, 1009, "click", 0.05)], lambda tweet: 1 + tweet % 8))
    state.update(events("deletions", tweet_id=[1000 + count - 4], time_us=[NOW - 1]))
    return state, likes


def rows_of(state: FeatureState, ids: Sequence[int]) -> Array:
    return state.network.tweets.rows(np.array(ids, np.int64))


@pytest.mark.parametrize(
    "index", [VectorConfig(), VectorConfig(kind="ivf_sq", exact_below=32, probes=1024, rescored=8)]
)
def test_similar_brings_the_nearest_living_tweets(index: VectorConfig) -> None:
    state, likes = text_state(300, 3)
    source = Similar(state, 10, index=index)
    alive, vectors = state.network.alive(NOW), state.texts.embedding
    for user, got in zip(USERS, brought(state, source, USERS), strict=True):
        liked = rows_of(state, likes[user])
        liked = liked[vectors[liked].any(axis=1)]
        near: dict[int, float] = {}
        for row in alive.tolist():
            if row not in liked and vectors[row].any() and len(liked):
                near[row] = max(float(vectors[one].astype(float) @ vectors[row].astype(float)) for one in liked)
        order = sorted(near, key=lambda row: (-np.float32(near[row]), -row))[:10]
        cosines = [near[int(row)] for row in rows_of(state, got)]
        # Many texts have the same letters: what is as near may stand for it.
        assert cosines == pytest.approx([near[row] for row in order])
        assert not set(got) & set(likes[user])
    later = tweets([5000], [1], [-0.5], text=["abc"])
    state.update(later)
    before = brought(state, source, [1])
    found = source.fetch(ask(state, [1], NOW + HOUR_US))
    rebuilt = Similar(state, 10, index=index).fetch(ask(state, [1], NOW + HOUR_US))
    assert found.values.tolist() == rebuilt.values.tolist()
    assert 5000 not in before[0]


def test_semantic_ids_equal_a_plain_loop() -> None:
    state, likes = text_state(300, 4)
    source = SemanticIds(state, 40)
    vectors = state.texts.embedding
    known = vectors[:256]
    codes = ResidualCodes.fit(known[known.any(axis=1)]).codes(vectors)
    for user, got in zip(USERS, brought(state, source, USERS), strict=True):
        liked = [row for row in rows_of(state, likes[user]).tolist() if vectors[row].any()]
        scored: list[tuple[int, int, int]] = []
        for row in state.network.alive(NOW).tolist():
            if row in liked or not vectors[row].any():
                continue
            shared = [int((codes[one] == codes[row]).cumprod().sum()) for one in liked]
            longest = max(shared, default=0)
            if longest:
                scored.append((longest, shared.count(longest), row))
        scored.sort(reverse=True)
        prefixes = [longest for longest, _, _ in scored[:40]]
        got_rows = rows_of(state, got).tolist()
        by_row = {row: longest for longest, _, row in scored}
        assert [by_row[row] for row in got_rows] == prefixes
        if len(liked) == 1:
            assert got_rows == [row for _, _, row in scored[:40]]


def test_semantic_ids_depend_on_the_state_alone() -> None:
    """Asked for the first time early or late, and live or after a restart."""
    state, _ = text_state(100, 5)
    early = SemanticIds(state, 20)
    brought(state, early, USERS)
    more = [2000 + at for at in range(300)]
    state.update(
        tweets(
            more,
            [2] * 300,
            [-0.001 * at for at in range(300)],
            text=["ab" * (1 + at % 3) + "c" * (at % 5) for at in range(300)],
        )
    )
    later = NOW + HOUR_US
    found = early.fetch(ask(state, USERS, later))
    assert found.values.tolist() == SemanticIds(state, 20).fetch(ask(state, USERS, later)).values.tolist()
    assert len(found.values)


def test_codes_come_nearer_with_each_level_and_prefixes_differ() -> None:
    vectors = np.random.default_rng(1).normal(size=(2_000, 8)).astype(np.float32)
    codes = ResidualCodes.fit(vectors, seed=3)
    again = ResidualCodes.fit(vectors, seed=3)
    assert all(np.array_equal(one, other) for one, other in zip(codes.centres, again.centres, strict=True))
    of, left = codes.codes(vectors), vectors
    errors = [float((left**2).mean())]
    for level in range(LEVELS):
        distance = ((left[:, None] - codes.centres[level][None]) ** 2).sum(axis=2)
        assert np.array_equal(of[:, level], distance.argmin(axis=1))
        left = left - codes.centres[level][of[:, level]]
        errors.append(float((left**2).mean()))
    assert errors == sorted(errors, reverse=True)
    prefixes = codes.prefixes(vectors)
    pairs = {(level, *one[: level + 1]) for one in of.tolist() for level in range(LEVELS)}
    assert len(np.unique(prefixes)) == len(pairs)
    assert len(ResidualCodes.fit(vectors[:1]).codes(vectors)) == len(vectors)


def test_without_text_understanding_nothing_is_brought() -> None:
    state = FeatureState(None, views=[])
    people(state, [])
    state.update(tweets([101], [2], [1.0]))
    for source in (Similar(state), SemanticIds(state)):
        assert brought(state, source, [1, 2]) == [[], []]


def test_communities_bring_the_top_of_what_the_reader_s_communities_engage() -> None:
    """Two groups of producers with their readers; what each group engaged, a plain loop over all tweets must give."""
    rng = np.random.default_rng(2)
    state = FeatureState(None, views=["tweet.windows", "user.communities", "tweet.communities"])
    crowd = list(range(1, 81))
    follows = [(one, 1 + (one % 2) * 5 + at) for one in crowd for at in range(5) if one > 10]
    n = len(follows)
    state.update(
        events(
            "follows", follow_id=range(n), time_us=[NOW - 10**12] * n, follower_id=[one for one, _ in follows],
            followee_id=[other for _, other in follows], ended=[False] * n,
        )
    )  # fmt: skip
    ids = list(range(500, 540))
    state.update(tweets(ids, [1 + one % 10 for one in ids], [30.0 - at / 2 for at in range(40)]))
    acted = [
        (int(rng.choice(crowd[10:])), int(rng.choice(ids)), "like", float(rng.integers(1, 50)) / 10) for _ in range(200)
    ]
    state.update(engaged(acted, lambda tweet: 1 + tweet % 10))
    source, users = Communities(state, 6), [11, 12, 13, 1]
    rows = state.network.alive(NOW)
    batch = state.lookup(state.of_no_user(rows, NOW), (source.counts, *source.of_tweet))
    reader = source._communities_of(ask(state, users)).requests.columns
    lists = brought(state, source, users)
    for at, got in enumerate(lists):
        score: dict[int, float] = {}
        for i, row in enumerate(rows.tolist()):
            for c, w in zip(reader[source.of_user[0]][at], reader[source.of_user[1]][at], strict=True):
                own = np.flatnonzero(batch.column(source.of_tweet[0])[i] == c)
                if c >= 0 and len(own):
                    weight = float(batch.column(source.of_tweet[1])[i][own[0]]) * float(batch.column(source.counts)[i])
                    score[row] = score.get(row, 0.0) + float(w) * weight
        best = sorted((one for one in score if score[one] > 0), key=lambda row: (-round(score[row], 6), -row))[:6]
        assert rows_of(state, got).tolist() == best
    assert lists[0]
    assert lists[0] != lists[1]
    assert not lists[3]
