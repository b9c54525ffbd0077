"""The blender keeps its distances whatever is offered, and drops nothing of the feed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from candidates.products.blender import BlenderConfig, Entry, PromotedTweet, blend


def kinds(entries: list[Entry]) -> str:
    return "".join({"tweet": "t", "promoted": "p", "who_to_follow": "f"}[one.kind] for one in entries)


def test_promoted_tweets_come_as_early_as_they_may_and_the_module_at_its_place() -> None:
    offers = [PromotedTweet(901, 1), PromotedTweet(902, 1), PromotedTweet(903, 2)]
    entries = blend(range(1, 11), offers, follow=True)
    assert kinds(entries) == "tttptfttptttpt"
    # 902 is of the advertiser of 901, so that 903 comes first.
    assert [one.tweet_id for one in entries if one.kind == "promoted"] == [901, 903, 902]
    assert kinds(blend(range(1, 6), follow=True)) == "ttttt", "the feed ends before the place"
    assert kinds(blend(range(1, 7), follow=True)) == "tttttft"


def test_the_advertiser_that_the_reader_saw_last_does_not_come_first() -> None:
    offers = [PromotedTweet(901, 1), PromotedTweet(902, 2)]
    entries = blend(range(1, 8), offers, last_advertiser=1)
    assert [one.tweet_id for one in entries if one.kind == "promoted"] == [902, 901]
    assert kinds(blend(range(1, 8), offers[:1], last_advertiser=1)) == "t" * 7


@given(
    st.lists(st.integers(1, 60), max_size=40, unique=True),
    st.lists(st.builds(PromotedTweet, st.integers(40, 80), st.integers(1, 3)), max_size=15),
    st.booleans(),
    st.integers(-1, 3),
    st.builds(BlenderConfig, organic_between=st.integers(1, 5), follow_slot=st.integers(1, 20)),
)
def test_distances_hold_and_the_feed_stays_whole(
    organic: list[int], offers: list[PromotedTweet], follow: bool, last: int, config: BlenderConfig
) -> None:
    entries = blend(organic, offers, follow=follow, last_advertiser=last, config=config)
    assert [one.tweet_id for one in entries if one.kind == "tweet"] == organic
    between, before = 0, last
    for one in entries:
        if one.kind == "promoted":
            assert between >= config.organic_between
            assert one.advertiser_id != before
            assert PromotedTweet(one.tweet_id, one.advertiser_id) in offers
            between, before = 0, one.advertiser_id
        between += one.kind == "tweet"
    tweets = [one.tweet_id for one in entries if one.kind != "who_to_follow"]
    assert len(set(tweets)) == len(tweets)
    modules = [place for place, one in enumerate(entries, 1) if one.kind == "who_to_follow"]
    assert modules == ([config.follow_slot] if follow and len(tweets) >= config.follow_slot else [])
