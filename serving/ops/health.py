"""Ready or not: red while the state is loading, and when a consumer has stopped following the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serving.network import Network


@dataclass(frozen=True)
class Readiness:
    """Whether the network can serve, and what it says of itself."""

    ready: bool
    body: dict[str, Any]


def readiness(network: Network) -> Readiness:
    """Asks every part that may stand still."""
    if network.fault:
        return Readiness(False, {"status": "failed", "detail": f"{network.fault}; the server's log says why"})
    if not network.ready:
        return Readiness(False, {"status": "loading", "detail": "the network's state is being built"})
    groups = network.consumer_health()
    halted = [one.group for one in groups if one.halted]
    body: dict[str, Any] = {
        "status": "halted" if halted else "ready",
        "model": network.model_card(),
        "dead_letters": network.dead_letters(),
        "consumers": [
            {"group": one.group, "offset": one.offset, "lag": one.lag, "dead_letters": one.dead, "halted": one.halted}
            for one in groups
        ],
    }
    if halted:
        body["detail"] = f"consumer {halted[0]} fails on every event; the server's log says why. Mend it and restart"
    return Readiness(not halted, body)
