"""Turns every error into a Problem document (RFC 9457) that names the thing and the remedy, and hides the inside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from data.errors import ConfigError, DataError, ModelError, NotFoundError, RookeryError
from serving.kit.storage import FullError, StorageError

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger("rookery.serving")


class ProblemError(Exception):
    """An answer that is an error. `slug` names the kind for programs, `detail` says to people what to do."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        """`extensions` become members of the document."""
        self.status = status
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions
        super().__init__(detail)


def not_found(kind: str, one: int | str) -> ProblemError:
    """There is no such user or tweet."""
    return ProblemError(404, "not-found", f"there is no {kind} {one}", resource_type=kind, resource_id=str(one))


def document(request: Request, status: int, slug: str, detail: str, extensions: Mapping[str, Any]) -> Response:
    """A Problem document as a response."""
    body = {
        "type": f"urn:rookery:problem:{slug}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **extensions,
    }
    if "request_id" in request.scope:
        body["request_id"] = request.scope["request_id"]
    return Response(msgspec.json.encode(body), status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes `app` answer every error with a Problem document."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RookeryError, _on_rookery)
    app.add_exception_handler(StorageError, _on_storage)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    response = document(request, error.status, error.slug, error.detail, error.extensions)
    response.headers.update(error.headers)
    return response


async def _on_rookery(request: Request, error: Exception) -> Response:
    assert isinstance(error, RookeryError)
    status, slug = _KINDS.get(type(error), (400, "bad-request"))
    if status >= 500:
        log.error("request %s: %s", request.scope.get("request_id", "-"), error)
        return document(request, status, slug, "the server's model or data are at fault; its log says how", {})
    return document(request, status, slug, str(error), {})


async def _on_storage(request: Request, error: Exception) -> Response:
    """The database says in the log why, once."""
    assert isinstance(error, StorageError)
    status = 507 if isinstance(error, FullError) else 503
    detail = f"the server cannot write: {error.reason}. Nothing was changed; try again later"
    response = document(request, status, "storage", detail, {})
    response.headers["Retry-After"] = str(_STORAGE_RETRY_S)
    return response


_STORAGE_RETRY_S = 10

_KINDS: dict[type[RookeryError], tuple[int, str]] = {
    NotFoundError: (404, "not-found"),
    # A caller can cause neither: they come from the files that the operator gave the server.
    ModelError: (500, "model"),
    DataError: (500, "data"),
    ConfigError: (500, "config"),
}


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"where": ".".join(str(part) for part in one["loc"]), "message": str(one["msg"])} for one in error.errors()
    ]
    first = errors[0] if errors else {"where": "request", "message": "cannot be read"}
    return document(request, 400, "invalid", f"{first['where']}: {first['message']}", {"errors": errors})


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    slug = {404: "no-route", 405: "method-not-allowed", 413: "too-long"}.get(error.status_code, "http")
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"no route {request.method} {request.url.path}; the routes stand in /docs"
    if error.status_code == 405:
        detail = f"{request.url.path} does not take {request.method}; the routes stand in /docs"
    response = document(request, error.status_code, slug, detail, {})
    response.headers.update(error.headers or {})
    return response


def on_failure(request: Request, error: Exception) -> Response:
    """The answer for an error that nothing foresaw; its inside goes to the log alone."""
    log.error("request %s failed", request.scope.get("request_id", "-"), exc_info=error)
    return document(request, 500, "internal", "the server failed; its log has the cause under this request id", {})
