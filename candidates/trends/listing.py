"""Which terms are trends: who may be one, the two thresholds that keep the list from flickering, and wider windows."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from candidates.trends.counts import Cells, Counts
from candidates.trends.recount import Recount
from candidates.trends.scorer import TrendScorer, Windows
from data.batch import F64, I64, Array, Mask
from data.events import MINUTE_US

_NO_TERMS: I64 = np.zeros(0, np.int64)


class ListingConfig(BaseModel):
    """What a term needs to be listed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    least_people: int = Field(3, ge=2, le=8)
    """People of established accounts who used it in the window. Never one, so that no account makes a trend alone."""
    stays: float = Field(0.5, gt=0, le=1)
    """Part of the score at which it entered the list that keeps it there."""
    least_listed: int = Field(5, ge=0)
    """Terms that a list should have before its window is widened."""
    wider_min: tuple[float, ...] = (15.0, 60.0, 180.0, 360.0, 720.0)
    """Windows that are tried then, in minutes, the narrowest first."""
    held_back: tuple[str, ...] = ()
    """Terms that never trend: patterns (`*` and `?`) over names in lower case, hashtags with their sign."""

    @model_validator(mode="after")
    def _ascends(self) -> ListingConfig:
        if list(self.wider_min) != sorted(set(self.wider_min)) or min(self.wider_min, default=1) <= 0:
            raise ValueError(f"wider_min={self.wider_min} does not ascend from above 0")
        return self

    def holds_back(self, name: str) -> bool:
        """Whether a rule keeps a name from trending."""
        low = name.casefold()
        return any(fnmatchcase(low, pattern.casefold()) for pattern in self.held_back)


def windows_of(counts: Counts, cells: Cells) -> Windows:
    """What scorers see of cells."""
    recent, seasonal = counts.expected(cells.row)
    columns = {
        "key": cells.identity, "volume": cells.volume, "previous": cells.previous, "unique_users": cells.people,
        "first_seen_us": cells.first_us, "fresh": cells.fresh, "fresh_previous": cells.fresh_previous,
        "total": cells.total, "recent": recent, "seasonal": seasonal,
    }  # fmt: skip
    return Windows(counts.now_us, columns, counts.window_us)


def wide_windows(counts: Counts, cells: Cells, found: Recount, end_us: int) -> Windows:
    """What scorers see of cells in a window that was counted anew; everybody counts once."""
    times = found.length / counts.config.span
    recent, seasonal = counts.expected(cells.row)
    columns = {
        "key": cells.identity, "volume": found.volume, "previous": found.previous, "unique_users": found.people,
        "first_seen_us": cells.first_us, "fresh": found.people, "fresh_previous": found.previous,
        "total": cells.total, "recent": recent * times, "seasonal": seasonal * times,
    }  # fmt: skip
    return Windows(end_us, columns, found.length * counts.step_us)


class Listing:
    """The cells on the lists of all places."""

    def __init__(self, counts: Counts, scorer: TrendScorer, config: ListingConfig) -> None:
        self._counts, self._scorer, self.config = counts, scorer, config
        self.row: I64 = np.zeros(0, np.int64)
        self.identity: I64 = np.zeros(0, np.int64)
        self.scores: F64 = np.zeros(0)
        self.held: set[int] = set()
        """Codes of terms that rules hold back."""

    def update(self) -> None:
        """Scores the cells that were used since the last call and those on a list; some enter, some leave."""
        counts, enter = self._counts, self._scorer.enter
        held = np.sort(np.fromiter(self.held, np.int64, len(self.held))) if self.held else _NO_TERMS
        found = counts.judge(self.row, self.identity, held, self.config.least_people)
        if not len(found):
            self.row, self.identity, self.scores = found.row, found.columns["key"], np.zeros(0)
            return
        scores = self._scorer.update(Windows(counts.now_us, found.columns, counts.window_us))
        stay = found.may & (scores >= np.where(found.was, enter * self.config.stays, enter))
        self.row, self.identity, self.scores = found.row[stay], found.columns["key"][stay], scores[stay]

    def arrays(self) -> dict[str, Array]:
        """What is listed and what the scorer keeps, for saving."""
        kept = {f"scorer.{name}": array for name, array in self._scorer.arrays().items()}
        return {"row": self.row, "identity": self.identity, "scores": self.scores, **kept}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self.row, self.identity, self.scores = arrays["row"], arrays["identity"], arrays["scores"]
        prefix = "scorer."
        self._scorer.restore({n.removeprefix(prefix): one for n, one in arrays.items() if n.startswith(prefix)})

    def may_trend(self, key: I64, people: I64) -> Mask:
        """[H] whether terms are used by enough people and held back by no rule."""
        out: Mask = people >= self.config.least_people
        if self.held:
            out &= ~np.isin(key, np.fromiter(self.held, np.int64, len(self.held)))
        return out

    def live(self, place: int) -> tuple[Windows, Cells, F64]:
        """The list of a place (its row): what was counted and the scores of the last update, in no order."""
        cells = self._counts.read(self.row)
        here = cells.place == place
        cells = _take(cells, here)
        return windows_of(self._counts, cells), cells, self.scores[here]

    def counted(self, place: int, end_us: int, length_min: float, *, all_terms: bool) -> tuple[Windows, Cells, F64]:
        """A window of any length and end for one place: terms of enough people, or those that would be trends."""
        found = self._counts.recount(end_us, round(length_min * MINUTE_US), place)
        cells = self._counts.read(found.row)
        keep = self.may_trend(cells.key, found.people)
        found = Recount(found.row[keep], found.volume[keep], found.previous[keep], found.people[keep], found.length)
        windows = wide_windows(self._counts, _take(cells, keep), found, end_us)
        cells, scores = _take(cells, keep), self._scorer.score(windows)
        if all_terms:
            return windows, cells, scores
        trend = scores >= self._scorer.enter
        columns = {name: column[trend] for name, column in windows.columns.items()}
        return Windows(end_us, columns, windows.length_us), _take(cells, trend), scores[trend]


def _take(cells: Cells, keep: Mask) -> Cells:
    return Cells(**{name: getattr(cells, name)[keep] for name in Cells.__dataclass_fields__})
