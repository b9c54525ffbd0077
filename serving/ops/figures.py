"""What the network holds and did, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.loading import Archive
from serving.projections import Projections


def figures(parts: Projections, model: Mapping[str, str], archive: Archive | None, events: int) -> dict[str, Any]:
    """The model's card, the archive, what the state holds, fan-out by mode, timeline reads, and the log's end."""
    fanout, reads = parts.fanout.stats, parts.timelines.stats
    return {
        "model": model,
        "data": None if archive is None else {"name": archive.name, "content_hash": archive.content_hash},
        "users": len(parts.state.network.users),
        "tweets": len(parts.state.network.tweets),
        "vectors": 0 if parts.vectors is None else len(parts.vectors),
        "fanout": {
            "tweets": dict(fanout.tweets),
            "deliveries": dict(fanout.deliveries),
            "left_to_pull": dict(fanout.edges_left),
        },
        "timelines": {"reads": reads.reads, "pushed": reads.pushed, "pulled": reads.pulled},
        "events": events,
    }
