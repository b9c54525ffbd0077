"""The pages that people see: plain HTML, one style sheet, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.oauth.errors import PageError

_TEMPLATES = Environment(
    loader=PackageLoader("serving.oauth", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_STYLE = files("serving.oauth").joinpath("templates", "style.css").read_text()
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def page(template: str, status: int = 200, *, leads_to: str | None = None, **values: object) -> Response:
    """A page; its form may be answered by a redirect to the URI `leads_to`."""
    content = _TEMPLATES.get_template(template).render(style=_STYLE, **values)
    response = HTMLResponse(content, status, headers=_HEADERS)
    # Browsers hold redirects after a form to form-action, too.
    targets = "'self'" if leads_to is None else f"'self' {_source(leads_to)}"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {targets}; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    return response


def on_page_error(_: Request, error: Exception) -> Response:
    """The page that says why a request leads nowhere."""
    assert isinstance(error, PageError)
    return page("message.html", error.status, title=error.title, text=error.text)


def see_other(uri: str) -> Response:
    """Sends the browser on, with GET, whatever it sent (RFC 9700, section 4.12)."""
    return RedirectResponse(uri, 303, headers=_HEADERS)


def _source(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"
