"""Alive, ready, and the figures: open to all who reach the server, but for what the network holds."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import PlainTextResponse, Response

from serving.auth.access import reader
from serving.context import AnyNet, Net
from serving.kit.answers import answer
from serving.kit.parameters import NO_PARAMETERS
from serving.ops import service
from serving.ops.health import readiness
from serving.ops.schemas import Alive, NetworkAnswer, ReadyAnswer

router = APIRouter(tags=["ops"], dependencies=[NO_PARAMETERS])


@router.get("/healthz", response_model=Alive)
async def healthz() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@router.get("/readyz", response_model=ReadyAnswer, responses={503: {"model": ReadyAnswer, "description": "Not ready."}})
def readyz(network: AnyNet) -> Response:
    """The network can serve: 503 while it loads, or when a consumer is halted."""
    report = readiness(network)
    return answer(report.body, 200 if report.ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(network: AnyNet) -> Response:
    """Figures in Prometheus' text format."""
    return Response(network.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/v1/network", response_model=NetworkAnswer, dependencies=[Depends(reader)])
def network_figures(network: Net) -> Response:
    """What the network holds and did: model, data set, tweets and deliveries by fan-out mode, timeline reads."""
    return answer({"data": service.stats(network)})
