"""Ports for servers in processes of their own."""

from __future__ import annotations

import socket


def held_port() -> socket.socket:
    """A socket at a port of its own, where a server that reuses addresses may listen as long as it is open.

    Until the server is up, and while it starts again, Linux gives the port to nobody else.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held
