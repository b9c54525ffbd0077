"""The SDK that X makes from its own description of API v2, unmodified: only its session leads here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import xdk
from xdk.posts.models import CreateRequest
from xdk.users import models

from serving.app import create_app
from serving.network import Network
from tests.serving.described import DescribedClient
from tests.serving.here import Here
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN

Client = Callable[[int], xdk.Client]


@pytest.fixture
def act_as(network: Network) -> Iterator[Client]:
    with DescribedClient(create_app(network), raise_server_exceptions=False) as here:

        def made(user_id: int) -> xdk.Client:
            token = network.context.tokens.issue(user_id)
            client = xdk.Client(access_token=token, bearer_token=token)
            client.session.mount("https://api.x.com", Here(here))
            return client

        yield made


def ids(answer: Any) -> list[str]:
    """Of one answer, or of the pages of a list."""
    pages = [answer] if isinstance(answer, xdk.schemas.BaseModel) else list(answer)
    return [one["id"] if isinstance(one, dict) else one.id for page in pages for one in page.data or []]


def test_posts_are_made_found_and_deleted(act_as: Client, network: Network) -> None:
    erin = act_as(ERIN)
    posted = erin.posts.create(CreateRequest(text="a rook for a pawn")).data.id
    reply = CreateRequest.model_validate({"text": "and a bishop", "reply": {"in_reply_to_tweet_id": posted}})
    answered = erin.posts.create(reply).data.id
    network.settle()
    found = erin.posts.get_by_id(
        answered, tweet_fields=["author_id", "conversation_id", "referenced_tweets"], expansions=["author_id"]
    )
    assert (found.data.author_id, found.data.conversation_id) == (str(ERIN), posted)
    assert found.includes.users[0].username == "erin"
    assert ids(erin.posts.get_by_ids([posted, answered])) == [posted, answered]
    assert ids(erin.posts.search_recent("rook", max_results=10)) == [posted, "1001"]
    counts = next(iter(erin.posts.get_counts_recent("rook", granularity="day")))
    assert counts.meta.total_tweet_count == 2
    assert erin.posts.delete(posted).data.deleted
    network.settle()
    assert ids(erin.posts.search_recent("rook", max_results=10)) == ["1001"]


def test_likes_reposts_and_bookmarks_stand_until_they_are_taken_back(act_as: Client) -> None:
    erin, own = act_as(ERIN), str(ERIN)
    assert erin.users.like_post(own, models.LikePostRequest(tweet_id="1003")).data.liked
    assert ids(erin.users.get_liked_posts(own)) == ["1003"]
    assert own in ids(erin.posts.get_liking_users("1003"))
    assert not erin.users.unlike_post(own, "1003").data.liked
    assert erin.users.repost_post(own, models.RepostPostRequest(tweet_id="1003")).data.retweeted
    assert own in ids(erin.posts.get_reposted_by("1003"))
    assert not erin.users.unrepost_post(own, "1003").data.retweeted
    assert erin.users.create_bookmark(own, models.CreateBookmarkRequest(tweet_id="1003")).data.bookmarked
    assert ids(erin.users.get_bookmarks(own)) == ["1003"]
    assert not erin.users.delete_bookmark(own, "1003").data.bookmarked
    assert ids(erin.users.get_bookmarks(own)) == []
    metrics = erin.posts.get_by_id("1003", tweet_fields=["public_metrics"]).data.public_metrics
    assert (metrics.like_count, metrics.retweet_count, metrics.bookmark_count) == (0, 0, 0)


def test_people_are_found_followed_and_muted(act_as: Client) -> None:
    erin, own = act_as(ERIN), str(ERIN)
    assert erin.users.get_me().data.username == "erin"
    assert ids(erin.users.get_by_usernames(["alice", "bob"])) == [str(ALICE), str(BOB)]
    assert ids(erin.users.get_by_ids([str(CAROL)])) == [str(CAROL)]
    assert erin.users.get_by_username("dave").data.id == str(DAVE)
    assert ids(erin.users.search("alice")) == [str(ALICE)]
    assert erin.users.follow_user(own, models.FollowUserRequest(target_user_id=str(BOB))).data.following
    assert ids(erin.users.get_following(own)) == [str(BOB)]
    assert ids(erin.users.get_followers(str(DAVE), max_results=1)) == [str(CAROL), str(ALICE)]
    assert not erin.users.unfollow_user(own, str(BOB)).data.following
    for other in (BOB, CAROL):
        assert erin.users.mute_user(own, models.MuteUserRequest(target_user_id=str(other))).data.muting
    assert ids(erin.users.get_muting(own)) == [str(CAROL), str(BOB)]
    assert not erin.users.unmute_user(own, str(BOB)).data.muting
    assert ids(erin.users.get_blocking(own)) == []


def test_timelines_and_trends(act_as: Client, network: Network) -> None:
    people = {one: act_as(one) for one in (ALICE, BOB, CAROL)}
    posted = [
        client.posts.create(CreateRequest(text=f"hi @alice {one} #rook")).data.id for one, client in people.items()
    ]
    network.settle()
    alice = people[ALICE]
    assert ids(alice.users.get_posts(str(BOB)))[0] == posted[1]
    assert ids(alice.users.get_mentions(str(ALICE))) == posted[::-1]
    assert ids(alice.users.get_timeline(str(ALICE)))[:3] == posted[::-1]
    assert [one.trend_name for one in alice.trends.get_by_woeid(1).data] == ["#rook"]
    assert [one.trend_name for one in alice.trends.get_personalized().data] == ["#rook"]
