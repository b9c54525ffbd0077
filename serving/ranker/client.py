"""A client of POST /v1/rank in another process: typed, within a deadline, and careful with a server that fails.

    with RankerClient("http://127.0.0.1:8000", token) as ranker:
        found = ranker.scores(12, [2010501792575528960, 2010501659150528512])

It is a `candidates.ports.Ranker`, so a funnel can rank by it as by a model in its own process.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import httpx
import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from candidates.ports import Ranker
from data.batch import F32, Array, CandidateBatch
from data.errors import RookeryError
from serving.kit.clock import ticks
from serving.ranker.breaker import Breaker, RetryBudget

log = logging.getLogger("rookery.serving.ranker")

_MSGPACK = {"content-type": "application/msgpack"}
_AGAIN = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""


class RankerError(RookeryError):
    """No scores came in time, or none that can be used; and nothing could take their place."""


class RefusedError(RankerError):
    """The server takes no such request: another one must be made."""


class ClientConfig(BaseModel):
    """How long the client waits, and what it does when it waits in vain."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    deadline_ms: float = Field(default=250.0, gt=0)
    """Milliseconds within which a call answers or raises, retries among them, unless a call has its own."""
    tries: int = Field(default=2, ge=1)
    """How often a request is made at most."""
    retry_share: float = Field(default=0.1, ge=0)
    """Retries for each request, in the long run."""
    retries_saved: int = Field(default=10, ge=0)
    """Retries that may come at once after a good time."""
    open_after: int = Field(default=5, ge=1)
    """Failures in a row after which the server is left alone."""
    open_s: float = Field(default=5.0, ge=0)
    """Seconds that it is left alone, until one request tries."""
    connections: int = Field(default=8, ge=1)
    """Requests that are under way at once."""
    candidates: int = Field(default=2_000, ge=1)
    """Candidates of one request, the server's `rank_limit`; more are asked for in several."""


class _Score(msgspec.Struct):
    tweet_id: str
    score: float
    probabilities: dict[str, float] | None = None


class _Data(msgspec.Struct):
    user_id: str
    scores: list[_Score]
    missing: list[str]


class _Model(msgspec.Struct):
    name: str
    version: str


class _Meta(msgspec.Struct):
    model: _Model
    alias: str
    time_us: int
    degraded: dict[str, str] = {}


class _Answer(msgspec.Struct):
    data: _Data
    meta: _Meta


class _Answers(msgspec.Struct):
    data: list[_Answer]


_DECODER = msgspec.msgpack.Decoder(_Answers)


@dataclass(frozen=True)
class Scored:
    """Scores of those candidates that the server knows, in the order asked."""

    tweet_ids: list[int]
    scores: F32
    missing: list[int]
    """Candidates that it does not know."""
    probabilities: Mapping[str, F32]
    """[K] by action; empty where they were not asked for."""
    model: str
    version: str
    alias: str
    time_us: int
    """The time that the scores are for."""
    degraded: Mapping[str, str]
    """What the server left out, and why."""


@dataclass(frozen=True)
class _Asked:
    """A user and candidates, as the wire has them."""

    user_id: int
    tweet_ids: list[int]


