"""Signed cursors: where another page begins, tied to the list that it belongs to.

A cursor holds the key of a row shown, not a count of rows, so that pages stay whole while rows arrive.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import TypeVar

from serving.kit.problems import ProblemError

_SIGNATURE_BYTES = 12
_OLDER, _NEWER = 0, 1

R = TypeVar("R")


class Paging:
    """Makes and reads cursors with one secret."""

    def __init__(self, secret: bytes) -> None:
        """Signs with a key derived from `secret`."""
        self._key = hashlib.sha256(b"rookery paging " + secret).digest()

    def cursor(self, scope: str, *keys: int) -> str:
        """A token for the page of list `scope` that begins after the row of `keys`."""
        payload = b"".join(key.to_bytes(8, "big", signed=True) for key in keys)
        return base64.urlsafe_b64encode(payload + self._sign(scope, payload)).rstrip(b"=").decode()

    def page(
        self,
        scope: str,
        token: str | None,
        limit: int,
        fetch: Callable[[bool, int | None, int], list[R]],
        key: Callable[[R], int],
    ) -> tuple[list[R], dict[str, str]]:
        """A page of a list that is in falling order of `key`, and the tokens of the pages beside it.

        Args:
            scope: names the list.
            token: `next_token` or `previous_token` of another page; None for the first one.
            limit: rows a page.
            fetch: `fetch(newer, at, n)` has the `n` rows nearest to key `at`, nearest first: those with greater keys if
                `newer`, else those with smaller ones; from the greatest key on where `at` is None.
            key: of a row.

        Raises:
            ProblemError: 400 for a token that was not made here or belongs to another list.
        """
        way, at = (_OLDER, None) if token is None else self.keys(scope, token, 2)
        found = fetch(way == _NEWER, at, limit + 1)
        rows, more = found[:limit], len(found) > limit
        if way == _NEWER:
            rows.reverse()
        tokens: dict[str, str] = {}
        # From a page that is empty a token leads back to the row that its own token was made of.
        if more if way == _OLDER else at is not None:
            tokens["next_token"] = self.cursor(scope, _OLDER, key(rows[-1]) if rows else (at or 0) + 1)
        if more if way == _NEWER else at is not None:
            tokens["previous_token"] = self.cursor(scope, _NEWER, key(rows[0]) if rows else (at or 0) - 1)
        return rows, tokens

    def keys(self, scope: str, token: str, count: int) -> tuple[int, ...]:
        """The `count` keys that a token of list `scope` holds.

        Raises:
            ProblemError: 400 for a token that was not made here or belongs to another list.
        """
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raw = b""
        payload, signature = raw[: 8 * count], raw[8 * count :]
        if len(raw) != 8 * count + _SIGNATURE_BYTES or not hmac.compare_digest(signature, self._sign(scope, payload)):
            raise ProblemError(
                400,
                "bad-cursor",
                f"pagination_token {token!r} is not one of this list; use meta.next_token of its last page",
            )
        return tuple(int.from_bytes(payload[at : at + 8], "big", signed=True) for at in range(0, 8 * count, 8))

    def _sign(self, scope: str, payload: bytes) -> bytes:
        return hmac.new(self._key, scope.encode() + b"\0" + payload, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
