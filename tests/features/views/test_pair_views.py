"""What passed between two people, in numbers that can be worked out on paper, by both engines."""

from __future__ import annotations

import polars as pl
import pytest

from data.events import DAY_US, HOUR_US
from features.bases.interactions import FORGET_D, KEEP
from features.offline import features_of_log
from tests.features.logs import START, Log, frame, letters, replay, row_of


def _log(deeds: list[dict[str, object]], shown: list[tuple[int, int]], asked: list[int], **more: object) -> Log:
    """User 1, author 2, tweets 10 and 11 of topic a and 12 of topic b; all of the author, posted at START."""
    tweets = [
        {"tweet_id": 10 + at, "time_us": START, "author_id": 2, "kind": "original", "text": text, "media_count": 0}
        for at, text in enumerate("aab")
    ]
    engagements = [
        {"engagement_id": at, "user_id": 1, "tweet_id": 10, "author_id": 2, "dwell_ms": None, **deed}
        for at, deed in enumerate(deeds)
    ]
    impressions = [
        {"impression_id": at, "time_us": time, "request_id": at, "user_id": 1, "tweet_id": tweet, "author_id": 2,
         "position": 0, "source": "test", "score": 0.0}
        for at, (tweet, time) in enumerate(shown)
    ]  # fmt: skip
    users = [{"user_id": one, "created_us": START, "verified": False} for one in (1, 2, 3, 4)]
    tables = {
        "users": users, "follows": more.get("follows", []), "tweets": tweets, "impressions": impressions,
        "engagements": engagements,
    }  # fmt: skip
    tweet = more.get("tweet", 10)
    rows = pl.DataFrame({"user_id": [1] * len(asked), "tweet_id": [tweet] * len(asked), "time_us": asked})
    return Log({name: frame(name, one) for name, one in tables.items()}, rows)  # type: ignore[arg-type]


def _both(log: Log, *names: str) -> list[tuple[float, ...]]:
    """The features at each row, equal in both engines."""
    offline = features_of_log(log.lazy(), log.rows, names, letters())
    out = []
    for row, live in enumerate(replay(log, letters(), names, one_by_one=True)):
        past = row_of(offline, row, names)
        for name in names:
            assert past[name] == pytest.approx(live[name], rel=1e-6), name
        out.append(tuple(float(past[name]) for name in names))
    return out


def test_actions_are_counted_by_kind_strictly_before_the_moment() -> None:
    acts = ["like", "like", "reply", "block", "report", "reply_answered", "rate"]
    deeds = [{"time_us": START + at, "action": action} for at, action in enumerate(acts, 1)]
    names = ("pair.interactions", "pair.likes", "pair.replies", "pair.negatives", "pair.replies_answered")
    asked = [START + 2, START + 3, START + 100]
    assert _both(_log(deeds, [], asked), *names) == [(1, 1, 0, 0, 0), (2, 2, 0, 0, 0), (4, 2, 1, 2, 1)]


def test_strength_keeps_a_fixed_share_of_each_day() -> None:
    deeds = [{"time_us": START + day * DAY_US + 5, "action": "like"} for day in (0, 0, 1, 3)]
    asked = [START + HOUR_US, START + DAY_US, START + DAY_US + HOUR_US, START + 4 * DAY_US]
    found = [one for (one,) in _both(_log(deeds, [], asked), "pair.strength_likes")]
    at_1 = 1 + 2 * KEEP
    assert found == pytest.approx([2, 2 * KEEP, at_1, (1 + at_1 * KEEP**2) * KEEP], rel=1e-6)


@pytest.mark.parametrize(("days", "left"), [(FORGET_D - 1, KEEP ** (FORGET_D - 1)), (FORGET_D, 0.0)])
def test_a_pair_without_an_action_for_sixty_days_is_forgotten(days: int, left: float) -> None:
    deeds = [{"time_us": START + HOUR_US, "action": "like"}, {"time_us": START + days * DAY_US + 5, "action": "like"}]
    asked = [START + days * DAY_US + 1, START + days * DAY_US + HOUR_US]
    found = _both(_log(deeds, [], asked), "pair.strength", "pair.likes")
    assert found == [(pytest.approx(left), 1), (pytest.approx(1 + left), 2)]


