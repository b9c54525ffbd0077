"""Where people live: real places with their Where-On-Earth id, position, time zone, language and share of people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from data.batch import F64, I64

LANGUAGE_CODES: tuple[str, ...] = ("en", "ja", "es", "pt", "ko")
"""Languages of the world, BCP 47."""
LANGUAGE_SHARES: tuple[float, ...] = (0.545, 0.212, 0.119, 0.092, 0.032)
"""Their shares of people: 41, 16, 9, 6.9 and 2.4% of the real network (RecSys Challenge 2020), rescaled to sum to 1."""


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
New York|2459115|40.71|-74.01|America/New_York|en|16
Los Angeles|2442047|34.05|-118.24|America/Los_Angeles|en|12
Chicago|2379574|41.88|-87.63|America/Chicago|en|9
Houston|2424766|29.76|-95.37|America/Chicago|en|7
Atlanta|2357024|33.75|-84.39|America/New_York|en|7
San Francisco|2487956|37.77|-122.42|America/Los_Angeles|en|5
Seattle|2490383|47.61|-122.33|America/Los_Angeles|en|4
Toronto|4118|43.65|-79.38|America/Toronto|en|5
London|44418|51.51|-0.13|Europe/London|en|11
Manchester|28218|53.48|-2.24|Europe/London|en|3
Dublin|560743|53.35|-6.26|Europe/Dublin|en|2
Lagos|1398823|6.52|3.38|Africa/Lagos|en|4
Nairobi|1528488|-1.29|36.82|Africa/Nairobi|en|3
Johannesburg|1582504|-26.2|28.05|Africa/Johannesburg|en|3
Mumbai|2295411|19.08|72.88|Asia/Kolkata|en|4
Delhi|20070458|28.61|77.21|Asia/Kolkata|en|4
Singapore|1062617|1.35|103.82|Asia/Singapore|en|2
Manila|1199477|14.6|120.98|Asia/Manila|en|3
Sydney|1105779|-33.87|151.21|Australia/Sydney|en|4
Tokyo|1118370|35.68|139.69|Asia/Tokyo|ja|40
Osaka|15015370|34.69|135.5|Asia/Tokyo|ja|20
Nagoya|1117817|35.18|136.91|Asia/Tokyo|ja|12
Fukuoka|1117099|33.59|130.4|Asia/Tokyo|ja|9
Sapporo|1118108|43.06|141.35|Asia/Tokyo|ja|9
Madrid|766273|40.42|-3.7|Europe/Madrid|es|14
Barcelona|753692|41.39|2.17|Europe/Madrid|es|9
Mexico City|116545|19.43|-99.13|America/Mexico_City|es|20
Guadalajara|124162|20.67|-103.35|America/Mexico_City|es|7
Buenos Aires|468739|-34.6|-58.38|America/Argentina/Buenos_Aires|es|16
Bogota|368148|4.71|-74.07|America/Bogota|es|12
Lima|418440|-12.05|-77.04|America/Lima|es|7
Santiago|349859|-33.45|-70.67|America/Santiago|es|9
Sao Paulo|455827|-23.55|-46.63|America/Sao_Paulo|pt|30
Rio de Janeiro|455825|-22.91|-43.17|America/Sao_Paulo|pt|22
Belo Horizonte|455821|-19.92|-43.94|America/Sao_Paulo|pt|12
Salvador|455826|-12.97|-38.5|America/Bahia|pt|10
Porto Alegre|455823|-30.03|-51.23|America/Sao_Paulo|pt|8
Recife|455824|-8.05|-34.88|America/Recife|pt|8
Lisbon|742676|38.72|-9.14|Europe/Lisbon|pt|10
Seoul|1132599|37.57|126.98|Asia/Seoul|ko|60
Busan|1132447|35.18|129.08|Asia/Seoul|ko|25
Incheon|1132496|37.46|126.71|Asia/Seoul|ko|15
"""


def _place(line: str) -> Place:
    name, woeid, latitude, longitude, zone, language, share = line.split("|")
    return Place(name, int(woeid), float(latitude), float(longitude), zone, language, float(share))


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
