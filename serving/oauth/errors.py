"""Refusals: in the words of RFC 6749 for apps, as pages for people."""

from __future__ import annotations


class OAuthError(Exception):
    """A request that OAuth 2.0 refuses: `code` is one of RFC 6749's (sections 4.1.2.1 and 5.2), the text says why."""

    def __init__(self, code: str, description: str) -> None:
        """`description` says to the app's maker what to do."""
        self.code = code
        self.description = description
        super().__init__(description)


class PageError(Exception):
    """A browser's request that is answered by a page and leads nowhere."""

    def __init__(self, title: str, text: str, status: int = 400) -> None:
        """`text` says what to do."""
        self.title = title
        self.text = text
        self.status = status
        super().__init__(text)
