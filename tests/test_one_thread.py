"""A test process computes on one thread, whatever its environment says, so that one process a core runs tests."""

from __future__ import annotations

import numba
import polars
import torch
from threadpoolctl import threadpool_info


def test_every_library_computes_on_one_thread() -> None:
    pools = {pool["prefix"]: pool["num_threads"] for pool in threadpool_info()}
    pools |= {"polars": polars.thread_pool_size(), "torch": torch.get_num_threads(), "numba": numba.get_num_threads()}
    assert len(pools) > 4
    assert set(pools.values()) == {1}, pools
