"""Like and retweet, and take either back. Saying it twice changes nothing.

A like taken back stops counting on the tweet; the event that it was given stays in the log, as all that happened.
"""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from serving.auth.access import Acting
from serving.context import Net
from serving.engagements import store
from serving.events.outbox import Transaction
from serving.kit.answers import Id, answer
from serving.tweets import service
from serving.users import store as users

router = APIRouter(prefix="/2/users", tags=["engagements"])


class AboutTweet(BaseModel):
    """The body of a like or a retweet."""

    model_config = ConfigDict(extra="forbid")

    tweet_id: Id
    """The tweet meant."""


@router.post("/{id}/likes")
async def like(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Likes a tweet."""
    await network.write(lambda tx: _like(tx, user_id, body.tweet_id))
    return answer({"data": {"liked": True}})


@router.delete("/{id}/likes/{tweet_id}")
async def unlike(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a like back."""
    await network.write(lambda tx: _unlike(tx, user_id, tweet_id))
    return answer({"data": {"liked": False}})


@router.post("/{id}/retweets")
async def retweet(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Retweets a tweet."""
    await network.write(lambda tx: _retweet(tx, user_id, body.tweet_id))
    return answer({"data": {"retweeted": True}})


@router.delete("/{id}/retweets/{tweet_id}")
async def unretweet(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a retweet back."""
    await network.write(lambda tx: _unretweet(tx, user_id, tweet_id))
    return answer({"data": {"retweeted": False}})


def _like(tx: Transaction, user_id: int, tweet_id: int) -> None:
    if not users.exists(tx.connection, user_id):
        raise service.no_account(user_id)
    tweet = service.original(tx, tweet_id)
    if store.liked(tx.connection, user_id, tweet.tweet_id):
        return
    store.add(tx.connection, [{"user_id": user_id, "tweet_id": tweet.tweet_id, "time_us": tx.now_us}])
    service.engage(tx, user_id, tweet, "like")


def _unlike(tx: Transaction, user_id: int, tweet_id: int) -> None:
    tweet = service.original(tx, tweet_id)
    if store.remove(tx.connection, user_id, tweet.tweet_id):
        service.engage(tx, user_id, tweet, "like", -1)


def _retweet(tx: Transaction, user_id: int, tweet_id: int) -> None:
    tweet = service.original(tx, tweet_id)
    if store.retweet_of(tx.connection, user_id, tweet.tweet_id) is None:
        service.retweet(tx, user_id, tweet.tweet_id)


def _unretweet(tx: Transaction, user_id: int, tweet_id: int) -> None:
    tweet = service.original(tx, tweet_id)
    found = store.retweet_of(tx.connection, user_id, tweet.tweet_id)
    if found is not None:
        service.delete(tx, user_id, found)
