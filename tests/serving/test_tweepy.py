"""Tweepy, a client for X's API v2 that nobody here wrote, unmodified: only its session leads here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
import tweepy

from serving.app import create_app
from serving.network import Network
from tests.serving.described import DescribedClient
from tests.serving.here import Here
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN

Tweepy = Callable[[int], tweepy.Client]


@pytest.fixture
def act_as(network: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tweepy]:
    with DescribedClient(create_app(network), raise_server_exceptions=False) as client:
        # Tweepy makes further clients of its own, to ask whose token it has.
        begin = requests.Session.__init__

        def here(session: requests.Session) -> None:
            begin(session)
            session.mount("https://api.twitter.com", Here(client))

        monkeypatch.setattr(requests.Session, "__init__", here)
        yield lambda user_id: tweepy.Client(network.context.tokens.issue(user_id))


def names(answer: tweepy.Response) -> list[str]:
    return [one.username for one in answer.data or []]


def ids(answer: tweepy.Response) -> list[int]:
    return [one.id for one in answer.data or []]


def test_tweets_are_posted_read_and_deleted(act_as: Tweepy, network: Network) -> None:
    bob, alice = act_as(BOB), act_as(ALICE)
    posted = bob.create_tweet(text="a rook on the seventh", user_auth=False).data
    reply = bob.create_tweet(text="two", in_reply_to_tweet_id=posted["id"], user_auth=False).data
    quote = bob.create_tweet(text="see", quote_tweet_id=posted["id"], user_auth=False).data
    one = alice.get_tweet(
        reply["id"],
        tweet_fields=["created_at", "public_metrics", "in_reply_to_user_id", "conversation_id"],
        expansions=["author_id", "referenced_tweets.id"],
        user_fields=["public_metrics"],
    )
    assert (one.data.author_id, one.data.in_reply_to_user_id, one.data.text) == (BOB, BOB, "two")
    assert one.data.conversation_id == int(posted["id"])
    assert [tweet.id for tweet in one.includes["tweets"]] == [int(posted["id"])]
    assert one.includes["users"][0].public_metrics["tweet_count"] == 5
    several = alice.get_tweets([posted["id"], 77], tweet_fields=["public_metrics"])
    assert several.data[0].public_metrics["quote_count"] == 1
    assert several.errors[0]["resource_id"] == "77"
    assert ids(alice.get_quote_tweets(posted["id"])) == [int(quote["id"])]
    assert ids(alice.get_users_tweets(BOB, exclude=["replies", "retweets"], max_results=5)) == [
        int(quote["id"]), int(posted["id"]), 1001,
    ]  # fmt: skip
    assert bob.delete_tweet(quote["id"], user_auth=False).data == {"deleted": True}
    with pytest.raises(tweepy.NotFound, match=quote["id"]):
        alice.get_tweet(quote["id"])
    with pytest.raises(tweepy.Forbidden, match="not by user"):
        alice.delete_tweet(posted["id"], user_auth=False)
    with pytest.raises(tweepy.BadRequest, match=r"media.fields"):
        alice.get_tweet(posted["id"], media_fields=["url"])


def test_likes_retweets_and_bookmarks(act_as: Tweepy) -> None:
    erin, alice = act_as(ERIN), act_as(ALICE)
    assert erin.like(1003, user_auth=False).data == {"liked": True}
    assert erin.retweet(1003, user_auth=False).data == {"retweeted": True}
    assert names(alice.get_liking_users(1003)) == ["erin"]
    assert names(alice.get_retweeters(1003)) == ["erin"]
    assert names(alice.get_liking_users(1005)) == ["alice"]
    assert ids(alice.get_liked_tweets(ERIN)) == [1003]
    assert ids(alice.get_liked_tweets(ALICE)) == [1002, 1001]
    assert erin.unlike(1003, user_auth=False).data == {"liked": False}
    assert erin.unretweet(1003, user_auth=False).data == {"retweeted": False}
    assert names(alice.get_liking_users(1003)) == []
    for tweet_id in (1003, 1001, 1003):
        assert erin.bookmark(tweet_id).data == {"bookmarked": True}
    assert ids(erin.get_bookmarks()) == [1001, 1003]
    counted = alice.get_tweet(1003, tweet_fields=["public_metrics"]).data
    assert counted.public_metrics["bookmark_count"] == 1
    assert erin.remove_bookmark(1003).data == {"bookmarked": False}
    assert ids(erin.get_bookmarks()) == [1001]
    assert ids(alice.get_bookmarks()) == []


def test_people_and_follows(act_as: Tweepy, network: Network) -> None:
    erin = act_as(ERIN)
    assert erin.get_me(user_auth=False).data.username == "erin"
    assert erin.get_user(username="DAVE", user_fields=["verified"]).data.verified
    assert erin.get_user(id=BOB).data.name == "Bob"
    assert names(erin.get_users(ids=[BOB, CAROL])) == ["bob", "carol"]
    found = erin.get_users(usernames=["alice", "nobody"])
    assert (names(found), found.errors[0]["value"]) == (["alice"], "nobody")
    assert erin.follow_user(DAVE, user_auth=False).data == {"following": True, "pending_follow": False}
    assert names(erin.get_users_following(ERIN)) == ["dave"]
    assert names(erin.get_users_followers(DAVE)) == ["erin", "carol", "alice"]
    pages = tweepy.Paginator(erin.get_users_followers, DAVE, max_results=1)
    assert [one.username for one in pages.flatten()] == ["erin", "carol", "alice"]
    assert erin.unfollow_user(DAVE, user_auth=False).data == {"following": False}


def test_timelines_mentions_and_search(act_as: Tweepy, network: Network) -> None:
    bob, alice = act_as(BOB), act_as(ALICE)
    posted = [bob.create_tweet(text=f"hi @alice, rook {one}", user_auth=False).data["id"] for one in range(12)]
    network.settle()
    newest = [int(one) for one in reversed(posted)]
    assert ids(alice.get_users_mentions(ALICE)) == newest[:10]
    every = tweepy.Paginator(alice.get_users_mentions, ALICE, max_results=5).flatten()
    assert [one.id for one in every] == newest
    assert ids(alice.get_users_mentions(ALICE, since_id=posted[-2])) == newest[:1]
    home = alice.get_home_timeline(user_auth=False, max_results=5)
    assert ids(home) == newest[:5]
    assert (home.meta["newest_id"], home.meta["result_count"]) == (posted[-1], 5)
    back = alice.get_home_timeline(user_auth=False, max_results=5, pagination_token=home.meta["next_token"])
    again = alice.get_home_timeline(user_auth=False, max_results=5, pagination_token=back.meta["previous_token"])
    assert ids(again) == ids(home)
    hits = tweepy.Paginator(alice.search_recent_tweets, "rook from:bob", max_results=10).flatten()
    assert [one.id for one in hits] == [*newest, 1001]
    later = alice.search_recent_tweets("rook", start_time="2026-01-05T03:00:00Z", sort_order="recency", max_results=10)
    assert ids(later) == newest[:10]
    with pytest.raises(tweepy.BadRequest, match="column"):
        alice.search_recent_tweets('"open')
    counts = alice.get_recent_tweets_count("rook from:bob", granularity="day")
    assert counts.meta["total_tweet_count"] == len(newest) + 1 == sum(one["tweet_count"] for one in counts.data)


def test_blocks_are_listed(act_as: Tweepy, network: Network) -> None:
    erin = act_as(ERIN)
    with DescribedClient(create_app(network), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {network.context.tokens.issue(ERIN)}"
        path = f"/2/users/{ERIN}/blocking"
        for other in (BOB, CAROL, BOB):
            answer = client.post(path, json={"target_user_id": str(other)})
            assert answer.json() == {"data": {"blocking": True}}
        assert names(erin.get_blocked(user_auth=False)) == ["carol", "bob"]
        with pytest.raises(tweepy.Forbidden):
            erin.follow_user(BOB, user_auth=False)
        for _ in range(2):
            assert client.delete(f"{path}/{BOB}").json() == {"data": {"blocking": False}}
    assert names(erin.get_blocked(user_auth=False)) == ["carol"]


def test_mutes_begin_end_and_are_listed(act_as: Tweepy) -> None:
    erin = act_as(ERIN)
    for other in (BOB, CAROL, BOB):
        assert erin.mute(other, user_auth=False).data == {"muting": True}
    assert names(erin.get_muted(user_auth=False)) == ["carol", "bob"]
    for _ in range(2):
        assert erin.unmute(BOB, user_auth=False).data == {"muting": False}
    assert names(erin.get_muted(user_auth=False)) == ["carol"]
