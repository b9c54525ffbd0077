"""Like, retweet and bookmark, and take each back: a second time changes nothing. Who did, and what, in pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Context, Net
from serving.engagements import lists, service
from serving.engagements.lists import Page
from serving.kit.answers import Answer, answer, listed
from serving.kit.fields import FewUsersPaged, OfTweets, View
from serving.kit.ids import Id, PathId, Whole
from serving.kit.openapi import NOT_FOUND
from serving.kit.parameters import NO_PARAMETERS, Hundreds, Paged
from serving.tweets.expansions import shown
from serving.tweets.schemas import TweetPage
from serving.users.schemas import UserPage, user_object

router = APIRouter(prefix="/2", tags=["engagements"], dependencies=[Depends(reader)], responses=NOT_FOUND)


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


class BookmarkState(Answer):
    """Whether a bookmark stands."""

    bookmarked: bool


class Bookmarked(Answer):
    """The answer to a bookmark, or to one taken back."""

    data: BookmarkState


class LikedTweets(OfTweets, Paged):
    """Of what a user likes."""

    max_results: Annotated[int, Whole] = Field(default=100, ge=5, le=100)
    """Entries a page."""


class Bookmarks(OfTweets, Hundreds):
    """Of what a user bookmarked."""


class Quotes(OfTweets, Paged):
    """Of the quotes of a tweet."""

    max_results: Annotated[int, Whole] = Field(default=10, ge=10, le=100)
    """Entries a page."""


@router.post("/users/{id}/likes", dependencies=[NO_PARAMETERS], response_model=Liked)
async def like(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Likes a tweet."""
    await network.write(lambda tx: service.like(tx, user_id, body.tweet_id))
    return answer({"data": {"liked": True}})


@router.delete("/users/{id}/likes/{tweet_id}", dependencies=[NO_PARAMETERS], response_model=Liked)
async def unlike(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a like back."""
    await network.write(lambda tx: service.unlike(tx, user_id, tweet_id))
    return answer({"data": {"liked": False}})


@router.post("/users/{id}/retweets", dependencies=[NO_PARAMETERS], response_model=Retweeted)
async def retweet(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Retweets a tweet."""
    await network.write(lambda tx: service.retweet(tx, user_id, body.tweet_id))
    return answer({"data": {"retweeted": True}})


@router.delete("/users/{id}/retweets/{tweet_id}", dependencies=[NO_PARAMETERS], response_model=Retweeted)
async def unretweet(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a retweet back."""
    await network.write(lambda tx: service.unretweet(tx, user_id, tweet_id))
    return answer({"data": {"retweeted": False}})


@router.get("/users/{id}/bookmarks", response_model=TweetPage)
def get_bookmarks(user_id: Acting, query: Annotated[Bookmarks, Query()], network: Net) -> Response:
    """What the token's user bookmarked, the last first."""
    page = lists.bookmarked_tweets(network, user_id, query.max_results, query.pagination_token)
    return _tweets(network, page, query.view)


@router.post("/users/{id}/bookmarks", dependencies=[NO_PARAMETERS], response_model=Bookmarked)
async def bookmark(body: AboutTweet, user_id: Acting, network: Net) -> Response:
    """Bookmarks a tweet; only the user sees it, and everybody the count."""
    await network.write(lambda tx: service.bookmark(tx, user_id, body.tweet_id))
    return answer({"data": {"bookmarked": True}})


@router.delete("/users/{id}/bookmarks/{tweet_id}", dependencies=[NO_PARAMETERS], response_model=Bookmarked)
async def unbookmark(user_id: Acting, tweet_id: Id, network: Net) -> Response:
    """Takes a bookmark back."""
    await network.write(lambda tx: service.unbookmark(tx, user_id, tweet_id))
    return answer({"data": {"bookmarked": False}})


@router.get("/users/{id}/liked_tweets", response_model=TweetPage)
def get_liked_tweets(user_id: PathId, query: Annotated[LikedTweets, Query()], network: Net) -> Response:
    """What a user likes, the newest tweet first."""
    page = lists.liked_tweets(network, user_id, query.max_results, query.pagination_token)
    return _tweets(network, page, query.view)


@router.get("/tweets/{id}/quote_tweets", response_model=TweetPage)
def get_quote_tweets(tweet_id: PathId, query: Annotated[Quotes, Query()], network: Net) -> Response:
    """The quotes of a tweet, the newest first."""
    page = lists.quotes(network, tweet_id, query.max_results, query.pagination_token)
    return _tweets(network, page, query.view)


@router.get("/tweets/{id}/liking_users", response_model=UserPage)
def get_liking_users(tweet_id: PathId, query: Annotated[FewUsersPaged, Query()], network: Net) -> Response:
    """Who likes a tweet, the newest account first."""
    page = lists.liking_users(network, tweet_id, query.max_results, query.pagination_token)
    return _users(page, query.view)


@router.get("/tweets/{id}/retweeted_by", response_model=UserPage)
def get_retweeted_by(tweet_id: PathId, query: Annotated[FewUsersPaged, Query()], network: Net) -> Response:
    """Who retweets a tweet, the last first."""
    page = lists.retweeting_users(network, tweet_id, query.max_results, query.pagination_token)
    return _users(page, query.view)


def _tweets(context: Context, page: Page, view: View) -> Response:
    rows, tokens = page
    data, more = shown(context, rows, view)
    return listed(data, more, tokens=tokens, ids=True)


def _users(page: Page, view: View) -> Response:
    rows, tokens = page
    return listed([user_object(row, view.user) for row in rows], tokens=tokens)
