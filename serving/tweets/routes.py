"""Post, look up and delete tweets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from serving.auth.access import User, reader
from serving.context import Net
from serving.kit.answers import answer, many_ids, partial
from serving.kit.ids import PathId
from serving.tweets import service
from serving.tweets.schemas import NewTweet, tweet_object

router = APIRouter(prefix="/2/tweets", tags=["tweets"])


@router.post("", status_code=201)
async def post_tweet(body: NewTweet, user_id: User, network: Net) -> Response:
    """Posts a tweet as the token's user."""
    service.check_length(body.text)
    row = await network.write(
        lambda tx: service.post(
            tx,
            user_id,
            body.text,
            reply_to=body.reply.in_reply_to_tweet_id if body.reply else None,
            quotes=body.quote_tweet_id,
            language=body.lang,
        )
    )
    return answer({"data": {"id": str(row["tweet_id"]), "text": row["text"]}}, 201)


@router.get("", dependencies=[Depends(reader)])
def get_tweets(ids: Annotated[str, Query(max_length=4_000)], network: Net) -> Response:
    """Tweets by ids, separated by commas, at most 100."""
    wanted = many_ids(ids)
    found = {row.tweet_id: tweet_object(row) for row in service.by_ids(network, wanted)}
    return partial(found, wanted, "tweet")


@router.get("/{id}", dependencies=[Depends(reader)])
def get_tweet(tweet_id: PathId, network: Net) -> Response:
    """One tweet."""
    return answer({"data": tweet_object(service.by_id(network, tweet_id))})


@router.delete("/{id}")
async def delete_tweet(tweet_id: PathId, user_id: User, network: Net) -> Response:
    """Deletes a tweet of the token's user."""
    await network.write(lambda tx: service.delete(tx, user_id, tweet_id))
    return answer({"data": {"deleted": True}})
