"""Counting trends beside dictionaries, by how many uses come in a step of five seconds."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

import numpy as np

from candidates.trends.counts import Counts, CountsConfig
from candidates.trends.listing import Listing, ListingConfig
from candidates.trends.scorers import make_scorer
from data.batch import I64, Mask
from data.rng import Stream
from experiments.bench.harness import Case

DENSITIES = (20, 200, 2_000, 20_000, 200_000, 500_000)
"""Uses a step."""
_STEP_US = 5_000_000
_START_US = 1_767_571_200_000_000
_TERMS, _PEOPLE, _PLACES, _COUNTRIES = 1_000_000, 1_000_000, 400, 40
_A_CALL = 2_000
_BLOCKS = 8


class _Block(NamedTuple):
    keys: I64
    places: I64
    people: I64
    established: Mask


class TrendsBench:
    """Uses of a million terms (Zipf's law) by a million people in 400 places of 40 countries.

    The window of five minutes is full before the first use is measured, so that as many leave as come. Every use counts
    for its place, its country and the world, with its person; `with lists`, all places' lists are brought up to date
    after every step, too.
    """

    peer = (
        "a Python Counter for each place, country and the world, a deque of uses to slide it, and a set of people for "
        "each term and place: not bounded in memory, its people do not slide, no scores; it starts with empty windows"
    )

    def __init__(self, densities: tuple[int, ...] = DENSITIES) -> None:
        self._densities = densities

    def cases(self) -> Iterator[Case]:
        """Each density with counting alone, then with the lists."""
        for uses in self._densities:
            blocks = [_block(uses, at) for at in range(_BLOCKS)]
            steps = max(1, _A_CALL // uses)
            for lists in (False, True):
                ours = _Ours(blocks, steps, lists)
                words = f"{uses:,} uses a step{', with lists' if lists else ''}"
                yield Case(words, ours, _Peer(blocks, steps), uses * steps, "uses", uses)


def _block(uses: int, at: int) -> _Block:
    rng = Stream(1, "trends bench").generator(uses, at)
    terms = np.minimum(rng.zipf(1.1, uses), _TERMS).astype(np.int64)
    place = rng.integers(0, _PLACES, uses)
    places = np.stack([np.zeros(uses, np.int64), 1 + place % _COUNTRIES, 1 + _COUNTRIES + place], axis=1)
    return _Block(terms, places, rng.integers(0, _PEOPLE, uses), np.ones(uses, bool))


class _Ours:
    """Steps of the engine."""

    def __init__(self, blocks: list[_Block], steps: int, lists: bool) -> None:
        self._blocks = cycle(blocks)
        self._counts = Counts(CountsConfig())
        self._listing = Listing(self._counts, make_scorer("kleinberg"), ListingConfig()) if lists else None
        self._steps, self._now = steps, 0
        for _ in range(self._counts.config.span + 1):
            self._step()
        self._counts.noted()

    def __call__(self) -> None:
        for _ in range(self._steps):
            self._step()
            if self._listing is not None:
                self._listing.update()

    def _step(self) -> None:
        block = next(self._blocks)
        times = np.full(len(block.keys), _START_US + self._now * _STEP_US)
        self._counts.add(times, *block)
        self._now += 1


class _Peer:
    """The same steps with dictionaries."""

    def __init__(self, blocks: list[_Block], steps: int) -> None:
        self._blocks = cycle([(one.keys.tolist(), one.places.tolist(), one.people.tolist()) for one in blocks])
        self._steps = steps
        self._window: deque[tuple[list[int], list[list[int]]]] = deque()
        self._volume: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self._people: defaultdict[tuple[int, int], set[int]] = defaultdict(set)

    def __call__(self) -> None:
        for _ in range(self._steps):
            keys, places, people = next(self._blocks)
            self._window.append((keys, places))
            for key, where, person in zip(keys, places, people, strict=True):
                for place in where:
                    self._volume[place][key] += 1
                    self._people[place, key].add(person)
            if len(self._window) > 60:
                for key, where in zip(*self._window.popleft(), strict=True):
                    for place in where:
                        self._volume[place][key] -= 1
