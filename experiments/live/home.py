"""The home feed of a data set at the end of its log, made in this process by the parts that serve it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from candidates.explanation import Explainer, FeedExplanation
from candidates.products.home import HomeConfig
from candidates.products.presets import HOME_PRESETS
from candidates.trace import FunnelResult
from data.batch import Ragged
from data.dataset import Dataset
from data.errors import ConfigError, NotFoundError
from data.events import EventBatch
from experiments.runs.models import check_readable, served_model
from features.online import FeatureState
from serving.kit.telemetry import Metrics
from serving.loading import end_us
from serving.model import ServedModel, untrained
from serving.projections import MakeSource, Projections
from serving.settings import Settings


class LocalHome:
    """The home feeds of all users of a data set. Nothing shown here counts as seen."""

    def __init__(
        self,
        dataset: Dataset,
        model: ServedModel,
        *,
        config: HomeConfig | None = None,
        sources: Sequence[MakeSource] = (),
        strict: bool = False,
    ) -> None:
        """Replays the log and composes the funnel: the sources of `config`, then `sources`.

        With `strict` a part that fails raises its error; without, it is left out of the feed.

        Raises:
            ConfigError: no source is left, two have one name, or one reads a column that nothing writes.
        """
        settings = Settings.read(record_impressions=False, **({} if config is None else {"feed": config}))
        self.dataset, self.time_us, self.model = dataset, end_us(dataset), model
        self._parts = Projections(settings, model, Metrics(), sources, strict=strict)
        self._parts.replay(dataset.replay(sorted(self._parts.tables)).advance(), self.time_us)

    @property
    def state(self) -> FeatureState:
        """What is known now."""
        return self._parts.state

    def check_user(self, user_id: int) -> None:
        """Refuses what is no user.

        Raises:
            ConfigError: `user_id` is no whole number.
            NotFoundError: there is no such user.
        """
        if not isinstance(user_id, int | np.integer):
            raise ConfigError(f"user {user_id!r} is no whole number", remedy="ids are in scan('users') of the data set")
        if int(self.state.network.users.rows(np.array([user_id], np.int64))[0]) < 0:
            raise NotFoundError(f"unknown user {user_id}", remedy="ids are in scan('users') of the data set")

    def run(self, user_id: int, k: int) -> FunnelResult:
        """The best `k` tweets for a user now, with the trace.

        Raises:
            ConfigError: `user_id` is no whole number.
            NotFoundError: there is no such user.
        """
        self.check_user(user_id)
        return self._parts.home(user_id, k, time_us=self.time_us, request_id=0)[0]

    def explain(self, user_id: int, k: int, tweet_ids: Sequence[int] = ()) -> FeedExplanation:
        """Why the best `k` tweets are these, and what happened to those of `tweet_ids`.

        Raises:
            ConfigError: `user_id` is no whole number.
            NotFoundError: there is no such user.
        """
        return Explainer(self.state, self._parts.ranker.scorer).feed(self.run(user_id, k), tweet_ids)

    def take(self, events: EventBatch) -> None:
        """Lets events happen, no earlier than all before; the time goes on to the last of them."""
        for consumer in self._parts.consumers:
            if events.table in consumer.tables:
                consumer.apply(events, consumer.offset + 1)
        self.time_us = max(self.time_us, int(events.time_us[-1]))

    def value(self, user_id: int, tweet_id: int) -> float:
        """What the model gives a tweet for a user now, whether or not any source brings it to them."""
        requests = self.state.requests(np.array([user_id], np.int64), np.array([self.time_us], np.int64))
        row = self.state.network.tweets.rows(np.array([tweet_id], np.int64))
        batch = self.state.base(requests, Ragged(np.array([0, 1], np.int64), row))
        return float(self._parts.ranker.rank(batch, deadline_ms=None)["score"][0])


def local_home(dataset: Dataset, model: str, home: Path, preset: str | None = None) -> LocalHome:
    """The home of a data set ranked by a registered model; newest first while none was trained.

    The settings are those of `preset` (`candidates.products.presets`), the defaults when None.

    Raises:
        NotFoundError: nothing answers to `model`.
        ModelError: the model reads columns that the data set cannot fill.
        ConfigError: there is no such preset.
    """
    config = None if preset is None else _config(preset)
    bundle = served_model(model, home)
    if bundle is None:
        return LocalHome(dataset, untrained(), config=config)
    check_readable(bundle, model, dataset)
    return LocalHome(dataset, bundle, config=config)


def _config(preset: str) -> HomeConfig:
    if preset not in HOME_PRESETS:
        raise ConfigError(f"no preset {preset!r} of the home feed", remedy=f"use one of {', '.join(HOME_PRESETS)}")
    return HomeConfig.model_validate({"preset": preset})
