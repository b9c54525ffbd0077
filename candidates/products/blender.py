"""Puts what is not ranked by the home feed between its tweets: promoted tweets, and who to follow.

Places are counted from 1 over everything shown. The module "who to follow" takes its place if the feed reaches it.
Promoted tweets come in the order in which the port offers them: each as early as it may, at the top never, after at
least `organic_between` organic tweets since the last one (or since the top), and none whose advertiser is that of the
one before it, in this slate or at the end of the reader's last one. One that may never come is left out.

Whoever pays is asked in a thread of its own, for as long as `promoted_ms`: a feed waits no longer for an auction.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from candidates.apart import Apart, LateError
from candidates.products.follow import Suggestion, WhoToFollow
from candidates.visibility import Visibility
from data.batch import Ragged
from features.online import FeatureState

_log = logging.getLogger(__name__)

READERS = 10_000
"""Readers whose last advertiser is remembered, those who were shown one last."""


@dataclass(frozen=True, slots=True)
class PromotedTweet:
    """A tweet that someone pays for."""

    tweet_id: int
    advertiser_id: int


class Promoted(Protocol):
    """Offers promoted tweets: an auction, or a list. It is asked in a thread of its own, for one reader at a time."""

    def offers(self, user_id: int, time_us: int) -> Sequence[PromotedTweet]:
        """What may be shown to the reader now, best first."""
        ...


class BlenderConfig(BaseModel):
    """Where things go."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    organic_between: int = Field(3, ge=1)
    """Organic tweets between two promoted ones, and before the first."""
    promoted_ms: float = Field(50.0, gt=0)
    """Milliseconds that the offers of promoted tweets may take; later ones are left out."""
    follow_slot: int = Field(6, ge=1)
    """The place of the module "who to follow"; left out of a feed that ends before it."""
    follow_accounts: int = Field(3, ge=0)
    """The most accounts of the module; 0 leaves it out."""


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


@dataclass(frozen=True)
class Blended:
    """A page of a home timeline with what is not ranked."""

    entries: list[Entry]
    suggestions: list[Suggestion] = field(default_factory=list)
    """The accounts of the module, empty where it is not among the entries."""
    degraded: Mapping[str, str] = field(default_factory=dict)
    """What could not be asked, and why."""


class Blender:
    """Blends the pages of one reader after another: the module on first pages, promoted tweets on all."""

    def __init__(
        self,
        state: FeatureState,
        visibility: Visibility,
        who_to_follow: WhoToFollow,
        promoted: Promoted | None = None,
        config: BlenderConfig | None = None,
    ) -> None:
        """Without `promoted` there are no promoted tweets."""
        self.state, self.visibility, self.who_to_follow = state, visibility, who_to_follow
        self.promoted, self.config = promoted, config or BlenderConfig()
        self._apart = Apart()
        self._last: OrderedDict[int, int] = OrderedDict()

    def page(self, user_id: int, organic: Sequence[int], time_us: int, request_id: int, *, first: bool) -> Blended:
        """The page of `organic` tweets, best first; what fails is left out and named."""
        degraded: dict[str, str] = {}
        found: list[Suggestion] = []
        if first and self.config.follow_accounts and len(organic) >= self.config.follow_slot - 1:
            try:
                found = self.who_to_follow.suggest(user_id, self.config.follow_accounts, time_us)
            except Exception as error:  # the tweets are there without it
                _log.warning("who to follow is left out", exc_info=True)
                degraded["who_to_follow"] = f"failed: {type(error).__name__}: {error}"
        offers: list[PromotedTweet] = []
        try:
            offers = self._visible(user_id, self._offers(user_id, time_us), time_us, request_id)
        except LateError as late:
            degraded["promoted"] = f"late: {late}"
        except Exception as error:  # whoever pays, the feed goes on
            _log.warning("promoted tweets are left out", exc_info=True)
            degraded["promoted"] = f"failed: {type(error).__name__}: {error}"
        last = self._last.get(user_id, -1)
        entries = blend(organic, offers, follow=bool(found), last_advertiser=last, config=self.config)
        shown = [one.advertiser_id for one in entries if one.kind == "promoted"]
        if shown:
            self._last[user_id] = shown[-1]
            self._last.move_to_end(user_id)
            if len(self._last) > READERS:
                self._last.popitem(last=False)
        there = any(one.kind == "who_to_follow" for one in entries)
        return Blended(entries, found if there else [], degraded)

    def _offers(self, user_id: int, time_us: int) -> list[PromotedTweet]:
        """What the port offers.

        Raises:
            LateError: not within `promoted_ms`, or it has not come back from an earlier reader.
        """
        port = self.promoted
        if port is None:
            return []
        return self._apart.run("promoted", lambda: list(port.offers(user_id, time_us)), self.config.promoted_ms / 1e3)

    def _visible(
        self, user_id: int, offers: Sequence[PromotedTweet], time_us: int, request_id: int
    ) -> list[PromotedTweet]:
        """The offers that the reader may be shown; of a tweet that is not known, none."""
        if not offers:
            return []
        network = self.state.network
        rows = network.tweets.rows(np.array([one.tweet_id for one in offers], np.int64))
        there = np.flatnonzero(rows >= 0)
        there = there[network.tweet.kind[rows[there]] >= 0]  # some have a row and are known by their id alone
        known, rows = [offers[at] for at in there.tolist()], rows[there]
        requests = self.state.requests(np.array([user_id], np.int64), np.array([time_us], np.int64))
        requests = requests.with_columns({"request_id": np.array([request_id], np.int64)})
        visible = self.visibility.visible(self.state.base(requests, Ragged(np.array([0, len(rows)]), rows)))
        return [one for one, keep in zip(known, visible.tolist(), strict=True) if keep]
