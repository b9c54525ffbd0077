"""Drawing negatives by popularity, with the probability of each draw for the logQ correction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.batch import F32, I64, Mask
from ranking.training.two_tower.accidental_hits import accidental_hits, holds

if TYPE_CHECKING:
    from ranking.training.two_tower.examples import Examples


_WHOLE = 16_384
"""Items of a catalogue that a validation sample holds at most."""


@dataclass(frozen=True)
class Sample:
    """One step's rows."""

    positives: I64
    """[n] which positives."""
    negatives: I64
    """[G] tweet rows shared by all of them."""
    log_q: F32
    """[n + G] log of each column's expected appearances."""
    hits: tuple[I64, I64]
    """Rows (ascending) and columns of accidental hits: tweets that the row's reader engaged with too, its own left
    out."""
    pool: I64
    """Tweet rows to mine hard negatives among; empty where none are mined, and in a catalogue, where all rows are."""


class Sampler:
    """Makes the samples of an epoch."""

    def __init__(self, examples: Examples) -> None:
        """Prepares everything that does not change between epochs."""
        self.examples = examples
        self.engaged = {which: examples.engaged(which) for which in (False, True)}
        self._blocks = {which: [self._of_block(b) for b in examples.blocks[which]] for which in (False, True)}

    def __len__(self) -> int:
        """Samples of an epoch."""
        training = int((~self.examples.validation).sum())
        return len(self._blocks[False]) or max(1, -(-training // self.examples.config.training.batch_size))

    def epoch(self, rng: np.random.Generator) -> Iterator[Sample]:
        """Training samples in a random order; in `catalogue` mode their members are random too."""
        if self._blocks[False]:
            for at in rng.permutation(len(self._blocks[False])):
                yield self._blocks[False][at]
            return
        training = np.flatnonzero(~self.examples.validation)
        yield from self._random(training, rng, validation=False)

    def validation(self) -> Iterator[Sample]:
        """Held-out samples, the same every time; in a catalogue each is compared with all of it, or a large sample."""
        if self._blocks[True]:
            yield from self._blocks[True]
            return
        held_out = np.flatnonzero(self.examples.validation)
        yield from self._random(held_out, np.random.default_rng(0), validation=True)

    def suits(self, positives: I64, rows: I64) -> Mask:
        """[n, H] whether `rows` [n, H] of the tweets can be negatives of `positives` [n].

        Not what a positive's reader engaged with in training, nor a tweet that was not alive at its time.
        """
        examples = self.examples
        tweets = examples.tweets.tweet[rows]
        out: Mask = ~holds(examples.reader[positives], tweets, self.engaged[False])
        if examples.lifetimes is None:
            return out
        return out & examples.lifetimes.alive(tweets, examples.time_us[positives])

    def _of_block(self, block: tuple[I64, I64, float]) -> Sample:
        positives, negatives, alive = block
        return self._sample(positives, negatives, alive, validation=bool(self.examples.validation[positives[0]]))

    def _random(self, of: I64, rng: np.random.Generator, *, validation: bool) -> Iterator[Sample]:
        training = self.examples.config.training
        rows = self.examples.catalogue
        whole = validation and len(rows) <= _WHOLE
        for positives in np.array_split(rng.permutation(of), max(1, -(-len(of) // training.batch_size))):
            drawn = rows if whole else rows[rng.integers(0, len(rows), _WHOLE if validation else training.negatives)]
            yield self._sample(positives, drawn, float(len(rows)), validation=validation)

    def _sample(self, positives: I64, negatives: I64, alive: float, *, validation: bool) -> Sample:
        examples = self.examples
        shared = examples.config.training.negatives if len(examples.blocks[False]) else len(negatives)
        negatives, pool = np.split(negatives, [shared])
        # Once each, so that the nearest rows of the pool are as many tweets.
        pool = pool[np.unique(examples.tweets.tweet[pool], return_index=True)[1]]
        columns = examples.tweets.tweet[np.r_[examples.tweet_row[positives], negatives]]
        expected = len(positives) * examples.frequency[columns] + len(negatives) / alive
        # A held-out tweet without a training positive and without sampled negatives is expected once at least.
        expected = np.where(expected > 0, expected, 1.0)
        hits = accidental_hits(examples.reader[positives], columns, self.engaged[validation])
        return Sample(positives, negatives, np.log(expected).astype(np.float32), hits, pool)
