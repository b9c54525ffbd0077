"""A browser without JavaScript: it keeps cookies, reads the form of a page and submits it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx


class _Form(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.action, self.method = "", ""
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.method = given["action"], given["method"]
        if tag == "input":
            self.fields[given["name"]] = given.get("value", "")


class Browser:
    """Pages of one server, one after another; it follows redirects within the server alone."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.response: httpx.Response

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def form(self) -> _Form:
        return _Form(self.text)

    @property
    def sent_to(self) -> str:
        """The URI elsewhere that the server sent the browser to."""
        assert self.response.status_code == 303, self.text
        return self.response.headers["location"]

    @property
    def answer(self) -> dict[str, str]:
        """What the app is told there."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.sent_to).query).items()}

    def open(self, url: str, **query: str) -> Self:
        self.response = self.client.get(url, params=query or None, follow_redirects=False)
        return self._follow()

    def submit(self, **fields: str) -> Self:
        form = self.form
        assert form.method == "post", self.text
        self.response = self.client.post(form.action, data=form.fields | fields, follow_redirects=False)
        return self._follow()

    def _follow(self) -> Self:
        while self.response.is_redirect and self.response.headers["location"].startswith("/"):
            self.response = self.client.get(self.response.headers["location"], follow_redirects=False)
        return self


def cookie(response: httpx.Response) -> dict[str, Any]:
    """The attributes of the cookie that an answer sets."""
    first, *rest = response.headers["set-cookie"].split("; ")
    pairs = dict(part.partition("=")[::2] for part in rest)
    return {"name": first.partition("=")[0], **pairs}
