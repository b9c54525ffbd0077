"""Merges what several sources brought: each tweet once a request, as the first source's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.batch import Array, Ragged, offsets_of


def merge(brought: Mapping[str, Ragged], requests: int) -> tuple[Ragged, Array]:
    """One list of tweet rows a request, in the order of the sources and of their lists; negative rows are dropped.

    Args:
        brought: what each source brought, by its name, in the order of precedence.
        requests: B.

    Returns:
        [B] lists of N distinct tweet rows in all, and [N] the name (object) of the source that each came from.
    """
    if not brought:
        return Ragged(np.zeros(requests + 1, np.int64), np.empty(0, np.int64)), np.empty(0, object)
    rows = np.concatenate([found.values for found in brought.values()]).astype(np.int64, copy=False)
    owner = np.concatenate([found.owner for found in brought.values()])
    source = np.repeat(np.arange(len(brought)), [len(found.values) for found in brought.values()])
    known = rows >= 0
    if not known.all():
        rows, owner, source = rows[known], owner[known], source[known]
    span = int(rows.max(initial=0)) + 1
    _, first = np.unique(owner * span + rows, return_index=True)
    first.sort()
    if requests > 1:
        first = first[np.argsort(owner[first], kind="stable")]
    offsets = offsets_of(np.bincount(owner[first], minlength=requests))
    return Ragged(offsets, rows[first]), np.array(list(brought), object)[source[first]]
