"""Which served impressions are kept in the event log, and which only pass through it.

The log holds each impression until a checkpoint has its effect, and for some hours, so that what counts as seen or
served is exact. Requests of the sample are kept for good, with scores, sources and propensities. Of the others only
what the state needs is written, and that is dropped behind the checkpoints (`serving.events.compaction`).
"""

from __future__ import annotations

import zlib

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.events import EventBatch

TABLES = frozenset({"requests", "impressions"})
"""Tables whose rows belong to a request."""


class ImpressionConfig(BaseModel):
    """What is kept of served impressions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    sample: float = Field(0.1, ge=0, le=1)
    """Share of requests, by a hash of their ids, whose impressions are kept for good and in full."""
    keep_h: float = Field(48.0, ge=0)
    """Hours for which those of the other requests are kept at least; what was shown within 48 counts as seen."""


def in_sample(request_id: int, sample: float) -> bool:
    """Whether a request is of the sample; one of a smaller sample is of each larger one, too."""
    return zlib.crc32(request_id.to_bytes(8, "little")) < sample * (1 << 32)


def thinned(events: EventBatch) -> EventBatch:
    """Impressions without what the state does not need: the source is "", the score 0, the propensity unknown."""
    if events.table != "impressions":
        return events
    size = len(events)
    return EventBatch(events.table, {
        **events.columns, "source": np.full(size, "", object), "score": np.zeros(size, np.float32),
        "propensity": np.full(size, np.nan),
    })  # fmt: skip
