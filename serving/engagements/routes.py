"""Like and retweet, and take either back. A second time changes nothing."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from serving.auth.access import Acting
from serving.context import Net
from serving.engagements import service
from serving.kit.answers import answer
from serving.kit.ids import Id

router = APIRouter(prefix="/2/users", tags=["engagements"])


class AboutTweet(BaseModel):
    """The body of a like or a retweet."""

    model_config = ConfigDict(extra="forbid")

    tweet_id: Id
    """The tweet meant."""


@router.post("/{id}/likes")
async def like(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Likes a tweet."""
    await network.write(lambda tx: service.like(tx, user_id, body.tweet_id))
    return answer({"data": {"liked": True}})


@router.delete("/{id}/likes/{tweet_id}")
async def unlike(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a like back."""
    await network.write(lambda tx: service.unlike(tx, user_id, tweet_id))
    return answer({"data": {"liked": False}})


@router.post("/{id}/retweets")
async def retweet(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Retweets a tweet."""
    await network.write(lambda tx: service.retweet(tx, user_id, body.tweet_id))
    return answer({"data": {"retweeted": True}})


@router.delete("/{id}/retweets/{tweet_id}")
async def unretweet(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a retweet back."""
    await network.write(lambda tx: service.unretweet(tx, user_id, tweet_id))
    return answer({"data": {"retweeted": False}})
