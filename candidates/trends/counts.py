"""Counts of terms by place in windows that slide: the arrays, and what may be asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from candidates.trends.evaluation import Judged, judge
from candidates.trends.expected import expect
from candidates.trends.layout import (
    BEFORE,
    CELL_BITS,
    CELL_COLUMNS,
    EVALUATION,
    HEAD,
    LOG_COLUMNS,
    NOTED,
    NOW,
    ORIGIN_HOUR,
    ORIGIN_STEP,
    RANKS,
    REGISTERS,
    STATE,
    STORE,
    TAIL,
    WINDOW,
    Tables,
)
from candidates.trends.recount import Recount, count_cells, recount
from candidates.trends.rhythm import Rhythm
from candidates.trends.saved import packed, unpack
from candidates.trends.sliding import add_uses, slide, undo_uses
from data.batch import F64, I64, Mask
from data.events import HOUR_US, MINUTE_US, SECOND_US


class CountsConfig(BaseModel):
    """How uses are counted, and how much is remembered at most."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    step_s: int = Field(5, ge=1, le=300)
    """Seconds by which the windows slide; divides an hour."""
    window_min: float = Field(5.0, gt=0, le=60)
    """Length of the window that is counted, and of the one before it, in minutes; a whole number of steps."""
    memory_h: float = Field(48.0, gt=0)
    """Hours after its last use when a term is forgotten; its next use is a first again. At least two windows."""
    rate_memory_h: float = Field(48.0, gt=0)
    """Time constant of the long-run rate, in hours."""
    kept_h: float = Field(12.0, gt=0, le=48)
    """Hours of single uses that are kept for wider windows, while there are few."""
    kept_uses: int = Field(1 << 17, ge=1)
    """Uses that are kept beyond both windows at most."""
    cells: int = Field(1 << 20, ge=16, le=1 << CELL_BITS)
    """Terms by place that are counted at a time."""
    sketches: int = Field(4096, ge=0, le=1 << 20)
    """Of these, how many may hold more than 8 people in the window exactly counted by a sketch."""
    log: int = Field(1 << 25, ge=1 << 10, le=1 << 28)
    """Single uses that are remembered at most, a power of two; when more come, the windows get shorter."""
    recent: int = Field(1 << 22, ge=1 << 10)
    """Pairs of term and person that are remembered so that a person's repeats do not count; a power of two."""
    seasons: int = Field(1 << 20, ge=1 << 4)
    """Hours of the week of terms that are remembered; a power of two."""
    places: int = Field(4096, ge=1)
    """Places, countries and the world together at most; a use elsewhere counts for the world alone."""
    noted_from: int = Field(2, ge=1)
    """Fresh uses in the window from which a cell is looked at; no more than the people that a list asks for."""
    prior_uses: float = Field(0.5, ge=0)
    """Uses that a term is thought to have had before the first was seen, in `prior_windows` windows."""
    prior_windows: float = Field(10.0, gt=0)
    """Windows of the prior."""
    least_expected: float = Field(0.05, gt=0)
    """The least expectation of a window, in uses: a term that nobody used so far is news, but not without bound."""
    doubt: float = Field(1.0, ge=0)
    """Standard deviations by which a term's own hours of the week are believed less than what was counted."""
    steady: float = Field(50.0, ge=0)
    """Uses an hour that are added to a place's activity before its rhythm is taken."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.memory_h * 60 < 2 * self.window_min:
            raise ValueError(
                f"memory_h={self.memory_h:g} is shorter than two windows of window_min={self.window_min:g}; raise it"
            )
        if (self.window_min * 60) % self.step_s:
            raise ValueError(f"window_min={self.window_min:g} is no whole number of steps of step_s={self.step_s}")
        if 3600 % self.step_s:
            raise ValueError(f"step_s={self.step_s} does not divide an hour")
        for name in ("log", "recent", "seasons"):
            size = getattr(self, name)
            if size & (size - 1):
                raise ValueError(f"{name}={size} is no power of two")
        return self

    @property
    def span(self) -> int:
        """Steps of a window."""
        return round(self.window_min * 60) // self.step_s

    @property
    def step_us(self) -> int:
        """Microseconds of a step."""
        return self.step_s * SECOND_US


@dataclass(frozen=True)
class Cells:
    """[H] cells with their counts of the window that ends with the step now."""

    row: I64
    key: I64
    place: I64
    volume: I64
    previous: I64
    fresh: I64
    fresh_previous: I64
    people: I64
    first_us: I64
    total: I64
    identity: I64
    """Stable for a term at a place as long as it is remembered, and of no other."""


class Counts:
    """Sliding counts. Times are microseconds at the edge and steps inside; step 0 is that of the first use."""

    def __init__(self, config: CountsConfig | None = None) -> None:
        self.config = config or CountsConfig()
        self._origin = -1
        one = self.config
        self.step_us, self.window_us = one.step_us, one.span * one.step_us
        """Microseconds of a step and of the window."""
        self._rhythm = Rhythm(one.steady)
        hour = HOUR_US // one.step_us
        self._sizes = np.array(
            [one.span, _steps(one.memory_h, one), _steps(one.rate_memory_h, one), hour, _steps(one.kept_h, one),
             one.kept_uses, one.noted_from]
        )  # fmt: skip
        self._numbers = np.array(
            [one.span, self._sizes[2], hour, one.prior_uses, one.prior_windows, one.least_expected, one.doubt]
        )
        self.tables = _empty(one, min(one.log, 1 << 12))

    @property
    def now_us(self) -> int:
        """End of the step now; 0 before the first use."""
        return 0 if self._origin < 0 else int((self._origin + self.tables.state[NOW] + 1) * self.step_us)

    @property
    def next_position(self) -> int:
        """Position in the log of the next use, for `undo`."""
        return int(self.tables.state[HEAD])

    def add(self, time_us: I64, keys: I64, places: I64, people: I64, established: Mask) -> None:
        """Takes N uses in the order of their arrival; one older than the step now counts for the step now.

        Args:
            time_us: [N].
            keys: [N] terms.
            places: [N, 3] rows of the world (0), the country and the place, -1 where there is none.
            people: [N] ids.
            established: [N] whether the person's account is old enough to make trends.
        """
        if not len(time_us):
            return
        steps = time_us // self.step_us
        if self._origin < 0:
            self._start(int(steps[0]))
        self._grow(len(steps))
        add_uses(self.tables, steps - self._origin, keys, places, people, established, self._sizes)

    def advance(self, time_us: int) -> None:
        """Slides on, so that the step now is the one that contains the microsecond before `time_us`."""
        step = (time_us - 1) // self.step_us - self._origin
        if self._origin >= 0 and step > self.tables.state[NOW]:
            slide(self.tables, step, self._sizes)

    def undo(self, positions: I64) -> None:
        """Takes back the uses at positions of the log."""
        undo_uses(self.tables, positions, HOUR_US // self.step_us)

    def noted(self) -> I64:
        """[H] cells that were used since the last call, `noted_from` fresh uses or more in the window."""
        state = self.tables.state
        cells = self.tables.noted[: state[NOTED]].astype(np.int64)
        state[NOTED] = 0
        state[EVALUATION] += 1
        return cells

    def judge(self, listed: I64, identity: I64, held: I64, least: int) -> Judged:
        """The cells of `noted` and those that are `listed`, as lists need them: see `evaluation.judge`."""
        times = np.array([self._origin, self.step_us])
        return judge(self.tables, listed, identity, held, least, self._rhythm_now(), self._numbers, times)

    def read(self, cells: I64) -> Cells:
        """The counts of [H] cells."""
        out = np.empty((len(cells), 10), np.int64)
        count_cells(self.tables, cells, self.config.span, out)
        first = (out[:, 7] + self._origin) * self.step_us
        return Cells(
            cells, out[:, 0], out[:, 1], out[:, 2], out[:, 3], out[:, 4], out[:, 5], out[:, 6], first, out[:, 8],
            out[:, 9],
        )  # fmt: skip

    def expected(self, cells: I64) -> tuple[F64, F64]:
        """[H] uses that the window of each cell should hold: by its rate, and with its own hours of the week."""
        recent, seasonal = np.empty(len(cells)), np.empty(len(cells))
        expect(self.tables, cells, self._rhythm_now(), self._numbers, recent, seasonal)
        return recent, seasonal

    def recount(self, end_us: int, length_us: int, place: int) -> Recount:
        """Counts a window of any length and end from the single uses that are kept, for one place.

        The window ends with the step that contains the microsecond before `end_us`.
        """
        end = (end_us - 1) // self.step_us - self._origin
        return recount(self.tables, end, length_us // self.step_us, place)

    def uses_kept(self) -> tuple[int, int, int]:
        """Single uses in the window, in the one before it, and kept beyond."""
        head, window, before, tail = (int(self.tables.state[at]) for at in (HEAD, WINDOW, BEFORE, TAIL))
        return head - window, window - before, before - tail

    def save(self, path: Path) -> None:
        """Writes everything to a NumPy archive."""
        # The stubs know savez's own flags only, the arrays are any other keyword.
        np.savez(path, origin=np.array([self._origin]), **dict[str, Any](packed(self.tables)))

    def restore(self, path: Path) -> None:
        """Takes what `save` wrote with the same configuration."""
        with np.load(path) as kept:
            self._origin = int(kept["origin"][0])
            self.tables = unpack(dict(kept), _empty(self.config, 1))
        self._rhythm = Rhythm(self.config.steady)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays; much of it is never touched while terms are few."""
        return sum(array.nbytes for array in self.tables)

    def _start(self, step: int) -> None:
        an_hour = HOUR_US // self.step_us
        self._origin = step
        self.tables.state[ORIGIN_HOUR], self.tables.state[ORIGIN_STEP] = divmod(step, an_hour)

    def _rhythm_now(self) -> F64:
        now = self._origin + int(self.tables.state[NOW])
        return self._rhythm.at(self.tables.place_hours, now * self.step_us // MINUTE_US)

    def _grow(self, more: int) -> None:
        """Doubles the ring of uses while it is smaller than it may be and what comes might not fit."""
        state, old = self.tables.state, self.tables.log
        held = int(state[HEAD] - state[TAIL])
        size = len(old)
        while size < self.config.log and held + more >= size:
            size *= 2
        if size > len(old):
            log = np.zeros((size, LOG_COLUMNS), np.int32)
            positions = np.arange(state[TAIL], state[HEAD])
            log[positions & (size - 1)] = old[positions & (len(old) - 1)]
            self.tables = self.tables._replace(log=log)


def _steps(hours: float, config: CountsConfig) -> int:
    return max(round(hours * HOUR_US / config.step_us), 1)


def _empty(config: CountsConfig, log: int) -> Tables:
    """Tables with nothing in them; zeros cost no memory until they are written to."""
    cells, sketches = config.cells, config.sketches
    slots = 1 << (2 * cells - 1).bit_length()
    tables = Tables(
        info=np.zeros((cells, CELL_COLUMNS), np.int32),
        aged=np.zeros(cells, np.float32),
        key=np.zeros(cells, np.int64),
        name=np.zeros(cells, np.int64),
        slots=np.zeros((slots, 2), np.int64),
        store=np.zeros((cells, 2 * STORE), np.int32),
        sketches=np.zeros((sketches, RANKS, REGISTERS), np.uint16),
        top=np.zeros(sketches, np.int32),
        owner=np.full(sketches, -1, np.int32),
        free=np.zeros(max(sketches, 1), np.int32),
        log=np.zeros((log, LOG_COLUMNS), np.int32),
        recent=np.zeros((config.recent, 2), np.int32),
        season_key=np.zeros(config.seasons, np.int64),
        season=np.zeros((config.seasons, 3), np.float32),
        place_hours=np.zeros((config.places, 168, 2), np.float32),
        place_now=np.zeros(config.places, np.int64),
        noted=np.zeros(cells, np.int32),
        state=np.zeros(STATE, np.int64),
    )
    tables.state[EVALUATION] = 1
    return tables
