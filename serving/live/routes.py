"""`/v1/live`, a WebSocket: what concerns the token's user, as it happens.

The server sends JSON objects with `id`, `type` and `data`, the first of type `open`; what a client sends is not read.
A client that comes back with `last_id`, the `id` of the last message it has, gets all that came after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from serving.auth.callers import Callers
from serving.auth.tokens import TokenError
from serving.context import Context
from serving.kit.problems import MEDIA_TYPE, ProblemError
from serving.live import service
from serving.users import service as users
from serving.users.store import UserRow

log = logging.getLogger("rookery.serving")

PATH = "/v1/live"

SCOPES = ("tweet.read", "users.read")
"""What a token must allow."""

SLOW, EXPIRED, STOPPING, FAILED = 4008, 4401, 1001, 1011
"""Codes with which the server closes: the client was too far behind; its token has expired; it stops, or failed."""

_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,9})")


async def live(websocket: WebSocket) -> None:
    """Sends what concerns the token's user until either side ends it."""
    context: Context = websocket.app.state.context
    try:
        (user_id, expires_s), after = await _caller(websocket), _after(websocket)
        user = await run_in_threadpool(users.by_id, context, user_id)
        open_as = f"live {user.user_id}"
        if context.streams[open_as] >= context.settings.streams.per_app:
            raise ProblemError(429, "too-many-streams", f"user {user.user_id} has as many connections as are allowed")
    except ProblemError as error:
        body = {"type": f"urn:rookery:problem:{error.slug}", "status": error.status, "detail": error.detail}
        await websocket.send_denial_response(
            Response(msgspec.json.encode(body), error.status, error.headers, media_type=MEDIA_TYPE)
        )
        return
    context.streams[open_as] += 1
    try:
        await websocket.accept()
        sending = asyncio.create_task(_send_or_close(websocket, context, user, after, expires_s))
        try:
            # Nothing is expected from the client but its end, which also follows the server's.
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
    finally:
        context.streams[open_as] -= 1


async def _send_or_close(
    websocket: WebSocket, context: Context, user: UserRow, after: tuple[int, int] | None, expires_s: int
) -> None:
    """`_send`, whose failure ends the connection: one that only fell silent would look as if nothing happened."""
    try:
        await _send(websocket, context, user, after, expires_s)
    except WebSocketDisconnect:
        pass
    except Exception:
        log.exception("what concerns user %d cannot be told", user.user_id)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await _close(websocket, FAILED, "the server failed; connect again with last_id")


async def _caller(websocket: WebSocket) -> tuple[int, int]:
    """The user, and when the token is over."""
    callers: Callers = websocket.app.state.callers
    context: Context = websocket.app.state.context
    context.check_ready()
    try:
        claims = await callers.identify(websocket.scope)
    except TokenError as error:
        raise ProblemError(401, "unauthorized", str(error), headers={"WWW-Authenticate": "Bearer"}) from error
    lacking = [one for one in SCOPES if one not in claims.scopes]
    if claims.user_id is None or lacking:
        why = f"lacks the scope {lacking[0]!r}" if lacking else "has no user"
        raise ProblemError(403, "no-scope", f"the token {why}; get one: rookery token --user ID")
    return claims.user_id, claims.expires_s


def _after(websocket: WebSocket) -> tuple[int, int] | None:
    """Offset and place of the last message that the client has; None where it begins."""
    given = websocket.query_params
    unknown = sorted(set(given) - {"last_id"})
    if unknown:
        raise ProblemError(400, "invalid", f"the parameter [{unknown[0]}] is not known; {PATH} takes last_id")
    text = given.get("last_id")
    if text is None:
        return None
    found = _ID.fullmatch(text)
    if found is None:
        raise ProblemError(400, "invalid", f"last_id {text[:32]!r} is not the id of a message")
    return int(found[1]), int(found[2])


async def _send(
    websocket: WebSocket, context: Context, user: UserRow, after: tuple[int, int] | None, expires_s: int
) -> None:
    config, had = context.settings.streams, after or (await run_in_threadpool(context.log.end), 0)
    # The entry of the last message may hold further ones.
    offset = had[0] if after is None else had[0] - 1
    await websocket.send_json({"id": f"{had[0]}-{had[1]}", "type": "open", "data": {"user_id": str(user.user_id)}})
    while not context.stopping:
        if context.tokens.now_s() >= expires_s:
            await _close(websocket, EXPIRED, "the token has expired; connect again with another")
            return
        late = await run_in_threadpool(service.behind, context, offset)
        if late > config.max_lag:
            reason = f"{late:,} events behind, over {config.max_lag:,}: read the timeline, and begin anew"
            await _close(websocket, SLOW, reason)
            return
        found, last = await run_in_threadpool(service.entries, context, offset)
        sent: list[dict[str, Any]] | None = None
        # While the state is built anew the same events are looked at again.
        with contextlib.suppress(ProblemError):
            sent = await context.ask(service.messages, context, user, found, last) if found else []
        if sent is not None:
            for one in sent:
                if after is None or _place(one["id"]) > after:
                    await websocket.send_text(msgspec.json.encode(one).decode())
            offset = last
        if sent is None or late < service.READ:
            await asyncio.sleep(config.poll_ms / 1000)
    await _close(websocket, STOPPING, "the server stops; connect again with last_id")


def _place(message_id: str) -> tuple[int, int]:
    offset, _, at = message_id.partition("-")
    return int(offset), int(at)


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    if websocket.application_state is websocket.client_state is WebSocketState.CONNECTED:
        await websocket.close(code, reason)
