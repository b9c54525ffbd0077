"""Softmax over a sample, corrected for how the sample was drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch.autograd.function import once_differentiable

_BLOCK = 1 << 20
"""Logits in memory at once, or one row's: on a CPU a block stays in the caches from its product to its gradient."""

_NEAR = 40.0
"""Where similarities and the logs of q are within +- this, float32 holds their exponentials and the products and sums
of these: exp(40)^2 is 6e34."""

_LEAST = -80.0
"""Logits further below the row's highest count as this far: smaller weights would be denormal numbers, which are a
hundred times as slow to multiply."""


def sampled_logits(
    similarity: torch.Tensor, log_q: torch.Tensor, hits: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """[n, n + G] logits: similarity - log_q, and -inf where a column is no negative of its row.

    `similarity` is [n, n + G], cosine over temperature, with each row's positive on the diagonal; `log_q` [n + G] is
    the log of each column's expected number of appearances in a sample (Bengio and Senecal 2008; Yi et al., RecSys
    2019); `hits` are the rows and columns of the accidental hits.
    """
    return (similarity - log_q).index_put_(hits, similarity.new_tensor(-torch.inf))


def softmax_loss(logits: torch.Tensor, weight: torch.Tensor | None = None, first: int = 0) -> torch.Tensor:
    """Sum over rows of `weight` [n] (1 where there is none) times the negative log softmax of the positive, which
    stands in column `first` + row."""
    own = torch.arange(first, first + len(logits), device=logits.device)
    losses = torch.nn.functional.cross_entropy(logits, own, reduction="none")
    return losses.sum() if weight is None else losses @ weight


def sampled_softmax_loss(
    users: torch.Tensor,
    columns: torch.Tensor,
    log_q: torch.Tensor,
    hits: tuple[torch.Tensor, torch.Tensor],
    weight: torch.Tensor,
    first: int = 0,
) -> torch.Tensor:
    """`softmax_loss(sampled_logits(users @ columns.T, log_q, hits), weight, first)`.

    `users` is [n, D], divided by the temperature, `columns` [C, D]; `hits` are sorted by row. Loss and gradient are
    made block by block of rows, so that the [n, C] logits never stand in memory at once.
    """
    loss: torch.Tensor = _SampledSoftmax.apply(users, columns, log_q, *hits, weight, first)
    return loss


class _SampledSoftmax(torch.autograd.Function):  # type: ignore[misc]  # torch comes without types
    """The gradient of a row's loss to its logits is the softmax less the positive, times the row's weight.

    Three walks over a block take as long as a product with it. Where no number is far from another there is one alone,
    for the exponential: 1 / q, over its highest, is a factor `rarity` of the columns, and the softmax's denominator
    is a product too. Elsewhere the correction and the row's highest logit are taken away first, and `rarity` is 1.
    """

    @staticmethod
    def forward(
        ctx: Any,
        users: torch.Tensor,
        columns: torch.Tensor,
        log_q: torch.Tensor,
        hit_rows: torch.Tensor,
        hit_columns: torch.Tensor,
        weight: torch.Tensor,
        first: int,
    ) -> torch.Tensor:
        count, step = len(users), max(1, _BLOCK // len(columns))
        bounds = [*range(0, count, step), count]
        at = torch.searchsorted(hit_rows, hit_rows.new_tensor(bounds)).tolist()
        mine, transposed = slice(first, first + count), columns.T
        least = log_q.min()
        near = _longest(users) * _longest(columns) <= _NEAR and float(log_q.max() - least) <= _NEAR
        rarity = (least - log_q).exp() if near else torch.ones_like(log_q)
        scaled = columns * rarity[:, None]
        own = (users * columns[mine]).sum(dim=1) - log_q[mine]
        top, total = -least.expand(count).clone(), torch.empty_like(own)
        user_grad, column_grad = torch.empty_like(users), torch.zeros_like(columns)
        space = users.new_empty((min(step, count), len(columns)))
        for block, (low, high) in enumerate(pairwise(bounds)):
            rows = users[low:high]
            odds = torch.mm(rows, transposed, out=space[: high - low])
            masked = slice(at[block], at[block + 1])
            hidden = (hit_rows[masked] - low, hit_columns[masked])
            if not near:
                odds.sub_(log_q).index_put_(hidden, odds.new_tensor(-torch.inf))
                torch.amax(odds, dim=1, out=top[low:high])
                odds.sub_(top[low:high, None]).clamp_min_(_LEAST)
            odds.exp_().index_put_(hidden, odds.new_tensor(0.0))
            torch.mv(odds, rarity, out=total[low:high])
            torch.mm(odds, scaled, out=user_grad[low:high])
            column_grad.addmm_(odds.T, rows * (weight[low:high] / total[low:high])[:, None])
        user_grad.div_(total[:, None]).sub_(columns[mine]).mul_(weight[:, None])
        column_grad.mul_(rarity[:, None])[mine].addcmul_(users, weight[:, None], value=-1)
        ctx.save_for_backward(user_grad, column_grad)
        return (total.log() + top - own) @ weight

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        users, columns = ctx.saved_tensors
        return users * grad, columns * grad, None, None, None, None, None


def _longest(vectors: torch.Tensor) -> float:
    """The greatest length of the rows of `vectors` [N, D]; NaN where one is."""
    return float(vectors.norm(dim=1).amax()) if len(vectors) else 0.0


def positives_in_top(similarity: torch.Tensor, hits: tuple[torch.Tensor, torch.Tensor], k: int) -> torch.Tensor:
    """[n] True where fewer than k columns score above the row's positive; accidental hits do not count.

    NaN is above everything: it shows no positive near the top.
    """
    above = ~(similarity <= similarity.diagonal()[:, None])
    return above.index_put(hits, torch.tensor(False)).sum(dim=1) < k


def action_loss(logits: torch.Tensor, labels: torch.Tensor, rate: float = 1.0) -> torch.Tensor:
    """Binary cross entropy of logits [N, A], summed over what is known and divided by N times the known actions.

    `labels` are 1, 0, a probability, or -1 where it is not known what happened; such an entry adds nothing. Of the rows
    without any action a share `rate` was kept, of the others all: those without this action but with another count
    `rate`, so that for each action the rows without it stand for the same share of the impressions. In float32
    whatever the logits are. With no action known anywhere the loss is 0.
    """
    known = labels >= 0
    other = (labels > 0).any(dim=1, keepdim=True) & (labels == 0)
    losses = torch.nn.functional.binary_cross_entropy_with_logits(
        logits.float(), labels.clamp(min=0).float(), weight=known.float().masked_fill_(other, rate), reduction="sum"
    )
    return losses / (len(labels) * known.any(dim=0).sum()).clamp(min=1)
