"""Alive, ready, and the figures: open to all who reach the server, but for what the network holds."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from serving.auth.access import reader
from serving.context import AnyNet, Net
from serving.kit.answers import answer
from serving.ops import service
from serving.ops.health import readiness

router = APIRouter(tags=["ops"])


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@router.get("/readyz")
def readyz(network: AnyNet) -> Response:
    """The network can serve: 503 while it loads, or when a consumer is halted."""
    report = readiness(network)
    return answer(report.body, 200 if report.ready else 503)


@router.get("/metrics")
def metrics(network: AnyNet) -> Response:
    """Figures in Prometheus' text format."""
    return Response(network.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/v1/network", dependencies=[Depends(reader)])
def network_figures(network: Net) -> Response:
    """What the network holds and did: model, data set, tweets and deliveries by fan-out mode, timeline reads."""
    return answer({"data": service.stats(network)})
