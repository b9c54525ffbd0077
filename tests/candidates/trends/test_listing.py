"""Lists that are brought up to date in one pass equal those that are made cell by cell, as plainly as can be."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.trends.counts import Counts, CountsConfig
from candidates.trends.kleinberg import Kleinberg
from candidates.trends.listing import Listing, ListingConfig, windows_of
from candidates.trends.scorer import KeyState, TrendScorer, Windows
from candidates.trends.scorers import TREND_SCORERS, make_scorer
from data.batch import F64

START = 1_767_571_200_000_000
STEP = 5_000_000
CONFIG = CountsConfig(cells=64, sketches=4, log=1 << 12, recent=1 << 10, seasons=1 << 8, places=8, window_min=1.0)
RULES = ListingConfig(least_people=2)


class PlainKleinberg(Kleinberg):
    """The recursion of the module's page over arrays, a step an array."""

    def __init__(self) -> None:
        super().__init__(enter=4.0)
        self._kept = KeyState((*(-5.0,) * 3, *(0.0,) * 3, 0.0, -1.0))

    def update(self, windows: Windows) -> F64:
        state = self._kept.get(windows.columns["key"])
        passed = (windows.time_us - state[:, 7]) / windows.length_us
        met = passed < 1.0
        total = windows.columns["total"].astype(np.float64)
        came = np.where(met, np.minimum(total - state[:, 6], windows.uses), windows.uses)
        d = self._saved(came, windows.expected(True) * np.where(met, passed, 1.0))
        low = np.where(met[:, None], np.clip(state[:, :3], -5.0, 0.0), -5.0) + d
        weight = np.where(low <= -5.0, 0.0, np.maximum(np.where(met[:, None], state[:, 3:6], 0.0) + d, 0.0))
        self._kept.put(
            windows.columns["key"],
            np.column_stack([low, weight, total, np.full(len(windows), windows.time_us, float)]),
        )
        out: F64 = weight.max(axis=1)
        return out


class PlainListing:
    """Reads every cell that was used or is listed, and keeps those that may be on the list."""

    def __init__(self, counts: Counts, scorer: TrendScorer, held: set[int]) -> None:
        self.counts, self.scorer, self.held = counts, scorer, held
        self.listed: dict[int, float] = {}

    def update(self) -> None:
        rows = sorted({*self.counts.noted().tolist(), *(one & 0x7FFFFF for one in self.listed)})
        cells = self.counts.read(np.array(rows, np.int64))
        was = np.array([one in self.listed for one in cells.identity.tolist()], bool)
        may = (cells.people >= 2) & ~np.isin(cells.key, list(self.held))
        keep = was | (may & (cells.fresh >= 2))
        if not keep.any():
            self.listed = {}
            return
        cells = self.counts.read(np.array(rows, np.int64)[keep])
        scores = self.scorer.update(windows_of(self.counts, cells))
        enough = np.where(was[keep], self.scorer.enter * RULES.stays, self.scorer.enter)
        stay = may[keep] & (scores >= enough)
        self.listed = dict(zip(cells.identity[stay].tolist(), scores[stay].tolist(), strict=True))


USES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(1, 60), st.integers(1, 5), st.integers(1, 30)), min_size=1, max_size=60
)
"""Steps since the use before, term (more than there are cells, with their places), people and the first of them."""


@settings(max_examples=40, deadline=None)
@given(USES, st.sets(st.integers(1, 60), max_size=3), st.sampled_from([None, *TREND_SCORERS]))
def test_one_pass_equals_cell_by_cell(uses: list[tuple[int, int, int, int]], held: set[int], name: str | None) -> None:
    ours, plain = Counts(CONFIG), Counts(CONFIG)
    listing = Listing(ours, Kleinberg(enter=4.0) if name is None else make_scorer(name), RULES)
    listing.held |= held
    referee = PlainListing(plain, PlainKleinberg() if name is None else make_scorer(name), held)
    step = 0
    for later, term, people, first in uses:
        step += later
        for counts in (ours, plain):
            who = np.arange(first, first + people)
            places = np.tile(np.array([0, 1, 2 + term % 3]), (people, 1))
            every = np.ones(people, bool)
            counts.add(np.full(people, START + step * STEP), np.full(people, term), places, who, every)
        listing.update()
        referee.update()
        assert dict(zip(listing.identity.tolist(), listing.scores.tolist(), strict=True)) == referee.listed
        assert listing.row.tolist() == (listing.identity & 0x7FFFFF).tolist()
