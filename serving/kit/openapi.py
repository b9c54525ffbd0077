"""The description of the API, and its page, which is served from installed files alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from serving.kit.parameters import NO_PARAMETERS
from serving.kit.problems import MEDIA_TYPE, not_found

DESCRIPTION = """\
Routes under `/2` have the shapes of X's API v2. Get a token (`rookery token --user ID`), give it to **Authorize**
above, or send it as `Authorization: Bearer TOKEN`.
"""

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
"""A browser takes nothing from elsewhere, whatever the page says."""


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    type: str
    """The kind, for programs."""
    title: str
    """The kind, for people."""
    status: int
    """The HTTP status."""
    detail: str
    """What is wrong, and what to do."""
    instance: str
    """The path that was asked."""
    request_id: str
    """Also in the server's log."""


Security = list[dict[str, list[str]]]
"""Ways to be allowed a route: of each, names of security schemes and the scopes that it needs."""


@dataclass(frozen=True)
class Rules:
    """What an app knows of its routes and FastAPI does not."""

    is_limited: Callable[[str, str], bool]
    """Of a method and a path: requests are counted, so that the route may answer 429."""
    security: Callable[[str, str], Security]
    """Of a method and a path: the ways to be allowed the route."""
    schemes: Mapping[str, Any]
    """The security schemes by name."""


class App(FastAPI):
    """A FastAPI app whose description has every error and every scope of every route."""

    def __init__(self, *, rules: Rules, **options: Any) -> None:
        """Describes its routes by `rules`, too."""
        super().__init__(**options)
        self._rules = rules

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            _complete(super().openapi(), self._rules)
        schema: dict[str, Any] = super().openapi()
        return schema


def problem(status: int, when: str) -> dict[int | str, dict[str, Any]]:
    """Declares an error of a route beside those that every route may have."""
    return {
        status: {"description": when, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    }


NOT_FOUND = problem(404, "What the path or the body names is not there.")


router = APIRouter(include_in_schema=False, dependencies=[NO_PARAMETERS])
# FastAPI keeps every endpoint in caches of the process: one that closes over an app would keep its network, too.


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The page."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=request.app.title,
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon-32x32.png",
        swagger_ui_parameters={"persistAuthorization": True},
    )
    page.headers["Content-Security-Policy"] = _POLICY
    return page


@router.get("/docs/{name}")
def asset(name: str) -> Response:
    """A file that the page loads."""
    if name not in _ASSETS:
        raise not_found("file", name, "name")
    content = files("fastapi_swagger.resources").joinpath(name).read_bytes()
    return Response(content, media_type=_ASSETS[name], headers={"Cache-Control": "max-age=86400"})


def _complete(schema: dict[str, Any], rules: Rules) -> None:
    """Adds what FastAPI cannot know: who may call, the errors that any route may answer, that a query has no null."""
    schema["components"]["securitySchemes"] = dict(rules.schemes)
    components = schema["components"]["schemas"]
    components["Problem"] = Problem.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            answers.pop("422", None)
            common = problem(400, "A parameter or the body is not taken.") | problem(500, "The server failed.")
            if "security" in operation:
                operation["security"] = rules.security(method.upper(), path)
                common |= problem(401, "There is no valid token.") | problem(503, "The network is loading.")
                common |= problem(403, "The token does not allow it.")
            if rules.is_limited(method.upper(), path):
                common |= problem(429, "The caller used up its requests to the route.")
            if method != "get":
                common |= problem(507, "The disk is full.")
            if "requestBody" in operation:
                common |= problem(413, "The body is too long.")
            for status, answer in common.items():
                answers.setdefault(str(status), answer)
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | kinds[0]
