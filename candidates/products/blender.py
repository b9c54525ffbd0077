"""Puts what is not ranked by the home feed between its tweets: promoted tweets, and who to follow.

Places are counted from 1 over everything shown. The module "who to follow" takes its place if the feed reaches it.
Promoted tweets come in the order in which the port offers them: each as early as it may, at the top never, after at
least `organic_between` organic tweets since the last one (or since the top), and none whose advertiser is that of the
one before it, in this slate or at the end of the reader's last one. One that may never come is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class PromotedTweet:
    """A tweet that someone pays for."""

    tweet_id: int
    advertiser_id: int


class Promoted(Protocol):
    """Offers promoted tweets: an auction, or a list."""

    def offers(self, user_id: int, time_us: int) -> Sequence[PromotedTweet]:
        """What may be shown to the reader now, best first."""
        ...


class BlenderConfig(BaseModel):
    """Where things go."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    organic_between: int = Field(3, ge=1)
    """Organic tweets between two promoted ones, and before the first."""
    follow_slot: int = Field(6, ge=1)
    """The place of the module "who to follow"; left out of a feed that ends before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the timeline."""

    kind: Literal["tweet", "promoted", "who_to_follow"]
    tweet_id: int = -1
    """-1 for the module."""
    advertiser_id: int = -1
    """Of a promoted tweet."""


def blend(
    organic: Sequence[int],
    promoted: Sequence[PromotedTweet] = (),
    *,
    follow: bool = False,
    last_advertiser: int = -1,
    config: BlenderConfig | None = None,
) -> list[Entry]:
    """The timeline of `organic` tweets, all of them in their order.

    Args:
        organic: ids, best first.
        promoted: what is offered, best first; an offer for a tweet that is in the feed or was placed is left out.
        follow: whether there is somebody to suggest.
        last_advertiser: of the last promoted tweet that the reader was shown before, -1 for none.
        config: the places; the defaults when None.
    """
    config, out = config or BlenderConfig(), list[Entry]()
    here, waiting, since = set(organic), list(promoted), 0
    for tweet in organic:
        if follow and len(out) + 1 == config.follow_slot:
            out.append(Entry("who_to_follow"))
        if since >= config.organic_between:
            offer = _next(waiting, here, last_advertiser)
            if offer is not None:
                out.append(Entry("promoted", offer.tweet_id, offer.advertiser_id))
                last_advertiser, since = offer.advertiser_id, 0
                here.add(offer.tweet_id)
                if follow and len(out) + 1 == config.follow_slot:
                    out.append(Entry("who_to_follow"))
        out.append(Entry("tweet", tweet))
        since += 1
    return out


def _next(waiting: list[PromotedTweet], here: set[int], last_advertiser: int) -> PromotedTweet | None:
    """Takes the first offer that may stand here from `waiting`."""
    for place, offer in enumerate(waiting):
        if offer.advertiser_id != last_advertiser and offer.tweet_id not in here:
            return waiting.pop(place)
    return None
