"""Sliding counts: against a plain count, undone uses, late uses, full tables, restarts."""

from collections import Counter
from pathlib import Path

import datasketches
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.trends.cells import find_cell, name_of
from candidates.trends.counts import Cells, Counts, CountsConfig
from candidates.trends.layout import CELLS, EVICTED, SHORTENED, STOLEN
from data.batch import I64
from data.events import HOUR_US, MINUTE_US

START = 1_767_571_200_000_000
STEP = 5_000_000
SMALL = CountsConfig(cells=1 << 10, sketches=64, log=1 << 14, recent=1 << 12, seasons=1 << 10, places=8)

Use = tuple[int, int, int, int]
"""Step, term, place (row 2 to 4, in country 1) and person."""


SOME_USES = st.tuples(st.integers(0, 300), st.integers(1, 3), st.integers(2, 4), st.integers(1, 12))


def add(counts: Counts, uses: list[Use], established: bool = True) -> I64:
    """Adds uses, and the positions that they have in the log."""
    at = counts.next_position
    rows = np.array(uses, np.int64).reshape(-1, 4)
    places = np.stack([np.zeros(len(rows), np.int64), np.ones(len(rows), np.int64), rows[:, 2]], axis=1)
    counts.add(START + rows[:, 0] * STEP, rows[:, 1], places, rows[:, 3], np.full(len(rows), established))
    return np.arange(at, counts.next_position)


def row_of(counts: Counts, term: int, place: int = 0) -> int:
    return int(find_cell(counts.tables.slots, name_of(term, place)))


def cell(counts: Counts, term: int, place: int = 0) -> Cells:
    return counts.read(np.array([row_of(counts, term, place)]))


def crowd(step: int, term: int, people: range) -> list[Use]:
    return [(step, term, 2, person) for person in people]


@settings(max_examples=60, deadline=None)
@given(
    uses=st.lists(
        st.tuples(st.integers(0, 300), st.integers(1, 3), st.integers(2, 4), st.integers(1, 12)),
        min_size=1,
        max_size=80,
    ),
    undone=st.lists(st.integers(0, 79), max_size=10),
    cut=st.integers(0, 80),
    later=st.integers(0, 70),
)
def test_windows_equal_a_plain_count(uses: list[Use], undone: list[int], cut: int, later: int) -> None:
    uses = sorted(uses, key=lambda use: use[0])
    counts = Counts(SMALL)
    positions = np.concatenate([add(counts, uses[:cut]), add(counts, uses[cut:])])
    gone = {at for at in undone if at < len(uses)}
    counts.undo(positions[sorted(gone)])
    counts.undo(positions[sorted(gone)])  # a second time has no effect
    now = uses[-1][0] + later
    counts.advance(START + (now + 1) * STEP)
    kept = [use for at, use in enumerate(uses) if at not in gone]
    for term in (1, 2, 3):
        for place in (0, 1, 2, 3, 4):
            mine = [use for use in kept if use[1] == term and place in (0, 1, use[2])]
            if row_of(counts, term, place) < 0:
                assert not mine
                continue
            seen = cell(counts, term, place)
            here = [use for use in mine if now - 60 < use[0] <= now]
            assert seen.volume[0] == len(here)
            assert seen.previous[0] == sum(now - 120 < use[0] <= now - 60 for use in mine)
            if not gone and len({use[3] for use in here}) <= 8:
                assert seen.people[0] == len({use[3] for use in here})


@settings(max_examples=30, deadline=None)
@given(
    uses=st.lists(
        st.tuples(st.integers(0, 900), st.integers(1, 3), st.integers(2, 4), st.integers(1, 9)), min_size=1, max_size=60
    ),
    length=st.sampled_from([12, 60, 180, 400]),
    place=st.integers(0, 4),
)
def test_a_recount_of_any_window_equals_a_plain_count(uses: list[Use], length: int, place: int) -> None:
    uses = sorted(uses, key=lambda use: use[0])
    counts = Counts(SMALL)
    add(counts, uses)
    end = uses[-1][0]
    found = counts.recount(START + (end + 1) * STEP, length * STEP, place)
    here = [use for use in uses if place in (0, 1, use[2])]
    late = [use for use in here if end - length < use[0] <= end]
    early = Counter(use[1] for use in here if end - 2 * length < use[0] <= end - length)
    expected = {
        term: (volume, early[term], len({use[3] for use in late if use[1] == term}))
        for term, volume in Counter(use[1] for use in late).items()
    }
    keys = counts.tables.key[found.row].tolist()
    numbers = zip(found.volume.tolist(), found.previous.tolist(), found.people.tolist(), strict=True)
    assert dict(zip(keys, numbers, strict=True)) == expected


