"""Builds the state in memory: replays the data set, then follows the event log to its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator

from candidates.products.blender import Promoted
from data.dataset import Dataset
from data.events import EventBatch
from data.progress import Progress
from serving.aliases import CHAMPION, Aliases
from serving.checkpoints.store import CheckpointStore, Origin
from serving.events.consumer import SavedConsumer
from serving.events.dead_letters import DeadLetters
from serving.events.log import DatabaseLog
from serving.events.runner import Runner, TornError
from serving.kit.clock import Clock
from serving.kit.closing import check_open
from serving.kit.progress import BuildProgress
from serving.kit.telemetry import Metrics
from serving.loading import end_us
from serving.projections import Projections
from serving.settings import Settings

log = logging.getLogger("rookery.serving")


class Builder:
    """Makes `Projections` that hold all there is, on whatever thread it is called."""

    def __init__(
        self,
        settings: Settings,
        aliases: Aliases,
        metrics: Metrics,
        log_: DatabaseLog,
        letters: DeadLetters,
        network: str,
        checkpoints: CheckpointStore,
        closing: threading.Event,
        progress: BuildProgress,
        promoted: Promoted | None = None,
    ) -> None:
        """Passes over the `letters`, reports its `progress`, and gives up when the network is `closing`.

        `promoted` is for home timelines.
        """
        self._promoted = promoted
        self._settings = settings
        self._aliases = aliases
        self._metrics = metrics
        self._log = log_
        self._letters = letters
        self._network = network
        self._checkpoints = checkpoints
        self._closing = closing
        self._progress = progress

    def replay(self, dataset: Dataset | None) -> Projections:
        """The state of the last checkpoint that can be used; what that lacks is at the end of the data set.

        Raises:
            ClosingError: the network is closed.
        """
        projections = self._restored(dataset)
        if dataset is not None:
            tables = sorted(projections.tables)
            told = self._progress.stage("replaying the data set")
            batches = _told(dataset.replay(tables).advance(), sum(map(dataset.rows, tables)), told)
            completing = self._progress.stage("completing lists and indexes")
            projections.replay(batches, end_us(dataset), self._closing, completing)
        return projections

    def origin(self, data: str) -> Origin:
        """What the state follows from, with the content hash of its data set."""
        config = {"fanout": self._settings.fanout, "trends": self._settings.trends}
        return Origin(self._network, data, {name: one.model_dump(mode="json") for name, one in config.items()})

    def _restored(self, dataset: Dataset | None) -> Projections:
        reading = self._progress.stage("reading a checkpoint")
        origin = self.origin(dataset.content_hash if dataset else "")
        for path in self._checkpoints.offsets():
            reading(0, 1)
            projections = self._empty()
            offset = self._checkpoints.restore(path, projections.consumers, origin)
            if offset is not None:
                saved = (one for one in projections.consumers if isinstance(one, SavedConsumer))
                projections.restored, projections.restored_at = frozenset(saved), offset
                return projections
        return self._empty()

    def _empty(self) -> Projections:
        return Projections(self._settings, self._aliases.models[CHAMPION], self._metrics, promoted=self._promoted)

    def build(self, dataset: Dataset | None, clock: Clock, torn: TornError | None = None) -> tuple[Projections, Runner]:
        """`replay`, then `follow`."""
        return self.follow(dataset, self.replay(dataset), clock, torn)

    def follow(
        self, dataset: Dataset | None, projections: Projections, clock: Clock, torn: TornError | None = None
    ) -> tuple[Projections, Runner]:
        """Brings `projections` (of `dataset`) to the end of the log; returns them and the runner that follows it.

        Where a consumer leaves its state undefined, everything is built again from the data set; `torn` says where
        that happened before. Each build comes further in the log or sets an event aside, so that it ends.

        Raises:
            ClosingError: the network is closed.
        """
        careful: dict[str, int] = {}
        while True:
            if torn is not None:
                careful[torn.group] = max(careful.get(torn.group, 0), torn.through)
            runner = Runner(
                self._log,
                projections.consumers,
                self._letters,
                clock,
                self._settings.consumers,
                self._metrics,
                careful=careful,
            )
            told, end = self._progress.stage("following the event log"), self._log.end()
            told(0, end or 1)
            try:
                while runner.step():
                    told(min(one.offset for one in projections.consumers), end)
                    check_open(self._closing)
            except TornError as error:
                log.error("%s; building it again", error)
                projections, torn = self.replay(dataset), error
                continue
            runner.conclude()
            return projections, runner


def _told(batches: Iterable[EventBatch], total: int, progress: Progress) -> Iterator[EventBatch]:
    """The batches, whose events count towards `total` once they were taken."""
    done = 0
    progress(done, total)
    for events in batches:
        yield events
        done += len(events)
        progress(done, total)
