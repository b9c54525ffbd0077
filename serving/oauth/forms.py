"""Forms as browsers and apps send them: `application/x-www-form-urlencoded`, each field once."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request

from serving.oauth.errors import OAuthError

MEDIA_TYPE = "application/x-www-form-urlencoded"
_FIELDS = 32


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a request's body.

    Raises:
        OAuthError: `invalid_request`: it is no form, or has a field twice (RFC 6749, section 3.2).
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise OAuthError("invalid_request", f"the body must be a form: Content-Type: {MEDIA_TYPE}")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except ValueError as error:
        raise OAuthError("invalid_request", f"the form cannot be read: {error}") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise OAuthError("invalid_request", f"the field {name[:64]!r} is given more than once")
        fields[name] = value
    return fields


def with_query(uri: str, **fields: str) -> str:
    """A URI with `fields` added to its query, which stays as it is otherwise."""
    parts = urlsplit(uri)
    query = "&".join(one for one in (parts.query, urlencode(fields)) if one)
    return parts._replace(query=query).geturl()