class RankerClient(Ranker):
    """Asks one server; any number of threads may share it."""

    def __init__(
        self, url: str, token: str, config: ClientConfig | None = None, *, fallback: Ranker | None = None
    ) -> None:
        """Asks the network at `url` with a token of scope `rank`; `rank` takes `fallback` where no scores come."""
        self.config, self._fallback = config or ClientConfig(), fallback
        headers = {"authorization": f"Bearer {token}", **_MSGPACK}
        limits = httpx.Limits(max_connections=self.config.connections)
        self._http = httpx.Client(base_url=url, headers=headers, limits=limits, trust_env=False)
        # What the server makes of a timeout, byte by byte, is not waited for: each request has a thread to be left in.
        self._threads = ThreadPoolExecutor(self.config.connections, "rookery-ranker-client")
        self.breaker = Breaker(self.config.open_after, self.config.open_s, lambda: ticks() / 1e9)
        self._budget = RetryBudget(self.config.retry_share, self.config.retries_saved)
        self._counting = threading.Lock()
        self.outcomes: Counter[str] = Counter()
        """Requests `answered`, `retried`, `failed`, `refused` and `held back` by the breaker; calls by `fallback`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections; what is under way fails."""
        self._http.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def scores(
        self,
        user_id: int,
        tweet_ids: Sequence[int],
        *,
        time_us: int | None = None,
        alias: str | None = None,
        probabilities: bool = False,
        deadline_ms: float | None = None,
    ) -> Scored:
        """Scores of tweets for a user; the parameters are those of POST /v1/rank (docs/ranker.md).

        Raises:
            RefusedError: the server takes no such request; the message is its own.
            RankerError: no scores that can be used came in time.
        """
        body = {"requests": [{"user_id": user_id, "tweet_ids": list(tweet_ids), "time_us": time_us}]}
        asked = [_Asked(user_id, list(tweet_ids))]
        until = ticks() + int((deadline_ms or self.config.deadline_ms) * 1e6)
        return self._ask({**body, "alias": alias, "probabilities": probabilities}, asked, until)[0]

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        """`{"score": [N] float32}` at the server's present; the fallback's where none come in time.

        A tweet that the server does not know gets the least score of its request.

        Raises:
            RefusedError: the server takes no such request.
            RankerError: no scores that can be used came in time, and there is no fallback.
        """
        until = ticks() + int((deadline_ms or self.config.deadline_ms) * 1e6)
        try:
            return {"score": self._ranked(batch, until)}
        except RefusedError:
            raise
        except RankerError:
            if self._fallback is None:
                raise
            self._count("fallback")
            left_ms = max((until - ticks()) / 1e6, 0.0)
            return self._fallback.rank(batch, deadline_ms=None if deadline_ms is None else left_ms)

    def _ranked(self, batch: CandidateBatch, until: int) -> F32:
        """[N] scores."""
        users, ids = batch.requests.columns["user_id"], batch.columns["tweet_id"]
        out = np.full(len(batch), np.nan, np.float32)
        for call in _calls(batch.offsets.tolist(), self.config.candidates):
            asked = [_Asked(int(users[b]), ids[start:end].tolist()) for b, start, end in call]
            body = {"requests": [{"user_id": one.user_id, "tweet_ids": one.tweet_ids} for one in asked]}
            for (_, start, end), found in zip(call, self._ask(body, asked, until), strict=True):
                known = np.isin(ids[start:end], np.array(found.missing, np.int64), invert=True)
                out[start:end][known] = found.scores
        for b in range(len(batch.requests)):
            own = out[batch.offsets[b] : batch.offsets[b + 1]]
            unknown = np.isnan(own)
            own[unknown] = 0.0 if unknown.all() else own[~unknown].min()
        return out

    def _ask(self, body: Mapping[str, object], asked: Sequence[_Asked], until: int) -> list[Scored]:
        """The answers to a body's requests, by the moment `until` of the stopwatch."""
        content, why = msgspec.msgpack.encode(body), "the deadline was over before it was asked"
        self._budget.save()
        for attempt in range(self.config.tries):
            left_s = (until - ticks()) / 1e9
            if left_s <= 0 or (attempt and not self._budget.take()):
                break
            if not self.breaker.allow():
                self._count("held back")
                raise RankerError(
                    f"the ranker is left alone after {self.config.open_after} failures",
                    remedy=f"it is tried again every {self.config.open_s:g} s; see whether it runs",
                )
            if attempt:
                self._count("retried")
            try:
                found = self._try(content, asked, left_s)
            except RefusedError:
                # It answers, which is all that the breaker asks for.
                self.breaker.succeeded()
                self._count("refused")
                raise
            except RankerError as error:
                self.breaker.failed()
                self._count("failed")
                why = error.problem
                continue
            except BaseException:
                self.breaker.failed()
                raise
            self.breaker.succeeded()
            self._count("answered")
            return found
        raise RankerError(f"the ranker gave no scores: {why}", remedy="see whether it runs, or give a longer deadline")

    def _try(self, content: bytes, asked: Sequence[_Asked], left_s: float) -> list[Scored]:
        waiting = self._threads.submit(self._http.post, "/v1/rank", content=content, timeout=left_s)
        try:
            response = waiting.result(left_s)
        except (LateError, httpx.TimeoutException):
            waiting.cancel()
            raise RankerError(f"no answer within {left_s * 1e3:.0f} ms") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise RankerError(f"{type(error).__name__}: {error}") from error
        if response.status_code in _AGAIN:
            raise RankerError(f"status {response.status_code}")
        if response.status_code != httpx.codes.OK:
            raise RefusedError(f"the ranker refuses: status {response.status_code}, {_detail(response)}")
        return _read(response.content, asked)

    def _count(self, outcome: str) -> None:
        with self._counting:
            self.outcomes[outcome] += 1


def _calls(offsets: Sequence[int], most: int) -> list[list[tuple[int, int, int]]]:
    """Parts (request, start, end) of a batch with these offsets, in calls of at most `most` candidates each."""
    calls: list[list[tuple[int, int, int]]] = []
    room = 0
    for b, (start, end) in enumerate(pairwise(offsets)):
        for at in range(start, end, most):
            size = min(most, end - at)
            if size > room:
                calls.append([])
                room = most
            calls[-1].append((b, at, at + size))
            room -= size
    return calls


def _read(content: bytes, asked: Sequence[_Asked]) -> list[Scored]:
    """The answers, which must be to what was asked.

    Raises:
        RankerError: they are not, or a score is not finite.
    """
    try:
        answers = _DECODER.decode(content).data
    except msgspec.DecodeError as error:
        raise RankerError(f"its answer cannot be read: {error}") from error
    if len(answers) != len(asked):
        raise RankerError(f"it answered {len(answers)} of {len(asked)} requests")
    return [_scored(one, answer) for one, answer in zip(asked, answers, strict=True)]


def _scored(asked: _Asked, answer: _Answer) -> Scored:
    data, meta = answer.data, answer.meta
    missing = set(data.missing)
    ids = [one.tweet_id for one in data.scores]
    if ids != [text for text in map(str, asked.tweet_ids) if text not in missing]:
        raise RankerError("its answer has other tweets than were asked for")
    scores = np.array([one.score for one in data.scores], np.float32)
    if not np.isfinite(scores).all():
        raise RankerError(f"its score of tweet {ids[int(np.flatnonzero(~np.isfinite(scores))[0])]} is not finite")
    actions = list((data.scores[0].probabilities or {}) if data.scores else {})
    chances = [one.probabilities or {} for one in data.scores]
    if any(list(one) != actions for one in chances):
        raise RankerError("its answer has other actions for some tweets")
    return Scored(
        [int(one) for one in ids], scores, [int(one) for one in data.missing],
        {action: np.array([one[action] for one in chances], np.float32) for action in actions},
        meta.model.name, meta.model.version, meta.alias, meta.time_us, meta.degraded,
    )  # fmt: skip


def _detail(response: httpx.Response) -> str:
    """What a Problem document says, else the beginning of the body."""
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return response.text[:200]
    return str(body["detail"]) if isinstance(body, dict) and "detail" in body else response.text[:200]
