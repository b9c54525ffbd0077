"""Softmax over a sample, corrected for how the sample was drawn."""

from __future__ import annotations

import torch


def sampled_logits(
    similarity: torch.Tensor, log_q: torch.Tensor, hits: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """[n, n + G] logits: similarity - log_q, and -inf where a column is no negative of its row.

    `similarity` is [n, n + G], cosine over temperature, with each row's positive on the diagonal; `log_q` [n + G] is
    the log of each column's expected number of appearances in a sample (Bengio and Senecal 2008; Yi et al., RecSys
    2019); `hits` are the rows and columns of the accidental hits.
    """
    return (similarity - log_q).index_put_(hits, similarity.new_tensor(-torch.inf))


def softmax_loss(logits: torch.Tensor) -> torch.Tensor:
    """Mean over rows of the negative log softmax of the diagonal."""
    return torch.nn.functional.cross_entropy(logits, torch.arange(len(logits)))


def positives_in_top(similarity: torch.Tensor, hits: tuple[torch.Tensor, torch.Tensor], k: int) -> torch.Tensor:
    """[n] True where fewer than k columns score above the row's positive; accidental hits do not count."""
    above = similarity > similarity.diagonal()[:, None]
    return above.index_put(hits, torch.tensor(False)).sum(dim=1) < k
