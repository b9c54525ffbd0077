"""The running network as routes see it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from serving.network import Network, loading


def of_app(request: Request) -> Network:
    """The network of the app, ready or not."""
    network: Network = request.app.state.network
    return network


def ready_network(request: Request) -> Network:
    """The network of the app.

    Raises:
        ProblemError: 503 while its state is being built for the first time.
    """
    network = of_app(request)
    if not network.open:
        raise loading()
    return network


Net = Annotated[Network, Depends(ready_network)]


AnyNet = Annotated[Network, Depends(of_app)]
