"""The one place that says how Numba compiles our loops: cached on disk, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compiles a loop over arrays the first time it is called and keeps the machine code beside the source."""
    compiled: F = numba.njit(cache=True, nogil=True)(function)
    return compiled


def sums(function: F) -> F:
    """A kernel whose sums may be taken in any order, four or eight at a time: for dot products of float32."""
    compiled: F = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})(function)
    return compiled
