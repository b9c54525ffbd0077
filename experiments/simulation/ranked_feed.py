"""A feed that ranks one set of candidates by a score: policies of closed runs differ in nothing but the score."""

from __future__ import annotations

import hashlib
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import CandidateBatch, Requests, offsets_of
from data.errors import NotFoundError
from data.events import HOUR_US
from data.rng import Stream
from experiments.simulation import logging_records, ranked_kernels
from experiments.simulation.candidate_scores import CandidateScores
from experiments.simulation.logging_feed import ALIVE_US, SOURCES, LoggingConfig, LoggingFeed
from ranking.slate.topk import top_k


class RankedConfig(BaseModel):
    """Which candidates a ranked feed considers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the tweets that are explored, keyed by request."""
    most: Annotated[int, Field(ge=10, le=2_000)] = 120
    """Most candidates from those followed: what they posted or retweeted."""
    per_author: Annotated[int, Field(ge=1, le=100)] = 10
    """Newest tweets and retweets of each followed user that are considered."""
    popular: Annotated[int, Field(ge=10, le=2_000)] = 60
    """Tweets in the popular list of each language."""
    explore: Annotated[int, Field(ge=0, le=1_000)] = 20
    """Tweets drawn evenly from the young ones in the reader's language."""
    young_h: Annotated[float, Field(gt=0.0, le=47.0, allow_inf_nan=False)] = 6.0
    """Age in hours below which a tweet is young."""


class RankedFeed(LoggingFeed):
    """Ranks the candidates of the logging policy by a score, the highest first; equal scores by the newer tweet.

    Candidates are what those whom the reader follows posted or retweeted, what is popular in the reader's language, and
    some young tweets drawn evenly from it, at most `most + popular + explore` a request. They are a function of the log
    and the request alone, so feeds with other scores that saw the same log have the same candidates. Never shown is
    what the logging policy never shows. The order is certain: every propensity is 1.
    """

    def __init__(self, name: str, scores: CandidateScores, config: RankedConfig | None = None) -> None:
        """An empty feed called `name`; it learns everything that happens through `observe`."""
        self.settings = config or RankedConfig()
        super().__init__(
            LoggingConfig(
                seed=self.settings.seed, most=self.settings.most, per_author=self.settings.per_author,
                top=self.settings.popular,
            )
        )  # fmt: skip
        self._name, self._scores = name, scores

    @property
    def policy(self) -> str:
        """The name, with a digest of settings that are not the default ones."""
        settings = self.settings.model_dump_json(exclude={"seed"})
        if settings == RankedConfig().model_dump_json(exclude={"seed"}):
            return self._name
        return f"{self._name}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        """The best `k` candidates of each request, at most its `limit`.

        Raises:
            NotFoundError: a request of a user who is unknown to the feed.
        """
        batch = self.candidates(requests)
        scores = self._scores.score(batch)
        rows = top_k(scores, batch.offsets, k)
        if "limit" in requests.columns:
            place = np.arange(len(rows.values)) - rows.offsets[:-1][rows.owner]
            keep = place < requests.columns["limit"][rows.owner]
            rows = type(rows)(offsets_of(keep)[rows.offsets], rows.values[keep])
        slate = batch.take(rows)
        author = self._t["author"][slate.columns["tweet_row"]].astype(np.int64)
        n = len(slate)
        return CandidateBatch(
            requests,
            slate.offsets,
            {
                "tweet_id": slate.columns["tweet_id"],
                "tweet_row": slate.columns["tweet_row"],
                "author_id": self.users.ids[author],
                "author_row": author,
                "source": np.array(SOURCES, object)[slate.columns["source_code"]],
                "score": scores[rows.values].astype(np.float32),
                "propensity": np.ones(n),
            },
        )

    def candidates(self, requests: Requests) -> CandidateBatch:
        """Of each request, the newest tweet first.

        Columns `tweet_id`, `tweet_row` (of this feed), `source_code` (place in `SOURCES`), `posted_us` and `engagement`
        (likes + 2 retweets + 1.5 replies so far).

        Raises:
            NotFoundError: a request of a user who is unknown to the feed.
        """
        n, settings = len(requests), self.settings
        user = self.users.rows(requests.columns["user_id"])
        if (user < 0).any():
            raise NotFoundError(f"user {requests.columns['user_id'][user < 0][0]} is unknown to the feed")
        self._prepare()
        found = np.empty((n, settings.most + settings.popular + settings.explore), np.int64)
        count = np.zeros(n, np.int64)
        batch = logging_records.Batch(
            user, requests.columns["time_us"], requests.columns["request_id"], np.full(n, settings.explore)
        )
        oldest_us, young_us = self._clock - ALIVE_US, int(settings.young_h * HOUR_US)
        policy = logging_records.Policy(
            np.ones(4), 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, self.config.per_author, self.config.most, oldest_us, oldest_us,
            self._clock - young_us, int(self.config.indexing_s * 1e6),
        )  # fmt: skip
        log = logging_records.Log(self._t, self._u, self._shown, self._follows, self._hidden)
        lists, key = self._lists(policy.fresh_us), Stream(settings.seed, "ranked feed").key
        ranked_kernels.candidates(log, lists, batch, policy, self._buffers, young_us, self._serial, key, found, count)
        self._serial += n
        kept = found[np.arange(found.shape[1]) < count[:, None]]
        row = kept >> ranked_kernels.SOURCE_BITS
        columns = {
            "tweet_id": self._ids[row], "tweet_row": row, "source_code": kept & (2**ranked_kernels.SOURCE_BITS - 1),
            "posted_us": self._t["time_us"][row], "engagement": self._t["engagement"][row],
        }  # fmt: skip
        return CandidateBatch(requests, offsets_of(count), columns)
