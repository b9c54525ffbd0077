"""Negatives, hold-out and loss, each against its definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import Ragged
from data.events import HOUR_US
from ranking.training.losses import positives_in_top, sampled_logits, softmax_loss
from ranking.training.negatives import accidental_hits, draw_alive, held_out, time_blocks


@settings(deadline=None)
@given(n=st.integers(1, 12), extra=st.integers(0, 12), seed=st.integers(0, 2**32 - 1))
def test_accidental_hits_are_exactly_what_the_reader_engaged_with(n, extra, seed):
    rng = np.random.default_rng(seed)
    readers, columns = rng.integers(0, 4, n), rng.integers(0, 9, n + extra)
    lists = [rng.permutation(9)[: rng.integers(0, 9)] for _ in range(4)]
    rows, cols = accidental_hits(readers, columns, Ragged.from_lists(lists))
    want = {(i, j) for i in range(n) for j in range(n + extra) if i != j and columns[j] in lists[readers[i]]}
    assert set(zip(rows.tolist(), cols.tolist(), strict=True)) == want
    assert len(rows) == len(want)


def test_drawn_tweets_are_alive_and_uniform():
    rng = np.random.default_rng(0)
    posted = np.sort(rng.integers(0, 200 * HOUR_US, 400))
    gone = np.full(400, 2**62)
    gone[::5] = posted[::5] + HOUR_US
    moments = np.full(60_000, 120 * HOUR_US)
    drawn, alive = draw_alive(posted, posted, gone, 48.0, 1)[0], draw_alive(moments, posted, gone, 48.0, 1)
    assert len(drawn) == 400
    there = (posted < moments[0]) & (posted > moments[0] - 48 * HOUR_US)
    assert (alive[1] == there.sum()).all()
    standing = np.flatnonzero(there & (gone > moments[0]))
    counts = np.bincount(alive[0], minlength=400)
    assert set(np.flatnonzero(counts)) == set(standing)
    expected = len(moments) / len(standing)
    assert ((counts[standing] - expected) ** 2 / expected).sum() < 2 * len(standing)


def test_blocks_are_neighbours_in_time_and_lose_nothing():
    rng = np.random.default_rng(0)
    time_us, of = rng.integers(0, 1000, 103), np.flatnonzero(rng.random(103) < 0.7)
    blocks = time_blocks(time_us, of, 10)
    assert sorted(np.concatenate(blocks).tolist()) == of.tolist()
    assert max(len(b) for b in blocks) <= 10
    assert all(time_us[a].max() <= time_us[b].min() for a, b in itertools.pairwise(blocks))
    assert time_blocks(time_us, of[:0], 10) == []


def test_the_last_fifth_by_time_is_held_out():
    time_us = np.array([5, 1, 9, 3, 7, 2, 8, 4, 6, 0])
    assert np.flatnonzero(held_out(time_us, np.zeros(10, np.int64), 0.2, "time")).tolist() == [2, 6]


def test_the_last_of_each_reader_is_held_out_but_never_the_only_one():
    reader = np.array([0, 1, 0, 2, 1, 0, 1])
    time_us = np.array([3, 1, 9, 4, 1, 2, 0])
    assert np.flatnonzero(held_out(time_us, reader, 0.05, "last")).tolist() == [2, 4]


def _none():
    return torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)


def test_loss_is_the_corrected_softmax():
    rng = np.random.default_rng(0)
    similarity, log_q = rng.normal(size=(3, 5)), rng.normal(size=5)
    hits = torch.tensor([0, 2]), torch.tensor([3, 1])
    logits = sampled_logits(torch.tensor(similarity), torch.tensor(log_q), hits)
    weight = np.exp(similarity - log_q)
    weight[0, 3] = weight[2, 1] = 0
    want = -np.mean([np.log(weight[i, i] / weight[i].sum()) for i in range(3)])
    assert float(softmax_loss(logits)) == pytest.approx(want)


def test_the_correction_makes_a_sampled_partition_function_unbiased():
    # Over many samples, the mean of sum exp(s - log expected) over drawn columns is the sum over all tweets.
    rng = np.random.default_rng(1)
    scores, share = rng.normal(size=6), np.array([0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
    n, g = 8, 12
    log_q = np.log(n * share + g / 6)
    totals = [
        np.exp((scores - log_q)[np.r_[rng.choice(6, n, p=share), rng.integers(0, 6, g)]]).sum() for _ in range(20_000)
    ]
    assert np.mean(totals) == pytest.approx(np.exp(scores).sum(), rel=0.01)


def test_in_sample_recall_ignores_accidental_hits():
    similarity = torch.tensor([[0.5, 0.9, 0.1], [0.3, 0.4, 0.2]])
    assert positives_in_top(similarity, _none(), 1).tolist() == [False, True]
    assert positives_in_top(similarity, (torch.tensor([0]), torch.tensor([1])), 1).tolist() == [True, True]
