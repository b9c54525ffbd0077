"""Words and hashtags: planted laws, lengths, shapes and trends are found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from data.batch import F32, F64
from experiments.realism.hashtags import curves_of, spells, trend_lives, uses_of
from experiments.realism.ksc import cluster, distances, leading
from experiments.realism.log import Log
from experiments.realism.text import heaps, words, zipf
from tests.experiments.realism.small_logs import at, row_of, values_of, write_log


def tweet(text: str, hour: float = 0.0, author: int = 1, **more: Any) -> dict[str, Any]:
    return {"author_id": author, "time_us": at(hour), "text": text, **more}


def test_hashtags_count_on_written_tweets_by_the_networks_rules(tmp_path: Path) -> None:
    texts = ["#one", "#One #two", "a #b #c #d", "no", "x#glued", "http://a.org/#anchor", "＃wide", "", "", ""]
    tweets = [tweet(text, i) for i, text in enumerate(texts)]
    tweets += [tweet("#ignored", 20 + i, kind="retweet") for i in range(5)]
    row = row_of(write_log(tmp_path / "log", tweets=tweets), "tweets with a hashtag")
    assert row.value == [0.4, 0.5, 0.25, 0.25]
    assert row.missed == ("with", "1", "2", "over 2")


def test_a_retweet_uses_the_hashtags_of_the_first_tweet(tmp_path: Path) -> None:
    tweets = [
        tweet("#Sea and #sky", 0, 1, tweet_id=1),
        tweet("", 1, 2, tweet_id=2, kind="retweet", referenced_id=1),
        tweet("", 2, 3, tweet_id=3, kind="retweet", referenced_id=2),
        tweet("#SEA", 3, 4, tweet_id=4),
        tweet("", 4, 4, tweet_id=5, kind="retweet", referenced_id=77),
    ]
    log = Log(write_log(tmp_path / "log", tweets=tweets))
    uses = uses_of(log)
    assert [uses.names[tag] for tag in uses.tag] == ["sea", "sky", "sea", "sky", "sea", "sky", "sea"]
    assert log.people[uses.author].tolist() == [1, 1, 2, 2, 3, 3, 4]
    assert uses.per_tweet.tolist() == [2, 1]


def planted(hours: int) -> F64:
    """[6, T] shapes: a spike, slow decay, slow rise, a plateau, two peaks, a daily wave; the peak is a third in."""
    t = np.arange(hours) - hours // 3
    shapes = np.stack(
        [
            np.where(t == 0, 1.0, 0.01),
            np.where(t >= 0, np.exp(-t / 12.0), 0.0),
            np.where(t <= 0, np.exp(t / 12.0), 0.0),
            np.where((t >= -12) & (t <= 12), 1.0, 0.02) + 0.05 * (t == 0),
            np.where(t == 0, 1.0, 0.01) + 0.8 * (t == 30),
            1.0 + np.cos(2 * np.pi * t / 24.0),
        ]
    )
    return shapes / shapes.sum(axis=1, keepdims=True)


def test_six_planted_shapes_are_found() -> None:
    rng = np.random.default_rng(9)
    shapes = planted(128)
    kind = np.repeat(np.arange(6), [60, 50, 40, 30, 20, 10])
    curves = rng.poisson(rng.integers(200, 5_000, len(kind))[:, None] * shapes[kind]).astype(np.float64)
    found = cluster(curves, 6)
    assert len(found.distinct(share=0.03, apart=0.3)) == 6
    # Every cluster holds one kind, and its centroid is that kind's shape.
    for k in range(6):
        assert len(set(kind[found.labels == k])) == 1
        assert distances(found.centroids[[k]], shapes[[kind[found.labels == k][0]]], 5)[0][0, 0] < 0.15


def test_curves_are_moved_onto_each_other_before_they_are_averaged() -> None:
    rng = np.random.default_rng(15)
    spike = planted(128)[4]
    curves = np.stack([np.roll(spike, int(by)) for by in rng.integers(-2, 3, 40)]) * rng.uniform(1, 9, (40, 1))
    found = cluster(curves, 1)
    assert found.loss < 0.01
    assert distances(found.centroids, spike[None], 5)[0][0, 0] < 0.1


def test_one_shape_is_one_shape_however_many_are_asked_for() -> None:
    rng = np.random.default_rng(10)
    curves = rng.poisson(rng.integers(300, 5_000, 200)[:, None] * planted(128)[1]).astype(np.float64)
    assert len(cluster(curves, 6).distinct(share=0.03, apart=0.3)) == 1


def test_the_distance_knows_neither_scale_nor_a_small_shift() -> None:
    shape = planted(128)[[4]]
    assert distances(7.0 * np.roll(shape, 3, axis=1), shape, 5)[0][0, 0] == pytest.approx(0.0, abs=0.02)
    assert distances(np.roll(shape, 9, axis=1), shape, 5)[0][0, 0] > 0.9


def test_the_centroid_is_the_leading_eigenvector() -> None:
    curves = np.random.default_rng(11).random((20, 30)) ** 3
    vector = np.linalg.eigh(curves.T @ curves)[1][:, -1]
    assert np.abs(leading(curves)) == pytest.approx(np.abs(vector), abs=1e-6)


def test_planted_shapes_are_found_in_a_log(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    tweets = [tweet("start", 0), tweet("end", 335.9)]
    for tag in range(60):
        shape = planted(128)[tag % 6]
        peak = 42 + int(rng.integers(0, 335 - 128))
        hour = peak - 42 + rng.choice(128, 150, p=shape) + rng.random(150)
        tweets += [tweet(f"#tag{chr(97 + tag // 26)}{chr(97 + tag % 26)}", float(h), author=int(h)) for h in hour]
    dataset = write_log(tmp_path / "log", tweets=[row | {"tweet_id": i} for i, row in enumerate(tweets)])
    log = Log(dataset)
    curves, tags, before = curves_of(uses_of(log), *dataset.time_range_us())
    assert (curves.shape[1], before) == (128, 42)
    assert len(set(tags.tolist())) == len(curves) > 45
    assert (curves.argmax(axis=1) == 42).all()
    row = row_of(dataset, "hashtag volume curves")
    assert row.verdict == "met"


def test_a_stay_on_the_list_bridges_breaks_under_an_hour() -> None:
    tag = np.array([1, 1, 1, 1, 2, 2])
    step = np.array([0, 1, 13, 27, 5, 6])
    # From step 1 to 13 is an hour, bridged; from 13 to 27 is more.
    assert spells(tag, step).tolist() == [70.0, 5.0, 10.0]


def test_a_burst_of_a_hashtag_is_a_trend_as_long_as_the_windows_hold_it(tmp_path: Path) -> None:
    # 120 uses an hour of a steady hashtag by two people keep windows at 60 minutes' 100 uses; a burst of 10 minutes.
    steady = [tweet("#steady", i / 12, author=1 + i % 2) for i in range(12 * 30)]
    burst = [tweet("#burst", 10 + i / 60, author=10 + i) for i in range(10)]
    lonely = [tweet("#lonely", 10 + i / 60, author=3) for i in range(10)]
    rows = [row | {"tweet_id": i} for i, row in enumerate([*steady, *burst, *lonely])]
    log = Log(write_log(tmp_path / "log", tweets=rows))
    minutes, window = trend_lives(log)
    assert window == 60
    # The burst has three uses from minute 2 on, and within the hour's window until minute 67; one person is no trend.
    assert sorted(minutes.tolist())[0] == pytest.approx(65.0, abs=5.0)
    assert len(minutes) == 2


def test_uses_by_nobody_known_are_one_persons(tmp_path: Path) -> None:
    tweets = [tweet("#aa", i / 60, author=1) for i in range(5)]
    tweets += [tweet("#bb", i / 60) | {"author_id": None} for i in range(5)] + [tweet("end", 5)]
    rows = [row | {"tweet_id": i} for i, row in enumerate(tweets)]
    assert len(trend_lives(Log(write_log(tmp_path / "log", tweets=rows)))[0]) == 0


@pytest.mark.parametrize("beta", [0.5, 0.75])
def test_a_vocabulary_that_grows_by_heaps_law_gives_its_exponent(beta: float) -> None:
    n = np.arange(1, 200_001)
    known = np.floor(n**beta).astype(np.int64)
    fresh = np.diff(known, prepend=0) > 0
    old = (np.random.default_rng(13).random(len(n)) * known).astype(np.int64)
    assert heaps(np.where(fresh, known - 1, np.minimum(old, known - 1)))[0] == pytest.approx(beta, abs=0.02)


def test_heaps_law_is_told_from_the_last_decade() -> None:
    """The first words are all new; only what comes after them grows by the law."""
    n = np.arange(1, 100_001)
    known = np.where(n <= 1_000, n, np.floor(1_000 * (n / 1_000) ** 0.5)).astype(np.int64)
    fresh = np.diff(known, prepend=0) > 0
    assert heaps(np.where(fresh, known - 1, 0))[0] == pytest.approx(0.5, abs=0.02)


def test_words_drawn_by_zipfs_law_give_its_exponent() -> None:
    rank = np.arange(1, 50_001)
    weight = rank**-1.05
    drawn = np.random.default_rng(14).choice(len(rank), 2_000_000, p=weight / weight.sum())
    assert zipf(drawn)[0] == pytest.approx(1.05, abs=0.02)


def test_words_are_lower_case_without_links_and_mentions() -> None:
    texts = pl.Series(["Don't STOP https://a.example/b?c @friend", "stop #Sea don’t", "don't"])
    found = words(texts)
    # don't, stop; stop, sea, don’t (another sign); don't
    assert len(found) == 6
    assert found[0] == found[5]
    assert found[1] == found[2]
    assert len(set(found.tolist())) == 4


def test_lengths_are_of_written_tweets_in_english(tmp_path: Path) -> None:
    lengths = [31] * 5 + [33] * 6 + [35] * 5 + [60] * 12 + [141, 191, 279, 280]
    tweets = [tweet("x" * length, language="en-US") for length in lengths]
    tweets += [tweet("y" * 100, language="ja")] * 50 + [tweet("z" * 100, language="en", kind="retweet")] * 50
    log = write_log(tmp_path / "log", tweets=[row | {"tweet_id": i} for i, row in enumerate(tweets)])
    mode, *over = values_of(log, "text length")
    assert mode == 33  # 60 is the most common one, 33 with its neighbours
    assert over == [4 / 32, 3 / 32, 2 / 32]
    assert row_of(log, "text length").note == "32 written tweets in English"


def test_texts_without_a_declared_language_all_count(tmp_path: Path) -> None:
    row = row_of(write_log(tmp_path / "log", tweets=[tweet("x" * 33)]), "text length")
    assert row.note == "1 written tweets in any language, as none is declared"


def test_near_duplicates_are_texts_that_another_repeats(tmp_path: Path) -> None:
    def encode(texts: Any) -> F32:
        angle = np.array([float(text.split()[1]) for text in texts])
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)

    # Cosines: 0 and 0.2 give 0.98, 1 and 1.4 give 0.92.
    tweets = [tweet(f"at {angle}", i, language="en") for i, angle in enumerate([0.0, 0.2, 1.0, 1.4, 3.0])]
    log = write_log(tmp_path / "log", tweets=tweets)
    assert values_of(log, "near-duplicate texts", encode) == [2 / 5]
    assert row_of(log, "near-duplicate texts").note == "there is no text encoder"
