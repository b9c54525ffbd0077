"""What each positive is compared with: the other positives of its batch and a shared sample of everything.

A tweet j may be a column of a batch because it is a reader's positive there or because it was sampled. Its expected
number of columns is n f_j + G / M: n positives a batch, f_j its share of the positives that could have been it, G
sampled from M tweets. The loss subtracts the log of that sum (mixed negative sampling, Yang et al., WWW 2020, with
one proposal for the mixture, so that a popular tweet that was not sampled and one that was weigh alike).
"""

from __future__ import annotations

import numpy as np

from data.batch import I64, Array, Mask, Ragged
from data.kernel import kernel


def accidental_hits(readers: I64, columns: I64, engaged: Ragged) -> tuple[I64, I64]:
    """Rows, ascending, and columns where a reader's column is a tweet that the reader engaged with.

    `readers` [n] are reader codes, `columns` [n + G] tweet codes with the row's positive on the diagonal (which is
    never reported), `engaged` the tweet codes of each reader.
    """
    found: tuple[I64, I64] = _hits(readers, columns, engaged.offsets, engaged.values)
    return found


def holds(readers: I64, columns: I64, engaged: Ragged) -> Mask:
    """[n, H] whether each reader [n] engaged with the tweets `columns` [n, H]."""
    held: Mask = _holds(readers, columns, engaged.offsets, engaged.values)
    return held


@kernel
def _hits(readers: I64, columns: I64, offsets: I64, tweets: Array) -> tuple[I64, I64]:
    """Columns are chained by the last bits of their tweet, so that each engaged tweet finds its own at once; counted,
    then filled."""
    slots = 1
    while slots < 8 * len(columns):
        slots *= 2
    first, following = np.full(slots, -1, np.int64), np.full(len(columns), -1, np.int64)
    for column in range(len(columns) - 1, -1, -1):
        slot = columns[column] & (slots - 1)
        following[column] = first[slot]
        first[slot] = column
    rows, found = np.empty(0, np.int64), np.empty(0, np.int64)
    for fill in range(2):
        at = 0
        for row in range(len(readers)):
            for i in range(offsets[readers[row]], offsets[readers[row] + 1]):
                column = first[tweets[i] & (slots - 1)]
                while column >= 0:
                    if columns[column] == tweets[i] and column != row:
                        if fill:
                            rows[at], found[at] = row, column
                        at += 1
                    column = following[column]
        if not fill:
            rows, found = np.empty(at, np.int64), np.empty(at, np.int64)
    return rows, found


@kernel
def _holds(readers: I64, columns: I64, offsets: I64, tweets: Array) -> Mask:
    out = np.zeros(columns.shape, np.bool_)
    for row in range(len(readers)):
        for i in range(offsets[readers[row]], offsets[readers[row] + 1]):
            for column in range(columns.shape[1]):
                out[row, column] |= columns[row, column] == tweets[i]
    return out
