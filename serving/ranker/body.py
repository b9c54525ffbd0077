"""What POST /v1/rank takes, as JSON or msgpack, and how it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from serving.kit.ids import ID_PATTERN, MAX_ID
from serving.kit.problems import ProblemError
from serving.ranker.service import Asked

MSGPACK = "application/msgpack"


class One(msgspec.Struct, forbid_unknown_fields=True):
    """Candidates for a user, as they are written: an id is a string, which JavaScript needs, or a number."""

    user_id: int | str
    tweet_ids: list[int | str]
    time_us: int | None = None


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """One request, or several under `requests`."""

    user_id: int | str | msgspec.UnsetType = msgspec.UNSET
    tweet_ids: list[int | str] | msgspec.UnsetType = msgspec.UNSET
    time_us: int | None = None
    requests: list[One] | msgspec.UnsetType = msgspec.UNSET
    alias: str | None = None
    probabilities: bool = False


@dataclass(frozen=True)
class Query:
    """A body that was read."""

    asked: list[Asked]
    texts: list[list[str]]
    """The tweets' ids of each, as they are written in answers."""
    several: bool
    """Whether they came under `requests`."""
    alias: str | None
    probabilities: bool


_JSON, _PACKED = msgspec.json.Decoder(Body), msgspec.msgpack.Decoder(Body)
_NUMBERS = re.compile(r"(?:0|[1-9][0-9]{0,18})(?:,(?:0|[1-9][0-9]{0,18}))*")

_ID: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": f"^(?:{ID_PATTERN})$"},
        {"type": "integer", "minimum": 0, "maximum": MAX_ID},
    ]
}
_ONE: dict[str, Any] = {
    "user_id": {**_ID, "description": "for whom"},
    "tweet_ids": {"type": "array", "items": _ID, "description": "candidates"},
    "time_us": {
        "type": ["integer", "null"], "minimum": 0, "maximum": MAX_ID,
        "description": "at which time, UTC microseconds; now when left out",
    },
}  # fmt: skip
_COMMON: dict[str, Any] = {
    "alias": {
        "type": ["string", "null"],
        "description": "whose model scores; when left out, the one that the user gets by the shares of the aliases",
    },
    "probabilities": {"type": "boolean", "description": "give the probability of each action that the model predicts"},
}


def _object(required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


_SEVERAL = {"type": "array", "minItems": 1, "items": _object(["user_id", "tweet_ids"], _ONE)}
_SCHEMA = {
    "anyOf": [
        _object(["user_id", "tweet_ids"], _ONE | _COMMON),
        _object(["requests"], {"requests": _SEVERAL} | _COMMON),
    ]
}
DESCRIBED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _SCHEMA}, MSGPACK: {"schema": _SCHEMA}},
    }
}
"""For the description of the API."""


def read(body: bytes, packed: bool) -> Query:
    """The requests of a body in msgpack (`packed`) or JSON.

    Raises:
        ProblemError: 400 for what is neither, or does not fit.
    """
    try:
        given = (_PACKED if packed else _JSON).decode(body)
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kind = "msgpack" if packed else "JSON"
        raise ProblemError(400, "unreadable", f"the body is not {kind}: {error}") from error
    several, ones = _ones(given)
    asked, texts = list[Asked](), list[list[str]]()
    for one in ones:
        written = list(map(str, one.tweet_ids))
        (user_id,) = _numbers("user_id", [one.user_id], [str(one.user_id)])
        tweet_ids = _numbers("tweet_ids", one.tweet_ids, written)
        if one.time_us is not None and not 0 <= one.time_us <= MAX_ID:
            raise _misfit(f"{one.time_us} is not a time: they are 0 to {MAX_ID}")
        asked.append(Asked(user_id, tweet_ids, one.time_us))
        texts.append(written)
    return Query(asked, texts, several, given.alias, given.probabilities)


def _ones(given: Body) -> tuple[bool, list[One]]:
    alone = given.user_id, given.tweet_ids
    if given.requests is not msgspec.UNSET:
        if alone != (msgspec.UNSET, msgspec.UNSET) or given.time_us is not None:
            raise _misfit("`requests` stands in place of `user_id`, `tweet_ids` and `time_us`; give one or the other")
        if not given.requests:
            raise _misfit("`requests` is empty; give at least one")
        return True, given.requests
    user_id, tweet_ids = alone
    if user_id is msgspec.UNSET or tweet_ids is msgspec.UNSET:
        lacks = "user_id" if user_id is msgspec.UNSET else "tweet_ids"
        raise _misfit(f"Object missing required field `{lacks}`")
    return False, [One(user_id, tweet_ids, given.time_us)]


def _numbers(name: str, given: list[int | str], texts: list[str]) -> list[int]:
    """The numbers of ids, which are `texts` when they are written; one look at all of them, as there are many."""
    if set(map(type, given)) == {int}:
        numbers = cast(list[int], given)
        if min(numbers) < 0:
            raise _misfit(f"{min(numbers)} is not an id: they are 0 to {MAX_ID}")
        return _bounded(numbers)
    joined = ",".join(texts)
    if texts and (_NUMBERS.fullmatch(joined) is None or joined.count(",") != len(texts) - 1):
        wrong = next(one for one in texts if "," in one or _NUMBERS.fullmatch(one) is None)
        raise ProblemError(400, "invalid", f"{name}: {wrong[:32]!r} is not an id: it is decimal digits alone")
    return _bounded(list(map(int, texts)))


def _bounded(numbers: list[int]) -> list[int]:
    if numbers and max(numbers) > MAX_ID:
        raise _misfit(f"{max(numbers)} is not an id: they are 0 to {MAX_ID}")
    return numbers


def _misfit(why: str) -> ProblemError:
    return ProblemError(400, "invalid", f"the body does not fit: {why}")
