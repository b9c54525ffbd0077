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

    def cursor(self, scope: str, after: int) -> str:
        """A token for the page of list `scope` that begins after key `after`."""
        payload = after.to_bytes(8, "big", signed=True)
        return base64.urlsafe_b64encode(payload + self._sign(scope, payload)).rstrip(b"=").decode()

    def read(self, scope: str, token: str | None) -> int | None:
        """The key that a token of list `scope` holds; None for the first page.

        Raises:
            ProblemError: 400 for a token that was not made here or belongs to another list.
        """
        if token is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        payload, signature = raw[:8], raw[8:]
        if len(raw) != 8 + _SIGNATURE_BYTES or not hmac.compare_digest(signature, self._sign(scope, payload)):
            raise ProblemError(
                400, "bad-cursor", "pagination_token is not one of this list; use meta.next_token of its last page"
            )
        return int.from_bytes(payload, "big", signed=True)

    def _sign(self, scope: str, payload: bytes) -> bytes:
        return hmac.new(self._key, scope.encode() + b"\0" + payload, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
