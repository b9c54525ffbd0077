"""Cities by Where-On-Earth id: name, position and time zone, and which of them lie around a point."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import numpy as np

from data.batch import F64, I64

EARTH_KM = 6_371.0088
"""Mean radius of the Earth (IUGG)."""


class City(NamedTuple):
    """One city: WOEID, latitude and longitude in degrees, and its IANA time zone."""

    name: str
    woeid: int
    latitude: float
    longitude: float
    zone: str


_RAW = """
New York|2459115|40.71|-74.01|America/New_York
Los Angeles|2442047|34.05|-118.24|America/Los_Angeles
Chicago|2379574|41.88|-87.63|America/Chicago
Houston|2424766|29.76|-95.37|America/Chicago
Atlanta|2357024|33.75|-84.39|America/New_York
San Francisco|2487956|37.77|-122.42|America/Los_Angeles
Seattle|2490383|47.61|-122.33|America/Los_Angeles
Toronto|4118|43.65|-79.38|America/Toronto
London|44418|51.51|-0.13|Europe/London
Manchester|28218|53.48|-2.24|Europe/London
Dublin|560743|53.35|-6.26|Europe/Dublin
Lagos|1398823|6.52|3.38|Africa/Lagos
Nairobi|1528488|-1.29|36.82|Africa/Nairobi
Johannesburg|1582504|-26.2|28.05|Africa/Johannesburg
Mumbai|2295411|19.08|72.88|Asia/Kolkata
Delhi|20070458|28.61|77.21|Asia/Kolkata
Singapore|1062617|1.35|103.82|Asia/Singapore
Manila|1199477|14.6|120.98|Asia/Manila
Sydney|1105779|-33.87|151.21|Australia/Sydney
Tokyo|1118370|35.68|139.69|Asia/Tokyo
Osaka|15015370|34.69|135.5|Asia/Tokyo
Nagoya|1117817|35.18|136.91|Asia/Tokyo
Fukuoka|1117099|33.59|130.4|Asia/Tokyo
Sapporo|1118108|43.06|141.35|Asia/Tokyo
Madrid|766273|40.42|-3.7|Europe/Madrid
Barcelona|753692|41.39|2.17|Europe/Madrid
Mexico City|116545|19.43|-99.13|America/Mexico_City
Guadalajara|124162|20.67|-103.35|America/Mexico_City
Buenos Aires|468739|-34.6|-58.38|America/Argentina/Buenos_Aires
Bogota|368148|4.71|-74.07|America/Bogota
Lima|418440|-12.05|-77.04|America/Lima
Santiago|349859|-33.45|-70.67|America/Santiago
Sao Paulo|455827|-23.55|-46.63|America/Sao_Paulo
Rio de Janeiro|455825|-22.91|-43.17|America/Sao_Paulo
Belo Horizonte|455821|-19.92|-43.94|America/Sao_Paulo
Salvador|455826|-12.97|-38.5|America/Bahia
Porto Alegre|455823|-30.03|-51.23|America/Sao_Paulo
Recife|455824|-8.05|-34.88|America/Recife
Lisbon|742676|38.72|-9.14|Europe/Lisbon
Seoul|1132599|37.57|126.98|Asia/Seoul
Busan|1132447|35.18|129.08|Asia/Seoul
Incheon|1132496|37.46|126.71|Asia/Seoul
"""


def _city(line: str) -> City:
    name, woeid, latitude, longitude, zone = line.split("|")
    return City(name, int(woeid), float(latitude), float(longitude), zone)


CITIES: tuple[City, ...] = tuple(_city(line) for line in _RAW.strip().splitlines())

BY_WOEID: dict[int, City] = {city.woeid: city for city in CITIES}

_WOEIDS: I64 = np.array([city.woeid for city in CITIES], np.int64)
_LATITUDE: F64 = np.radians([city.latitude for city in CITIES])
_LONGITUDE: F64 = np.radians([city.longitude for city in CITIES])


def city(name: str) -> City | None:
    """The city of a name or of a WOEID in digits, whatever the case and the accents."""
    if name.isdecimal():
        return BY_WOEID.get(int(name))
    return _BY_NAME.get(_plain(name))


def within_km(latitude: float, longitude: float, radius_km: float) -> I64:
    """WOEIDs of the cities whose centres are at most `radius_km` from a point in degrees, by the haversine formula."""
    return _WOEIDS[distances_km(latitude, longitude) <= radius_km]


def distances_km(latitude: float, longitude: float) -> F64:
    """[cities] great-circle distance of each from a point in degrees: 2 R asin(sqrt(haversine))."""
    y, x = np.radians(latitude), np.radians(longitude)
    half = np.sin((_LATITUDE - y) / 2) ** 2 + np.cos(y) * np.cos(_LATITUDE) * np.sin((_LONGITUDE - x) / 2) ** 2
    out: F64 = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return out


def _plain(name: str) -> str:
    split = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(one for one in split if not unicodedata.combining(one)).split())


_BY_NAME: dict[str, City] = {_plain(one.name): one for one in CITIES}
