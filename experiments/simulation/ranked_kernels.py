"""The kernel of ranked feeds: the candidates of each request, by the logging policy's own records and rules."""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from data.kernel import kernel, parallel_kernel
from data.rng import philox, unit
from experiments.simulation.logging_kernels import EXPLORE, FOLLOWING, POPULAR, collect, first_from, forbid

SOURCE_BITS = 2
"""A candidate is kept as its tweet row shifted left by so many bits, plus its source."""


@kernel
def _explore(log, around, buffers, d, since_us, want, request, serial, key, n, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends to `out` at most `want` tweets drawn evenly, by the request's id, from those posted since `since_us`."""
    stamp, mark = buffers.stamp[d], buffers.mark[d]
    low = first_from(log.tweets, around, since_us)
    young = len(around) - low
    for block in range((want + 3) // 4 if young else 0):
        words = philox(np.uint64(block), np.uint64(request), np.uint64(0), np.uint64(0), key[0], key[1])
        for j in range(min(4, want - 4 * block)):
            t = around[low + int(unit(words[j]) * young)]
            if stamp[t] != serial and mark[t] != serial:
                mark[t] = serial
                out[n] = (t << SOURCE_BITS) + EXPLORE
                n += 1
    return n


@kernel
def _gather(log, around, hot, hot_weight, policy, buffers, d, u, request, now, young_us, want, serial, key, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `out` with one request's candidates, the newest tweet first; returns how many."""
    latest = now - policy.indexing_us
    forbid(log, buffers.stamp[d], buffers.banned[d], u, policy, latest, serial)
    around = around[: first_from(log.tweets, around, latest + 1)]
    n = collect(log, hot, hot_weight, policy, buffers, d, u, now, serial)
    for j in range(n):
        source = FOLLOWING if buffers.weights[d, 0, j] > 0.0 else POPULAR
        out[j] = (np.int64(buffers.rows[d, j]) << SOURCE_BITS) + source
    n = _explore(log, around, buffers, d, now - young_us, want, request, serial, key, n, out)
    out[:n] = -np.sort(-out[:n])
    return n


@parallel_kernel
def candidates(log, lists, batch, policy, buffers, young_us, first_serial, key, out, count):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills [B, C] candidates and [B] how many there are; `batch.want` is how many to explore."""
    for b in prange(len(batch.user)):
        one = log.users[batch.user[b]].language
        around = lists.alive[lists.alive_at[one] : lists.alive_at[one + 1]]
        hot = lists.popular[lists.popular_at[one] : lists.popular_at[one + 1]]
        hot_weight = lists.popular_weight[lists.popular_at[one] : lists.popular_at[one + 1]]
        count[b] = _gather(
            log, around, hot, hot_weight, policy, buffers, get_thread_id(), batch.user[b], batch.request_id[b],
            batch.time_us[b], young_us, batch.want[b], first_serial + b, key, out[b],
        )  # fmt: skip
