"""Slow clients: a request must have arrived, headers and body, within a stated time, or its connection is closed."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class TimedRequests(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with a clock that runs from a request's first byte (of a new connection: from its
    beginning) to its last, however slowly bytes trickle in."""

    limit_s: ClassVar[float]
    _arriving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Bytes came: of a request, even where the parser sees none begin yet."""
        self._expect()
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins; another may have ended in the same bytes."""
        super().on_message_begin()
        self._expect()

    def on_message_complete(self) -> None:
        """The request is here."""
        super().on_message_complete()
        self._expect_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._expect_nothing()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: a request that has not arrived yet is dropped."""
        if self._half_sent():
            self.transport.close()
        else:
            super().shutdown()

    def _half_sent(self) -> bool:
        """Whether this connection waits for nothing but the rest of a request."""
        return self._arriving is not None and (
            self.cycle is None or self.cycle.response_complete or self.cycle.more_body
        )

    def _expect(self) -> None:
        if self._arriving is None:
            self._arriving = self.loop.call_later(self.limit_s, self._too_slow)

    def _expect_nothing(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _too_slow(self) -> None:
        if self.transport.is_closing():
            return
        if not self._half_sent():
            # An earlier request is still being answered: the connection ends with that answer.
            self.cycle.keep_alive = False
            self._arriving = None
            return
        answered = self.cycle is not None and self.cycle.response_started and self.cycle.more_body
        if not answered:
            self.transport.write(_refusal(self.limit_s))
        self.transport.close()


def timed_requests(limit_s: float) -> type[TimedRequests]:
    """The protocol with a limit of `limit_s` seconds."""

    class Timed(TimedRequests):
        pass

    Timed.limit_s = limit_s
    return Timed


def _refusal(limit_s: float) -> bytes:
    problem = {
        "type": "urn:rookery:problem:slow-request",
        "title": "Request Timeout",
        "status": 408,
        "detail": f"the request did not arrive within {limit_s:g} seconds; send it at once",
    }
    body = msgspec.json.encode(problem)
    head = (
        "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
