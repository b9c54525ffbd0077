"""What the network reports of itself: its model, its consumers, and its figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from serving.context import Context
from serving.events.runner import GroupHealth
from serving.loading import recorded
from serving.model import ServedModel


def model_card(model: ServedModel) -> dict[str, str]:
    """Name and version of the model that ranks."""
    return {"name": model.name, "version": model.version or "untrained"}


def consumer_health(context: Context) -> list[GroupHealth]:
    """How far each consumer is, and what failed."""
    return context.runner.health()


def dead_letters(context: Context) -> int:
    """Events that were set aside, of all consumers together."""
    return sum(context.letters.counts().values())


def stats(context: Context) -> dict[str, Any]:
    """What the network holds and did: model, data set, counts, fan-out by mode, timeline reads, and the log's end.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    context.check_ready()
    return context.call(_stats, context)


def _stats(context: Context) -> dict[str, Any]:
    archive, parts = recorded(context.database), context.projections
    fanout, reads = parts.fanout.stats, parts.timelines.stats
    return {
        "model": model_card(context.model),
        "data": None if archive is None else {"name": archive.name, "content_hash": archive.content_hash},
        "users": len(parts.state.network.users),
        "tweets": len(parts.state.network.tweets),
        "vectors": len(parts.vectors),
        "fanout": {
            "tweets": dict(fanout.tweets),
            "deliveries": dict(fanout.deliveries),
            "left_to_pull": dict(fanout.edges_left),
            "away": dict(fanout.edges_away),
            "lost": dict(fanout.edges_lost),
        },
        "timelines": asdict(reads),
        "events": context.log.end(),
    }
