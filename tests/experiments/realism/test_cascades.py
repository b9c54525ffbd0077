"""Cascades of retweets: who is whose parent, how deep and viral the trees are, what counts and how soon it came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.realism.cascades import cascades_of, retweet_delays_min, trees
from experiments.realism.log import Log
from tests.experiments.realism.small_logs import at, values_of, write_log

AUTHOR = 1


def tweets_of(retweeters: list[int], *, step_h: float = 0.1) -> list[dict[str, Any]]:
    """A tweet by 1 at hour 0, a retweet by each of `retweeters`, one every `step_h`, and one long after all."""
    rows: list[dict[str, Any]] = [{"tweet_id": 100, "author_id": AUTHOR, "time_us": at(0)}]
    rows += [
        {"tweet_id": 200 + i, "author_id": u, "kind": "retweet", "referenced_id": 100, "time_us": at((i + 1) * step_h)}
        for i, u in enumerate(retweeters)
    ]
    return [*rows, {"tweet_id": 999, "author_id": 50, "time_us": at(200)}]


def tree_of(folder: Path, retweeters: list[int], follows: list[tuple[Any, ...]]) -> tuple[int, float]:
    log = Log(write_log(folder, tweets=tweets_of(retweeters), follows=follows))
    cascades = cascades_of(log, log.settled)
    depth, virality, _ = trees(cascades, log.tweets.author[cascades.root], log.follows)
    assert len(depth) == 1
    return int(depth[0]), float(virality[0])


def test_a_chain_of_three_has_depth_three(tmp_path: Path) -> None:
    depth, virality = tree_of(tmp_path / "chain", [2, 3, 4], [(2, 1), (3, 2), (4, 3)])
    assert depth == 3
    assert virality == pytest.approx((3 * 1 + 2 * 2 + 1 * 3) / 6)


def test_a_broadcast_has_depth_one(tmp_path: Path) -> None:
    depth, virality = tree_of(tmp_path / "star", [2, 3, 4], [(2, 1), (3, 1), (4, 1)])
    assert depth == 1
    assert virality == pytest.approx((3 * 1 + 3 * 2) / 6)


def test_the_latest_earlier_retweeter_is_the_parent(tmp_path: Path) -> None:
    # 4 follows the author, 9 and 3, and 3 was last before 4; 5 retweets after 4 and cannot be 4's parent.
    follows = [(9, 1), (3, 9), (4, 1), (4, 9), (4, 3), (4, 5), (5, 1)]
    assert tree_of(tmp_path / "latest", [9, 3, 4, 5], follows)[0] == 3


def test_who_follows_nobody_of_the_cascade_has_it_from_the_author(tmp_path: Path) -> None:
    assert tree_of(tmp_path / "none", [2, 3], [(2, 7), (3, 8)])[0] == 1


@pytest.mark.parametrize(
    ("edge", "depth"),
    [
        ([(3, 2, 0.15)], 2),
        ([(3, 2, 0.25)], 1),  # begun after the retweet
        ([(3, 2, 0.05), (3, 2, 0.15, True)], 1),  # ended before it
        ([(3, 2, 0.05), (3, 2, 0.25, True)], 2),
        ([(3, 2, 0.05), (3, 2, 0.1, True), (3, 2, 0.15)], 2),
    ],
)
def test_a_follow_counts_while_it_stands(tmp_path: Path, edge: list[tuple[Any, ...]], depth: int) -> None:
    assert tree_of(tmp_path / "stands", [2, 3], [(2, 1), *edge])[0] == depth


def test_retweets_of_retweets_count_for_the_first_tweet_and_each_person_once(tmp_path: Path) -> None:
    tweets = [
        {"tweet_id": 10, "author_id": 1, "time_us": at(0)},
        {"tweet_id": 11, "author_id": 2, "kind": "retweet", "referenced_id": 10, "time_us": at(1)},
        {"tweet_id": 12, "author_id": 3, "kind": "retweet", "referenced_id": 11, "time_us": at(2)},
        {"tweet_id": 13, "author_id": 2, "kind": "retweet", "referenced_id": 12, "time_us": at(3)},
        {"tweet_id": 14, "author_id": 1, "kind": "retweet", "referenced_id": 10, "time_us": at(4)},
        {"tweet_id": 15, "author_id": 4, "kind": "retweet", "referenced_id": 9, "time_us": at(5)},
        {"tweet_id": 16, "author_id": 5, "time_us": at(100)},
    ]
    log = Log(write_log(tmp_path / "log", tweets=tweets))
    cascades = cascades_of(log, log.settled)
    assert log.tweets.tweet_id[cascades.root].tolist() == [10]
    assert cascades.sizes.tolist() == [2]
    assert log.people[cascades.user].tolist() == [2, 3]
    # Every retweet that leads to a tweet of the log has a delay, from the first tweet on.
    assert sorted(retweet_delays_min(log)) == [60, 120, 180, 240]


def test_delays_are_shares_within_minutes(tmp_path: Path) -> None:
    minutes = [5, 10, 20, 40, 50, 120, 179, 600, 1440, 2000]
    tweets = [{"tweet_id": 1, "author_id": 1, "time_us": at(0)}]
    tweets += [
        {"tweet_id": 2 + i, "author_id": 2 + i, "kind": "retweet", "referenced_id": 1, "time_us": at(m / 60)}
        for i, m in enumerate(minutes)
    ]
    log = write_log(tmp_path / "log", tweets=tweets)
    assert values_of(log, "retweets within 10/30/60/180/1440 min") == [0.2, 0.3, 0.5, 0.7, 0.9]


def test_tweets_too_young_to_have_all_their_retweets_are_left_out(tmp_path: Path) -> None:
    tweets = [{"tweet_id": i, "author_id": 1, "time_us": at(h)} for i, h in enumerate([0, 100, 160, 200])]
    tweets += [
        {"tweet_id": 10 + i, "author_id": 2, "kind": "retweet", "referenced_id": i, "time_us": at(h + 1)}
        for i, h in enumerate([0, 100, 160])
    ]
    log = Log(write_log(tmp_path / "log", tweets=tweets))
    assert log.tweets.tweet_id[cascades_of(log, log.settled).root].tolist() == [0, 1]


def test_a_short_log_counts_what_was_posted_in_its_first_half(tmp_path: Path) -> None:
    tweets = [{"tweet_id": i, "author_id": 1, "time_us": at(h)} for i, h in enumerate([0, 4, 6, 10])]
    tweets += [
        {"tweet_id": 10 + i, "author_id": 2, "kind": "retweet", "referenced_id": i, "time_us": at(h + 1)}
        for i, h in enumerate([0, 4, 6])
    ]
    log = Log(write_log(tmp_path / "log", tweets=tweets))
    assert log.tweets.tweet_id[cascades_of(log, log.settled).root].tolist() == [0, 1]


def test_delays_come_from_engagements_where_retweets_name_no_tweet(tmp_path: Path) -> None:
    acts = [("retweet", 0.1), ("retweet", 0.9), ("like", 0.2)]
    engagements = [{"tweet_id": 1, "action": action, "time_us": at(hour)} for action, hour in acts]
    tweets = [{"tweet_id": 1, "author_id": 1, "time_us": at(0)}, {"tweet_id": 2, "author_id": 1, "time_us": at(100)}]
    log = write_log(tmp_path / "log", tweets=tweets, engagements=engagements)
    assert values_of(log, "retweets within 10/30/60/180/1440 min") == [0.5, 0.5, 1.0, 1.0, 1.0]


def test_sizes_drawn_from_a_power_law_give_its_exponent_and_the_share_without_any(tmp_path: Path) -> None:
    sizes = np.minimum(np.random.default_rng(3).zipf(2.0, 1_500), 3_000)
    tweets = [{"tweet_id": i, "author_id": 0, "time_us": at(0)} for i in range(6_000)]
    tweets += [
        {"tweet_id": 10_000 + i, "author_id": 1 + u, "kind": "retweet", "referenced_id": root, "time_us": at(1)}
        for i, (root, u) in enumerate((root, u) for root, size in enumerate(sizes.tolist()) for u in range(size))
    ]
    tweets.append({"tweet_id": 9_000, "author_id": 0, "time_us": at(200)})
    exponent, huge, none = values_of(write_log(tmp_path / "log", tweets=tweets), "retweet cascade sizes")
    assert exponent == pytest.approx(2.0, abs=0.1)
    # 6,000 tweets would have 1.5 with 100 retweets: too few to judge.
    assert np.isnan(huge)
    assert none == pytest.approx(0.75)


def test_the_largest_hundredth_stands_for_large_cascades_where_none_has_fifty(tmp_path: Path) -> None:
    follows = [(2, 1), (3, 2), (4, 3), (5, 4), *((u, 1) for u in range(6, 10))]
    tweets: list[dict[str, Any]] = []
    for root in range(200):
        people = [2, 3, 4, 5] if root < 2 else [6 + root % 4]
        tweets.append({"tweet_id": root, "author_id": 1, "time_us": at(0)})
        tweets += [
            {
                "tweet_id": 1000 * u + root,
                "author_id": u,
                "kind": "retweet",
                "referenced_id": root,
                "time_us": at(u / 10),
            }
            for u in people
        ]
    tweets.append({"tweet_id": 999_999, "author_id": 1, "time_us": at(200)})
    log = write_log(tmp_path / "log", tweets=tweets, follows=follows)
    assert values_of(log, "cascade depth among large ones")[:3] == [4, 4, 4]