def test_rates_and_dwell_lean_on_what_is_usual() -> None:
    deeds = [
        {"time_us": START + 10, "action": "like", "dwell_ms": 30_000},
        {"time_us": START + 11, "action": "click", "dwell_ms": None},
        {"time_us": START + 12, "action": "not_interested", "dwell_ms": 1_000, "tweet_id": 12},
    ]
    shown = [(10, START + 1), (11, START + 2), (12, START + 3), (10, START + 500)]
    log = _log(deeds, shown, [START + 1, START + 500])
    names = ("pair.impressions", "pair.engagement_rate", "pair.dwell_s")
    assert _both(log, *names) == [
        (0, pytest.approx(1 / 20), 10.0),
        (3, pytest.approx(3 / 23), pytest.approx((50 + 31) / 7)),
    ]
    topic = ("pair.topic_interactions", "pair.topic_impressions", "pair.topic_engagement_rate", "pair.topic_dwell_s")
    assert _both(log, *topic)[1] == (2, 2, pytest.approx(3 / 22), pytest.approx((50 + 30) / 6))


def test_an_impression_before_its_tweet_was_posted_has_no_topic() -> None:
    log = _log([], [(10, START - 5), (10, START + 5)], [START + HOUR_US])
    assert _both(log, "pair.impressions", "pair.topic_impressions") == [(2, 1)]


def test_what_was_shown_counts_as_seen_for_48_hours() -> None:
    days = 2 * DAY_US
    shown = [(10, START + 5), (11, START + 6), (10, START + 3 * days)]
    asked = [
        START + at for at in (5, 6, 5 + days - 1, 5 + days, 2 * days, 3 * days, 3 * days + 1, 4 * days - 1, 4 * days)
    ]
    found = _both(_log([], shown, asked), "pair.seen")
    assert [seen for (seen,) in found] == [0, 1, 1, 0, 0, 0, 1, 1, 0]
    other = _both(_log([], shown, asked[:3], tweet=12), "pair.seen")
    assert [seen for (seen,) in other] == [0, 0, 0]


def test_following_is_told_both_ways_and_ends() -> None:
    edges = [(1, 2, False, 10), (2, 1, False, 20), (1, 2, True, 30), (1, 2, True, 40)]
    follows = [
        {"follow_id": at, "time_us": START + at, "follower_id": one, "followee_id": other, "ended": ended}
        for one, other, ended, at in edges
    ]
    asked = [START + at for at in (10, 11, 21, 31, 41)]
    found = _both(_log([], [], asked, follows=follows), "pair.follows", "pair.followed_by", "pair.mutual_follow")
    assert found == [(0, 0, 0), (1, 0, 0), (1, 1, 1), (0, 1, 0), (0, 1, 0)]


@pytest.mark.parametrize("crowd", [0, 40], ids=["few engagers", "more engagers than followed"])
def test_friends_count_once_while_they_are_followed(crowd: int) -> None:
    edges = [(1, 3, False, 1), (1, 4, False, 2), (1, 3, True, 60), (1, 3, False, 80)]
    follows = [
        {"follow_id": at, "time_us": START + at, "follower_id": one, "followee_id": other, "ended": ended}
        for one, other, ended, at in edges
    ]
    deeds = [{"time_us": START + 3, "action": "like", "user_id": 100 + one} for one in range(crowd)]
    deeds += [
        {"time_us": START + at, "action": action, "user_id": user}
        for at, user, action in ((10, 3, "like"), (20, 3, "reply"), (30, 4, "like"), (31, 4, "block"))
    ]
    asked = [START + at for at in (10, 11, 31, 61, 81)]
    found = _both(_log(deeds, [], asked, follows=follows), "pair.social_proof")
    assert found == [(0,), (1,), (2,), (1,), (2,)]
