"""Ready or not: red while the state is loading, when nothing can be written, and when a consumer has stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from serving.context import Context
from serving.ops.service import consumer_health, dead_letters, model_card


@dataclass(frozen=True)
class Readiness:
    """Whether the network can serve, and the body that says so."""

    ready: bool
    body: dict[str, Any]


def readiness(context: Context) -> Readiness:
    """Checks the disk, the state, the log and every consumer."""
    if storage := context.database.fault:
        detail = f"nothing can be written: {storage.reason}. What needs no write is answered; it heals by itself"
        return Readiness(False, {"status": "storage", "detail": detail})
    if fault := context.fault():
        return Readiness(False, {"status": "failed", "detail": f"{fault}; the server's log says why"})
    if not context.ready:
        step = context.progress.step
        detail = "the network's state is being built"
        return Readiness(False, {"status": "loading", "percent": step.percent, "doing": step.doing, "detail": detail})
    groups = consumer_health(context)
    halted = [one.group for one in groups if one.halted]
    body: dict[str, Any] = {
        "status": "halted" if halted else "ready",
        "model": model_card(context.model),
        "dead_letters": dead_letters(context),
        "consumers": [
            {"group": one.group, "offset": one.offset, "lag": one.lag, "dead_letters": one.dead, "halted": one.halted}
            for one in groups
        ],
    }
    if halted:
        body["detail"] = f"consumer {halted[0]} fails on every event; the server's log says why. Mend it and restart"
    return Readiness(not halted, body)
