"""The hash of the tables with open addressing: ids to rows, and pairs of rows to numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.kernel import inline_kernel


@inline_kernel
def first_slot(key: Any, slots: Any) -> Any:
    """The slot at which the search for an int64 key begins, of `slots`, a power of two."""
    mixed = np.uint64(key)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return np.int64(mixed & np.uint64(slots - 1))
