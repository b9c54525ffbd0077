"""Turns every error into a Problem document (RFC 9457) in the shape of API v2.

It names the thing, the value and the remedy, and hides the inside.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

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


def not_found(kind: str, one: int | str, parameter: str = "id") -> ProblemError:
    """There is no such user or tweet."""
    return ProblemError(
        404, "not-found", f"there is no {kind} {one}",
        value=str(one), parameter=parameter, resource_type=kind, resource_id=str(one),
    )  # fmt: skip


def invalid_parameter(name: str, value: str, message: str) -> ProblemError:
    """A parameter has a value that is not taken; `message` names both."""
    return ProblemError(400, "invalid", message, errors=[{"message": message, "parameters": {name: [value]}}])


def missing(kind: str, one: int | str, parameter: str) -> dict[str, str]:
    """Says in `errors` of an answer that what `parameter` names is not there."""
    return {
        "type": kind_uri("not-found"),
        "title": "Not Found Error",
        "detail": f"Could not find {kind} with {parameter}: [{one}].",
        "value": str(one),
        "parameter": parameter,
        "resource_type": kind,
        "resource_id": str(one),
    }


def kind_uri(slug: str) -> str:
    """The `type` of a kind of problem: the platform's where it has such a kind, else one of our own."""
    return _PLATFORM[slug][0] if slug in _PLATFORM else f"urn:rookery:problem:{slug}"


_PLATFORM = {
    "invalid": ("https://api.twitter.com/2/problems/invalid-request", "Invalid Request"),
    "not-found": ("https://api.twitter.com/2/problems/resource-not-found", "Not Found Error"),
}
"""`type` and `title` of the kinds that the platform has, too."""


def document(request: Request, status: int, slug: str, detail: str, extensions: Mapping[str, Any]) -> Response:
    """A Problem document as a response."""
    body = {
        "type": kind_uri(slug),
        "title": _PLATFORM[slug][1] if slug in _PLATFORM else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **extensions,
    }
    if "request_id" in request.scope:
        body["request_id"] = request.scope["request_id"]
    return Response(msgspec.json.encode(body), status, media_type=MEDIA_TYPE)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Makes `app`, whose paths are those of `routes`, answer every error with a Problem document."""
    app.state.routes = routes
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
    errors = [_said(one, request) for one in error.errors()]
    detail = errors[0]["message"] if errors else "the request cannot be read"
    return document(request, 400, "invalid", detail, {"errors": errors})


def _said(error: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """One error of validation as the platform says it: a message, and the parameters that it is about."""
    place, *rest = (str(part) for part in error["loc"])
    why = str(error["msg"]).removeprefix("Value error, ")
    name = ".".join(rest)
    if place == "body":
        return {"message": f"$.{name}: {why}" if name else f"$: {why}", "parameters": {}}
    if error["type"] == "missing":
        return {"message": f"The `{name}` {place} parameter is missing", "parameters": {name: []}}
    value = str(error["input"])[:64]
    if error["type"] == "extra_forbidden":
        taken = "/docs lists those of every route"
        message = f"The {place} parameter [{name}] is not one that {request.method} {request.url.path} takes; {taken}"
    else:
        message = f"The `{name}` {place} parameter value [{value}] is not taken: {why}"
    return {"message": message, "parameters": {name: [value]}}


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
    if error.status_code == 405:
        response.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    """The methods of all routes at the path: Starlette names those of the first alone."""
    routes = [one for one in request.app.state.routes if isinstance(one, Route)]
    return {name for one in routes if one.matches(request.scope)[0] is not Match.NONE for name in one.methods or ()}


def on_failure(request: Request, error: Exception) -> Response:
    """The answer for an error that nothing foresaw; its inside goes to the log alone."""
    log.error("request %s failed", request.scope.get("request_id", "-"), exc_info=error)
    return document(request, 500, "internal", "the server failed; its log has the cause under this request id", {})
