"""The one place that says how Numba compiles our loops. Machine code is kept on disk: see
`data.kernel_cache`.

Three decorators, chosen by what calls the function and how:

- `kernel` for a loop over arrays that one thread runs. It releases the interpreter's lock.
- `inline_kernel` for a few lines that other kernels call for every element: they are copied into the caller.
- `parallel_kernel` for a loop over `numba.prange` that all of Numba's threads share. It keeps the interpreter's lock,
  because Numba's default thread pool must not be entered by two callers at the same time. Inside the loop, write only
  to arrays that are arguments themselves: Numba drops writes to arrays that are read from a named tuple.

`sum_kernel` is a `kernel` whose sums may be taken in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

from data.kernel_cache import keep_compiled

keep_compiled()

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a loop for one thread."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
    return compiled


def inline_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a function that is copied into every kernel that calls it."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, inline="always")(function)
    return compiled


def parallel_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a loop over `numba.prange` for all of Numba's threads."""
    compiled: Callable[P, R] = numba.njit(cache=True, parallel=True)(function)
    return compiled


def sum_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a `kernel` whose float32 sums may be taken four or eight terms at a time."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})(function)
    return compiled
