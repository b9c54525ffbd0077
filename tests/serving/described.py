"""A client that holds every answer to the description of the API."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from starlette.routing import Match, Route
from starlette.testclient import TestClient


class DescribedClient(TestClient):
    """Fails where a status is not declared for the route, or a body does not have the declared shape."""

    def __init__(self, app: FastAPI, **options: Any) -> None:
        super().__init__(app, **options)
        self.described: dict[str, Any] = app.openapi()
        self._shapes: dict[tuple[str, str, str, str], Draft202012Validator] = {}
        self._routes = [Route(path, lambda: None, methods=["GET"]) for path in self.described["paths"]]

    def request(self, method: str, url: Any, **options: Any) -> httpx.Response:  # type: ignore[override]
        response = super().request(method, url, **options)
        self._check(self._path(response.request.url.path), method.lower(), response)
        return response

    def _path(self, path: str) -> str | None:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        # As Starlette: the first that matches; the router has the same order.
        return next((route.path for route in self._routes if route.matches(scope)[0] is Match.FULL), None)

    def _check(self, path: str | None, method: str, response: httpx.Response) -> None:
        about = self.described["paths"].get(path, {}).get(method)
        if path is None or about is None:
            return
        status = str(response.status_code)
        where = f"{method} {path} answered {status}"
        assert status in about["responses"], f"{where}, which is not declared"
        kind = response.headers["content-type"].partition(";")[0]
        if kind == "application/msgpack":
            return
        declared = about["responses"][status].get("content", {})
        assert kind in declared, f"{where} with {kind}, which is not declared"
        if "json" not in kind:
            return
        key = path, method, status, kind
        if key not in self._shapes:
            schema = {"components": self.described["components"], **declared[kind]["schema"]}
            self._shapes[key] = Draft202012Validator(schema)
        found = self._shapes[key].iter_errors(response.json())
        faults = [f"{error.json_path}: {error.message}" for error in found]
        assert not faults, f"{where}: {faults}"
