"""Post, look up and delete tweets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from serving.auth.access import User, reader
from serving.context import Net
from serving.kit.answers import answer
from serving.kit.fields import OfTweets, TweetsById
from serving.kit.ids import PathId
from serving.kit.openapi import NOT_FOUND
from serving.kit.parameters import NO_PARAMETERS, many_ids
from serving.kit.problems import missing
from serving.tweets import service
from serving.tweets.expansions import shown
from serving.tweets.schemas import Deleted, NewTweet, OneTweet, Posted, SomeTweets

router = APIRouter(prefix="/2/tweets", tags=["tweets"], dependencies=[Depends(reader)])


@router.post("", status_code=201, response_model=Posted, responses=NOT_FOUND, dependencies=[NO_PARAMETERS])
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
    one = str(row["tweet_id"])
    return answer({"data": {"id": one, "text": row["text"], "edit_history_tweet_ids": [one]}}, 201)


@router.get("", response_model=SomeTweets)
def get_tweets(query: Annotated[TweetsById, Query()], network: Net) -> Response:
    """Tweets by ids; `errors` names those that are not there."""
    wanted = many_ids(query.ids)
    rows = service.by_ids(network, wanted)
    data, more = shown(network, rows, query.view)
    there = {row.tweet_id for row in rows}
    errors = [missing("tweet", one, "ids") for one in wanted if one not in there] + more.pop("errors", [])
    return answer(({"data": data} if data else {}) | more | ({"errors": errors} if errors else {}))


@router.get("/{id}", response_model=OneTweet, responses=NOT_FOUND)
def get_tweet(tweet_id: PathId, query: Annotated[OfTweets, Query()], network: Net) -> Response:
    """One tweet."""
    data, more = shown(network, [service.by_id(network, tweet_id)], query.view)
    return answer({"data": data[0], **more})


@router.delete("/{id}", response_model=Deleted, responses=NOT_FOUND, dependencies=[NO_PARAMETERS])
async def delete_tweet(tweet_id: PathId, user_id: User, network: Net) -> Response:
    """Deletes a tweet of the token's user."""
    await network.write(lambda tx: service.delete(tx, user_id, tweet_id))
    return answer({"data": {"deleted": True}})
