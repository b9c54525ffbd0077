"""Where people live: real places with their Where-On-Earth id, position, time zone, language and share of people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from data.batch import F64, I64
from data.places import BY_WOEID

LANGUAGE_CODES: tuple[str, ...] = ("en", "ja", "es", "pt", "ko")
"""Languages of the world, BCP 47."""
LANGUAGE_SHARES: tuple[float, ...] = (0.50, 0.215, 0.125, 0.11, 0.05)
"""Their shares of people, set so that the shares of tweets among 10,000 people are near those of the real network:
41, 16, 9, 6.9 and 2.4% (RecSys Challenge 2020), rescaled to sum to 1. People of a smaller language find less to retweet
and to answer, so its share of people is above its share of tweets."""


class Place(NamedTuple):
    """One place; `share` is relative to the other places of its language."""

    name: str
    woeid: int
    latitude: float
    longitude: float
    zone: str
    language: str
    share: float


_RAW = """
2459115|en|16
2442047|en|12
2379574|en|9
2424766|en|7
2357024|en|7
2487956|en|5
2490383|en|4
4118|en|5
44418|en|11
28218|en|3
560743|en|2
1398823|en|4
1528488|en|3
1582504|en|3
2295411|en|4
20070458|en|4
1062617|en|2
1199477|en|3
1105779|en|4
1118370|ja|40
15015370|ja|20
1117817|ja|12
1117099|ja|9
1118108|ja|9
766273|es|14
753692|es|9
116545|es|20
124162|es|7
468739|es|16
368148|es|12
418440|es|7
349859|es|9
455827|pt|30
455825|pt|22
455821|pt|12
455826|pt|10
455823|pt|8
455824|pt|8
742676|pt|10
1132599|ko|60
1132447|ko|25
1132496|ko|15
"""


def _place(line: str) -> Place:
    woeid, language, share = line.split("|")
    return Place(*BY_WOEID[int(woeid)], language, float(share))


PLACES: tuple[Place, ...] = tuple(_place(line) for line in _RAW.strip().splitlines())
WOEID: I64 = np.array([place.woeid for place in PLACES], np.int64)
"""[places] WOEID by row of PLACES."""
LANGUAGE_OF: I64 = np.array([LANGUAGE_CODES.index(place.language) for place in PLACES], np.int64)
"""[places] row of LANGUAGE_CODES."""


def place_shares() -> F64:
    """[places] share of people who live there, sums to 1."""
    share = np.array([place.share for place in PLACES])
    total = np.bincount(LANGUAGE_OF, share)
    people: F64 = share / total[LANGUAGE_OF] * np.array(LANGUAGE_SHARES)[LANGUAGE_OF]
    people /= people.sum()
    return people


def utc_offsets_min(day: date) -> I64:
    """[places] minutes that local time is ahead of UTC on a day; a world keeps those of its first day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    offsets = (noon.astimezone(ZoneInfo(place.zone)).utcoffset() for place in PLACES)
    return np.array([int(one.total_seconds()) // 60 if one is not None else 0 for one in offsets], np.int64)