@pytest.mark.parametrize("people", [9, 60, 640, 5_000, 60_000])
def test_unique_people_agree_with_the_referee(people: int) -> None:
    counts = Counts(SMALL.model_copy(update={"log": 1 << 18}))
    referee = datasketches.hll_sketch(12, datasketches.tgt_hll_type.HLL_8)
    for step in range(60):
        some = range(step * people // 60, (step + 1) * people // 60 + people // 120)
        add(counts, crowd(step, 7, some))
        for one in some:
            referee.update(one)
    ours, theirs = int(cell(counts, 7).people[0]), referee.get_estimate()
    assert abs(ours / theirs - 1) < 3 * 1.04 / 16 + 0.03  # three standard errors of 256 registers, and the referee's


def test_a_sketch_slides_as_if_it_were_built_from_the_window_alone() -> None:
    sliding, alone = Counts(SMALL), Counts(SMALL)
    for step in range(200):
        people = range(40 * step, 40 * step + 40)
        add(sliding, crowd(step, 7, people))
        if step >= 140:
            add(alone, crowd(step, 7, people))
    assert cell(sliding, 7).people[0] == cell(alone, 7).people[0]


def test_a_sketch_outlives_the_turn_of_its_clock() -> None:
    counts = Counts(SMALL)
    for step in range(0, 70_000, 50):
        add(counts, crowd(step, 7, range(step, step + 20)))
    people = int(cell(counts, 7).people[0])
    assert 30 <= people <= 50  # two crowds of 20 are in the window, none of 70,000 steps ago


def test_repeats_of_one_person_count_once_in_what_scores() -> None:
    counts = Counts(SMALL)
    add(counts, [(step, 7, 2, 1) for step in range(59) for _ in range(17)])
    seen = cell(counts, 7)
    assert (seen.volume[0], seen.fresh[0], seen.people[0]) == (59 * 17, 1, 1)
    add(counts, [(61, 7, 2, 1)])
    assert cell(counts, 7).fresh[0] == 1  # a window's length after the use that counted, the next counts


def test_accounts_that_are_not_established_count_in_the_volume_alone() -> None:
    counts = Counts(SMALL)
    add(counts, crowd(0, 7, range(20)), established=False)
    seen = cell(counts, 7)
    assert (seen.volume[0], seen.fresh[0], seen.people[0]) == (20, 0, 0)


def test_an_undone_use_takes_its_person_along() -> None:
    counts = Counts(SMALL)
    positions = add(counts, crowd(0, 7, range(5)))
    counts.undo(positions[:2])
    seen = cell(counts, 7)
    assert (seen.volume[0], seen.fresh[0], seen.people[0]) == (3, 3, 3)


def test_a_person_whose_use_was_undone_counts_when_they_use_it_again_and_once() -> None:
    counts = Counts(SMALL)
    for _ in range(50):  # a tweet that is deleted and written anew
        counts.undo(add(counts, [(3, 7, 2, 1)]))
    add(counts, [(4, 7, 2, 1), (4, 7, 2, 1)])
    seen = cell(counts, 7)
    assert (seen.volume[0], seen.fresh[0], seen.total[0], seen.people[0]) == (2, 1, 1, 1)


def test_undone_uses_teach_nothing_about_the_hours_of_the_week() -> None:
    taught, silent = Counts(SMALL), Counts(SMALL)
    for week in range(3):
        base = week * 7 * 24 * 720 + 9 * 720
        add(silent, [(base, 7, 2, 1)])
        add(taught, [(base, 7, 2, 1)])
        for minute in range(55):
            taught.undo(add(taught, crowd(base + minute * 12, 7, range(2, 40))))
    for counts in (taught, silent):
        counts.advance(START + (3 * 7 * 24 + 9) * HOUR_US + 30 * MINUTE_US)
    rows = [np.array([row_of(counts, 7)]) for counts in (taught, silent)]
    assert taught.expected(rows[0])[1][0] == silent.expected(rows[1])[1][0]


def test_time_that_goes_backwards_counts_as_now() -> None:
    counts = Counts(SMALL)
    add(counts, [(100, 7, 2, 1)])
    add(counts, [(20, 7, 2, 2), (100, 7, 2, 3)])
    assert cell(counts, 7).volume[0] == 3
    counts.advance(START + 161 * STEP)
    assert cell(counts, 7).volume[0] == 0
    counts.advance(START)  # no way back
    assert counts.now_us == START + 161 * STEP


def test_a_million_terms_fit_into_the_memory_of_a_thousand() -> None:
    counts = Counts(SMALL.model_copy(update={"log": 1 << 18}))
    before = counts.nbytes
    each, one, persons = 10_000, np.zeros(10_000, np.int64), np.ones(10_000, bool)
    for step in range(100):
        add(counts, crowd(step, 7, range(100 * step, 100 * step + 12)))
        keys = 1_000 + np.arange(each) + each * step
        places = np.stack([one, one + 1, 2 + keys % 3], axis=1)
        counts.add(one + START + step * STEP, keys, places, keys, persons)
    state = counts.tables.state
    grown = counts.tables.log.nbytes - (1 << 12) * counts.tables.log.itemsize * counts.tables.log.shape[1]
    assert counts.nbytes - before == grown
    assert counts.tables.log.shape[0] <= 1 << 18
    assert state[CELLS] == SMALL.cells
    assert state[EVICTED] > 2_000_000
    assert state[SHORTENED] > 0
    seen = cell(counts, 7)  # the flood of single uses did not wash away what a crowd uses
    assert seen.fresh[0] == seen.volume[0] > 12 * 20


def test_a_cell_with_more_uses_takes_the_sketch_of_one_with_fewer() -> None:
    counts = Counts(SMALL.model_copy(update={"sketches": 2}))
    add(counts, [*crowd(0, 1, range(10)), *crowd(1, 2, range(50)), *crowd(2, 3, range(100))])
    assert counts.tables.state[STOLEN] > 0
    assert cell(counts, 1).people[0] <= 8  # a lower bound is left
    assert 40 <= cell(counts, 3).people[0] <= 60  # those who came after it had the sketch
    add(counts, crowd(70, 3, range(100)))
    assert 85 <= cell(counts, 3).people[0] <= 115


def test_the_log_kept_for_wide_windows_is_bounded_by_uses_and_hours() -> None:
    counts = Counts(SMALL.model_copy(update={"kept_uses": 100, "kept_h": 1.0}))
    for step in range(0, 4_000, 10):
        add(counts, [(step, 7, 2, step)])
        assert sum(counts.uses_kept()) <= 102
    counts.advance(START + 10 * HOUR_US)
    assert counts.uses_kept() == (0, 0, 0)


def test_a_restored_engine_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    uses: list[Use] = [(int(s), int(rng.integers(1, 5)), 2, int(rng.integers(1, 99))) for s in range(0, 900, 2)]
    whole, first, second = Counts(SMALL), Counts(SMALL), Counts(SMALL)
    add(whole, uses)
    add(first, uses[:200])
    first.save(tmp_path / "counts.npz")
    second.restore(tmp_path / "counts.npz")
    add(second, uses[200:])
    for one, other in zip(whole.tables, second.tables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weekly_hours_are_expected_and_chance_is_not() -> None:
    counts = Counts(SMALL)
    for week in range(3):
        base = week * 7 * 24 * 720
        for minute in range(60):
            add(counts, crowd(base + 9 * 720 + minute * 12, 7, range(1_000 * minute, 1_000 * minute + 20)))
    rows = np.array([row_of(counts, 7)])
    counts.advance(START + (3 * 7 * 24 + 9) * HOUR_US + 30 * MINUTE_US)
    recent, seasonal = counts.expected(rows)
    assert recent[0] < 3
    assert 70 < seasonal[0] < 110  # 100 people a window then
    counts.advance(START + (3 * 7 * 24 + 14) * HOUR_US)
    recent, seasonal = counts.expected(rows)
    assert seasonal[0] == recent[0]


def test_a_config_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="memory_h=1 is shorter than two windows of window_min=31"):
        CountsConfig(window_min=31, memory_h=1)
    with pytest.raises(ValueError, match=r"log=5000 is no power of two"):
        CountsConfig(log=5_000)
    with pytest.raises(ValueError, match=r"step_s=7 does not divide|no whole number"):
        CountsConfig(step_s=7)
