"""Which readers get a tweet when it is posted, and which fetch it when they read: policies as masks over edges."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from data.batch import I64, Array, Mask

MODES: tuple[str, ...] = ("push", "hybrid", "pull")
"""What happens to a tweet; its code is the place in this tuple. Of a hybrid one each edge is decided alone."""
PUSH, HYBRID, PULL = range(len(MODES))


@dataclass(frozen=True, slots=True)
class Edges:
    """[T] tweets and their [E] edges from author to reader, those of tweet t at `offsets[t]:offsets[t + 1]`.

    `columns` has the columns that the policy reads (`serving.fanout.edges`), each [E].
    """

    offsets: I64
    columns: Mapping[str, Array]


class FanoutPolicy(BaseModel, ABC):
    """Decides what is pushed. Its fields are its settings; whatever it remembers is a column of the edges.

    What `push` leaves is pulled, so that a policy changes who works and when, and not what readers find.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    reads: ClassVar[tuple[str, ...]] = ()
    """Columns of edges that it reads."""

    def mode(self, followers: I64) -> I64:
        """[T] code in `MODES` for tweets of authors with so many followers. By default every edge is asked for."""
        return np.full(len(followers), HYBRID, np.int64)

    @abstractmethod
    def push(self, edges: Edges) -> Mask:
        """[E] written to the reader's list when the tweet is posted; asked for edges of hybrid tweets alone."""

    def lost(self, edges: Edges) -> Mask | None:
        """[E] what is not pulled either where it is not pushed: the reader never finds it. None: nothing."""
        return None
