"""The blender keeps its distances whatever is offered, and drops nothing of the feed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from candidates.products.blender import Blender, BlenderConfig, Entry, PromotedTweet, blend
from candidates.products.follow import WhoToFollow
from candidates.visibility import Visibility
from tests.candidates.small_network import NOW, engage, network


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


def test_an_offer_for_a_tweet_that_is_known_by_its_id_alone_is_left_out() -> None:
    class Offers:
        def offers(self, user_id: int, time_us: int) -> list[PromotedTweet]:
            return [PromotedTweet(999, 7), PromotedTweet(101, 8), PromotedTweet(998, 9)]

    state = network([1, 2], [(at, 2, 10.0 - at / 100) for at in range(101, 110)])
    engage(state, 999, [2])
    assert state.network.tweets.rows(np.array([999]))[0] >= 0
    config = BlenderConfig(follow_accounts=0, promoted_ms=60_000)
    blender = Blender(state, Visibility(state), WhoToFollow(state), Offers(), config)
    page = blender.page(1, range(102, 110), NOW + 1, 7, first=True)
    assert [one.tweet_id for one in page.entries if one.kind == "promoted"] == [101]
    assert page.degraded == {}
