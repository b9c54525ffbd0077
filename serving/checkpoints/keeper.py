"""Makes checkpoints while the network runs and when it is closed, and compacts the log behind them.

The owner of the state copies it (no event is applied and nothing answered meanwhile); a thread of its own writes the
copy. Kept are the newest checkpoint, and the newest one before the oldest dead letter, from which the state is built
anew when that is tried again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from data.errors import DataError
from serving.checkpoints.config import CheckpointConfig
from serving.checkpoints.store import CheckpointStore, Origin
from serving.events.compaction import Compaction
from serving.events.consumer import SavedConsumer
from serving.events.dead_letters import DeadLetters
from serving.events.runner import Runner
from serving.kit.clock import elapsed_ms, ticks

log = logging.getLogger("rookery.serving")


class Keeper:
    """Saves the state that a runner keeps; its methods are called on one thread at a time, `take` by the owner."""

    def __init__(
        self,
        config: CheckpointConfig,
        store: CheckpointStore,
        letters: DeadLetters,
        compaction: Compaction,
        building: threading.Lock,
    ) -> None:
        """Saves to `store` as `config` says, and has `compaction` drop what no checkpoint needs.

        Whoever builds the state holds `building`: what that reads is not dropped meanwhile.
        """
        self._config = config
        self._store = store
        self._letters = letters
        self._compaction = compaction
        self._building = building
        self._thread = ThreadPoolExecutor(1, "rookery-checkpoint")
        self._writing: Future[None] | None = None
        self._closing = threading.Event()
        self._last: tuple[int, object] | None = None
        self._last_ns = ticks()

    def restored(self, offset: int | None) -> None:
        """The state was built from the checkpoint at `offset`; None: from the beginning."""
        self._last = None if offset is None else self._moment(offset)
        self._last_ns = ticks()

    def due(self, runner: Runner) -> bool:
        """Whether it is time for a checkpoint, and the state stands at one place of the log."""
        if self._writing is not None and not self._writing.done():
            return False
        offset = _offset(runner)
        if offset is None or self._last is None:
            return offset is not None
        few = offset - self._last[0] < self._config.every_events
        if few and elapsed_ms(self._last_ns) < self._config.every_min * 60_000:
            return False
        return self._last != self._moment(offset)

    def take(self, runner: Runner, origin: Origin, now_us: int) -> None:
        """Copies the state of the moment `now_us`, which is then written on a thread of its own. Owner's thread."""
        offset, began = _offset(runner), ticks()
        if offset is None:
            return
        # Noted also where it fails: it is tried again when the next one is due.
        self._last, self._last_ns = self._moment(offset), ticks()
        staging = self._store.stage(offset)
        try:
            about = self._store.about(offset, runner.consumers, origin)
            writes: list[Callable[[], None]] = []
            for one in runner.consumers:
                if isinstance(one, SavedConsumer):
                    (staging / one.group).mkdir(parents=True)
                    writes.append(one.freeze(staging / one.group))
        except OSError as error:
            self._give_up(staging, error)
            return
        log.info("the state at offset %d was copied in %.0f ms", offset, elapsed_ms(began))
        self._writing = self._thread.submit(self._write, staging, about, writes, now_us)

    def close(self) -> None:
        """Waits for the checkpoint under way."""
        self._closing.set()
        self._thread.shutdown(wait=True)

    def close_with(self, runner: Runner, origin: Origin, now_us: int) -> None:
        """Saves the state where it is not saved yet, and closes."""
        offset = _offset(runner)
        self._closing.set()
        if offset is not None and self._last != self._moment(offset):
            if self._writing is not None:
                self._writing.result()
            self.take(runner, origin, now_us)
        self.close()

    def _give_up(self, staging: Path, error: Exception) -> None:
        log.warning("the state cannot be saved: %s", error)
        self._store.discard(staging)

    def _moment(self, offset: int) -> tuple[int, object]:
        return offset, self._letters.passed_until(offset)

    def _write(self, staging: Path, about: dict[str, object], writes: list[Callable[[], None]], now_us: int) -> None:
        try:
            for write in writes:
                write()
            written = self._store.commit(staging, about)
        except Exception as error:
            # Also what a library makes of a full disk: nobody else hears of it on this thread.
            self._give_up(staging, error)
            return
        try:
            with self._building:
                self._drop_what_nothing_needs(written, about, now_us)
        except (OSError, DataError) as error:
            log.warning("the log cannot be compacted: %s", error)
        except Exception:
            log.exception("the log cannot be compacted")

    def _drop_what_nothing_needs(self, written: Path, about: Mapping[str, Any], now_us: int) -> None:
        usable, oldest = self._store.usable(about), self._letters.oldest()
        if written not in usable:
            return  # letters were tried again while it was written: what it was to replace is needed still
        # From where the state is built anew when the oldest letter is tried again; the beginning where there is none.
        first = next((one for one, offset in usable.items() if oldest is None or offset < oldest), None)
        for one in self._store.offsets():
            if one not in (written, first):
                self._store.discard(one)
        if first is not None:
            self._compaction.run(usable[first], now_us, self._closing)


def _offset(runner: Runner) -> int | None:
    """Where all consumers stand; None where one is behind (halted) or its state is undefined."""
    offsets = {one.offset for one in runner.consumers}
    return offsets.pop() if len(offsets) == 1 and not runner.torn else None
