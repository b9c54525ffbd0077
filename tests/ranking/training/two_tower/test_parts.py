"""Negatives, hold-out and loss, each against its definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import Ragged
from data.events import HOUR_US, NEVER_US
from ranking.models.bags import picked, summed
from ranking.models.inputs import Bags
from ranking.models.tables import HashTable, RowAdam, _update, _update_anywhere, compact
from ranking.training import losses
from ranking.training.held_out import held_out
from ranking.training.losses import positives_in_top, sampled_logits, sampled_softmax_loss, softmax_loss
from ranking.training.neighbours import Exact
from ranking.training.two_tower.accidental_hits import accidental_hits, holds
from ranking.training.two_tower.batches import ahead
from ranking.training.two_tower.leave_one_out import other_engagements
from ranking.training.two_tower.lifetimes import draw_alive, time_blocks
from ranking.training.two_tower.mining import mined


@settings(deadline=None)
@given(n=st.integers(1, 12), extra=st.integers(0, 12), seed=st.integers(0, 2**32 - 1))
def test_accidental_hits_are_exactly_what_the_reader_engaged_with(n, extra, seed):
    rng = np.random.default_rng(seed)
    tweets = rng.permutation(200)[:9]  # some are alike in their last bits
    readers, columns = rng.integers(0, 4, n), rng.choice(tweets, n + extra)
    lists = [rng.permutation(tweets)[: rng.integers(0, 9)] for _ in range(4)]
    rows, cols = accidental_hits(readers, columns, Ragged.from_lists(lists))
    want = {(i, j) for i in range(n) for j in range(n + extra) if i != j and columns[j] in lists[readers[i]]}
    assert set(zip(rows.tolist(), cols.tolist(), strict=True)) == want
    assert len(rows) == len(want)
    assert (np.diff(rows) >= 0).all()


def test_drawn_tweets_are_alive_and_uniform():
    rng = np.random.default_rng(0)
    posted = np.sort(rng.integers(0, 200 * HOUR_US, 400))
    gone = np.full(400, NEVER_US)
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


def test_in_a_quiet_time_the_last_tweet_posted_is_drawn_and_never_one_to_come():
    posted, gone = np.array([0, 10, 200]) * HOUR_US, np.full(3, NEVER_US)
    moments = np.array([100, 300, 11]) * HOUR_US
    drawn, alive = draw_alive(moments, posted, gone, 48.0, 1)
    assert drawn[:2].tolist() == [1, 2]
    assert drawn[2] in (0, 1)
    assert alive.tolist() == [1, 1, 2]


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


def test_a_random_share_is_held_out():
    held = held_out(np.arange(100), np.zeros(100, np.int64), 0.2, "random")
    assert held.sum() == 20
    assert not held[80:].all()


def test_other_engagements_are_the_newest_of_training_without_ones_own():
    reader = np.array([0, 1, 0, 0, 1, 0])
    tweets = np.array([10, 20, 11, 12, 21, 13])
    training = np.array([True, True, True, False, True, True])
    bags = other_engagements(reader, tweets, training, 2)
    lists = [bags.codes[low:high].tolist() for low, high in itertools.pairwise(bags.offsets)]
    assert lists == [[13, 11], [21], [13, 10], [13, 11], [20], [11, 10]]


def _none():
    return torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)


def test_loss_is_the_corrected_softmax():
    rng = np.random.default_rng(0)
    similarity, log_q = rng.normal(size=(3, 5)), rng.normal(size=5)
    hits = torch.tensor([0, 2]), torch.tensor([3, 1])
    logits = sampled_logits(torch.tensor(similarity), torch.tensor(log_q), hits)
    odds, weight = np.exp(similarity - log_q), np.array([2.0, 0.0, 0.5])
    odds[0, 3] = odds[2, 1] = 0
    want = -sum(weight[i] * np.log(odds[i, i] / odds[i].sum()) for i in range(3))
    assert float(softmax_loss(logits, torch.tensor(weight))) == pytest.approx(want)


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


def test_a_score_that_is_not_a_number_is_near_no_top():
    similarity = torch.full((2, 40), torch.nan)
    similarity[1] = torch.arange(40.0).flip(0)
    assert positives_in_top(similarity, (torch.tensor([], dtype=int), torch.tensor([], dtype=int)), 20).tolist() == [
        False,
        True,
    ]


def test_in_sample_recall_ignores_accidental_hits():
    similarity = torch.tensor([[0.5, 0.9, 0.1], [0.3, 0.4, 0.2]])
    assert positives_in_top(similarity, _none(), 1).tolist() == [False, True]
    assert positives_in_top(similarity, (torch.tensor([0]), torch.tensor([1])), 1).tolist() == [True, True]


@pytest.mark.parametrize("block", [1 << 20, 7 * 330])
@pytest.mark.parametrize(("first", "length"), [(0, 1.0), (3, 1.0), (3, 12.0)])
def test_the_blockwise_loss_and_its_gradients_are_those_of_the_plain_one(first, length, block, monkeypatch):
    monkeypatch.setattr(losses, "_BLOCK", block)
    rng = np.random.default_rng(2)
    rows, columns = 300, 330
    users = torch.tensor(length * rng.normal(size=(rows, 5)), requires_grad=True)
    tweets = torch.tensor(rng.normal(size=(columns, 5)), requires_grad=True)
    log_q = torch.tensor(rng.normal(size=columns))
    row, column = (part[::7] for part in np.nonzero(rng.random((rows, columns)) < 0.05))
    keep = column != row + first
    hits = torch.from_numpy(row[keep]), torch.from_numpy(column[keep])
    weight = torch.tensor(rng.random(rows))
    plain = softmax_loss(sampled_logits(users @ tweets.T, log_q, hits), weight, first)
    want = torch.autograd.grad(plain, (users, tweets))
    loss = sampled_softmax_loss(users, tweets, log_q, hits, weight, first)
    found = torch.autograd.grad(loss, (users, tweets))
    assert float(loss.detach()) == pytest.approx(float(plain.detach()))
    longest = float(users.detach().norm(dim=1).amax() * tweets.detach().norm(dim=1).amax())
    assert (longest > losses._NEAR) == (length > 1)
    for mine, theirs in zip(found, want, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-10)


@pytest.mark.parametrize("length", [5.0, 39.0, 41.0, 100.0])
@pytest.mark.parametrize("spread", [0.0, 20.0, 90.0])
def test_the_blockwise_loss_is_exact_in_float32_however_far_logits_are_apart(length, spread):
    rng = np.random.default_rng(3)
    rows, columns = 40, 50
    unit = torch.nn.functional.normalize(torch.tensor(rng.normal(size=(rows + columns, 6))), dim=1)
    unit[rows:] *= -torch.sign(unit[rows:] @ unit[0])[:, None]
    unit[rows + 45] = unit[0]  # far above all others of the first row, and hidden from it
    users, tweets = (length * unit[:rows]).requires_grad_(), unit[rows:].clone().requires_grad_()
    log_q, weight = torch.tensor(rng.uniform(-spread, 0, columns)), torch.tensor(rng.random(rows))
    hits = torch.tensor([0, 0, 7]), torch.tensor([13, 45, 2])
    plain = softmax_loss(sampled_logits(users @ tweets.T, log_q, hits), weight)
    want = torch.autograd.grad(plain, (users, tweets))
    single = [one.detach().float().requires_grad_() for one in (users, tweets)]
    loss = sampled_softmax_loss(*single, log_q.float(), hits, weight.float())
    assert float(loss.detach()) == pytest.approx(float(plain.detach()), rel=1e-5)
    for mine, theirs in zip(torch.autograd.grad(loss, single), want, strict=True):
        assert torch.allclose(mine.double(), theirs, rtol=1e-4, atol=1e-5 * float(theirs.abs().max()))


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_the_blockwise_loss_of_what_is_no_number_is_not_finite(which, value):
    given = [torch.randn(3, 4), torch.randn(5, 4), torch.zeros(5), torch.ones(3)]
    given[which].view(-1)[0] = value
    users, tweets, log_q, weight = given
    assert not torch.isfinite(sampled_softmax_loss(users, tweets, log_q, _none(), weight))


def test_the_blockwise_loss_survives_logits_far_apart():
    users, tweets = torch.tensor([[300.0], [-300.0]], requires_grad=True), torch.tensor([[1.0], [1.0]])
    tweets = torch.cat([tweets, torch.tensor([[-1.0]])])
    loss = sampled_softmax_loss(users, tweets, torch.zeros(3), _none(), torch.ones(2))
    assert float(loss.detach()) == pytest.approx(np.log(2) + 600, rel=1e-6)


def test_touched_rows_alone_are_updated_and_by_the_formula():
    torch.manual_seed(0)
    table = HashTable(12, 4, std=1.0).train()
    before = table.weight.detach().clone()
    optimizer = RowAdam([table], lr=0.1, betas=(0.5, 0.75), eps=1e-6, weight_decay=0.2)
    mean, square = np.zeros((12, 4)), np.zeros(12)
    want = before.numpy().astype(np.float64)
    for step, buckets in enumerate(([[2, 5], [5, 9]], [[5, 5], [0, 2]]), 1):
        optimizer.zero_grad()
        out = table(torch.tensor(buckets))
        assert torch.allclose(out, table.weight[torch.tensor(buckets)].sum(1))
        scale = torch.arange(1.0, 9.0).reshape(2, 4)
        (out * scale).sum().backward()
        optimizer.step()
        grad = np.zeros((12, 4))
        np.add.at(grad, np.array(buckets), scale.numpy()[:, None])
        for row in sorted({bucket for pair in buckets for bucket in pair}):
            mean[row] = 0.5 * mean[row] + 0.5 * grad[row]
            square[row] = 0.75 * square[row] + 0.25 * (grad[row] ** 2).mean()
            size = np.sqrt(square[row] / (1 - 0.75**step)) + 1e-6
            want[row] -= 0.1 * (mean[row] / (1 - 0.5**step) / size + 0.2 * want[row])
    assert table.weight.detach().numpy() == pytest.approx(want, abs=1e-5)
    untouched = [1, 3, 4, 6, 7, 8, 10, 11]
    assert torch.equal(table.weight[untouched], before[untouched])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sums_of_rows_have_the_gradients_that_torch_gives_them(dtype):
    torch.manual_seed(2)
    vectors = torch.randn(6, 3, dtype=dtype, requires_grad=True)
    codes, starts, scale = torch.tensor([4, 0, 4, 2, 5]), torch.tensor([0, 3, 3, 5]), torch.randn(4, 3, dtype=dtype)
    plain = torch.nn.functional.embedding_bag(codes, vectors, starts, mode="sum")
    cases = [(summed(vectors, codes, starts), plain)]
    cases += [(picked(vectors, at), vectors[at]) for at in (codes[:4], codes[:0], codes[:4].reshape(2, 2))]
    for mine, theirs in cases:
        assert mine.shape == theirs.shape
        assert torch.allclose(mine, theirs)
        weight = scale[: len(mine)] if mine.dim() == 2 else scale.reshape(2, 2, 3)
        found, want = (torch.autograd.grad((out * weight).sum(), vectors)[0] for out in (mine, theirs))
        assert torch.allclose(found, want)
    (turned,) = torch.autograd.grad((picked(vectors, codes[:4]).T @ scale).sum(), vectors)
    (want,) = torch.autograd.grad((vectors[codes[:4]].T @ scale).sum(), vectors)
    assert torch.allclose(turned, want), "a gradient that lies in memory the other way round"


def test_the_update_for_other_devices_is_that_of_the_kernel():
    torch.manual_seed(1)
    rows, grads = np.array([1, 4, 6]), torch.randn(3, 8)
    one = torch.randn(9, 8), torch.randn(9, 8), torch.rand(9)
    other = tuple(part.clone() for part in one)
    by = (0.1, 0.9, 0.99, 1e-8, 0.3, 0.5, 0.25)
    _update(*one, rows, grads, by)
    _update_anywhere(*other, rows, grads, by)
    for mine, theirs in zip(one, other, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


@settings(deadline=None)
@given(codes=st.lists(st.integers(0, 9), max_size=30))
def test_compact_numbers_distinct_codes_in_order(codes):
    distinct, at = compact(np.array(codes, np.int64), 10)
    assert distinct.tolist() == sorted(set(codes))
    assert distinct[at].tolist() == codes


def test_exact_neighbours_come_in_order_and_ties_by_row():
    rng = np.random.default_rng(0)
    vectors, queries = rng.normal(size=(50, 6)).astype(np.float32), rng.normal(size=(300, 6)).astype(np.float32)
    found = Exact(vectors).search(queries, 7)
    assert (found == np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :7]).all()
    assert Exact(vectors[:3]).search(queries[:1], 9).shape == (1, 3)
    assert Exact(np.ones((4, 2), np.float32)).search(np.ones((1, 2), np.float32), 3).tolist() == [[0, 1, 2]]


def test_mined_rows_are_among_the_nearest_of_the_reader():
    vectors = np.eye(6, dtype=np.float32)
    queries = np.array([[6, 5, 4, 0, 0, 0], [0, 0, 0, 4, 5, 6]], np.float32)
    at = np.array([0, 1, 1, 0])
    drawn = mined(Exact(vectors), queries, at, 40, 3, np.random.default_rng(0))
    assert [set(row) for row in drawn.tolist()] == [{0, 1, 2}, {3, 4, 5}, {3, 4, 5}, {0, 1, 2}]
    held = holds(np.array([0, 1]), np.array([[3, 8], [8, 1]]), Ragged.from_lists([np.array([8]), np.array([1, 2])]))
    assert held.tolist() == [[False, True], [False, True]]


def test_items_made_ahead_keep_their_order_and_their_errors():
    def broken():
        yield 1
        raise ValueError("here")

    assert list(ahead(iter(range(100)))) == list(range(100))
    made = ahead(broken())
    assert next(made) == 1
    with pytest.raises(ValueError, match="here"):
        next(made)
    endless = ahead(itertools.count())
    assert [next(endless), next(endless)] == [0, 1]
    endless.close()


def test_thinned_bags_lose_what_is_not_kept():
    bags = Bags(np.array([4, 5, 6, 7]), np.array([0, 3, 3, 4]))
    thin = bags.thinned(np.array([True, False, True, False]))
    assert (thin.codes.tolist(), thin.offsets.tolist()) == ([4, 6], [0, 2, 2, 2])
