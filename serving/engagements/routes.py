"""Like and retweet, and take either back. A second time changes nothing."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Net
from serving.engagements import service
from serving.kit.answers import Answer, answer
from serving.kit.ids import Id
from serving.kit.openapi import NOT_FOUND
from serving.kit.parameters import NO_PARAMETERS

router = APIRouter(
    prefix="/2/users", tags=["engagements"], dependencies=[Depends(reader), NO_PARAMETERS], responses=NOT_FOUND
)


class AboutTweet(BaseModel):
    """The body of a like or a retweet."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    tweet_id: Id
    """The tweet meant."""


class LikeState(Answer):
    """Whether a like stands."""

    liked: bool


class Liked(Answer):
    """The answer to a like, or to one taken back."""

    data: LikeState


class RetweetState(Answer):
    """Whether a retweet stands."""

    retweeted: bool


class Retweeted(Answer):
    """The answer to a retweet, or to one taken back."""

    data: RetweetState


@router.post("/{id}/likes", response_model=Liked)
async def like(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Likes a tweet."""
    await network.write(lambda tx: service.like(tx, user_id, body.tweet_id))
    return answer({"data": {"liked": True}})


@router.delete("/{id}/likes/{tweet_id}", response_model=Liked)
async def unlike(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a like back."""
    await network.write(lambda tx: service.unlike(tx, user_id, tweet_id))
    return answer({"data": {"liked": False}})


@router.post("/{id}/retweets", response_model=Retweeted)
async def retweet(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Retweets a tweet."""
    await network.write(lambda tx: service.retweet(tx, user_id, body.tweet_id))
    return answer({"data": {"retweeted": True}})


@router.delete("/{id}/retweets/{tweet_id}", response_model=Retweeted)
async def unretweet(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a retweet back."""
    await network.write(lambda tx: service.unretweet(tx, user_id, tweet_id))
    return answer({"data": {"retweeted": False}})
