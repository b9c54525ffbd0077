"""A user's own tweets, and the home timeline: ranked, and in reverse chronological order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.background import BackgroundTasks
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Context, Net
from serving.graph import suggestions
from serving.kit.answers import answer, listed
from serving.kit.fields import View
from serving.kit.ids import PathId
from serving.kit.openapi import NOT_FOUND
from serving.ops.service import model_card
from serving.timelines import chronological, home
from serving.timelines.chronological import ChronologicalPage
from serving.timelines.parameters import Chronological, HomeTimelineParameters, UserTimeline
from serving.timelines.schemas import HomeAnswer, home_object
from serving.tweets import service as tweets
from serving.tweets.expansions import shown
from serving.tweets.schemas import TweetPage

router = APIRouter(prefix="/2/users", tags=["timelines"], dependencies=[Depends(reader)], responses=NOT_FOUND)


@router.get("/{id}/timelines/reverse_chronological", response_model=TweetPage)
async def get_reverse_chronological(
    user_id: Acting, query: Annotated[Chronological, Query()], network: Net
) -> Response:
    """What the token's user and those whom they follow posted, newest first."""
    limit = query.max_results or network.settings.home_size
    found = await chronological.chronological(
        network, user_id, limit, query.pagination_token, window=query, left_out=query.left_out
    )
    return await run_in_threadpool(_chronological, network, found, query.view)


@router.get("/{id}/timeline", response_model=HomeAnswer | TweetPage)
async def get_timeline(user_id: Acting, query: Annotated[HomeTimelineParameters, Query()], network: Net) -> Response:
    """The home timeline of the token's user, ranked by the served model, or newest first.

    What a ranked one shows counts as served and seen from then on.
    """
    limit = query.max_results or network.settings.home_size
    if query.algorithm == "reverse_chronological":
        posts = await chronological.chronological(network, user_id, limit, query.pagination_token)
        return await run_in_threadpool(_chronological, network, posts, query.view)
    timeline = await home.home(network, user_id, limit, query.pagination_token)
    response = await run_in_threadpool(_ranked, network, timeline, query.view)
    after = BackgroundTasks()
    after.add_task(home.record, network, timeline.events)
    after.add_task(suggestions.record, network, user_id, timeline.blended.suggestions)
    response.background = after
    return response


@router.get("/{id}/tweets", response_model=TweetPage)
def get_user_tweets(user_id: PathId, query: Annotated[UserTimeline, Query()], network: Net) -> Response:
    """What a user posted, newest first."""
    rows, tokens = tweets.by_author(
        network, user_id, query.max_results, query.pagination_token, window=query, left_out=query.left_out
    )
    data, more = shown(network, rows, query.view)
    return listed(data, more, tokens=tokens, ids=True)


def _chronological(context: Context, found: ChronologicalPage, view: View) -> Response:
    data, more = shown(context, tweets.by_ids(context, found.tweet_ids), view)
    return listed(data, more, tokens=found.tokens, ids=True)


def _ranked(context: Context, timeline: home.HomeTimeline, view: View) -> Response:
    rows = tweets.by_ids(context, home.shown_ids(timeline))
    accounts = suggestions.accounts(context, timeline.blended.suggestions)
    return answer(home_object(context, timeline, rows, accounts, view, model_card(context.model)))
