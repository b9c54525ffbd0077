"""Signed cursors: where the next page begins, tied to the list that it belongs to.

A cursor holds the key of the last row shown, not a count of rows, so that pages stay whole while rows arrive.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from serving.kit.problems import ProblemError

_SIGNATURE_BYTES = 12


class Paging:
    """Makes and reads cursors with one secret."""

    def __init__(self, secret: bytes) -> None:
        """Signs with a key derived from `secret`."""
        self._key = hashlib.sha256(b"rookery paging " + secret).digest()

    def cursor(self, scope: str, *keys: int) -> str:
        """A token for the page of list `scope` that begins after the row of `keys`."""
        payload = b"".join(key.to_bytes(8, "big", signed=True) for key in keys)
        return base64.urlsafe_b64encode(payload + self._sign(scope, payload)).rstrip(b"=").decode()

    def read(self, scope: str, token: str | None) -> int | None:
        """The one key that a token of list `scope` holds; None for the first page.

        Raises:
            ProblemError: 400 for a token that was not made here or belongs to another list.
        """
        return None if token is None else self.keys(scope, token, 1)[0]

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
