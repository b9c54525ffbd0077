"""URLs in a text by the network's rules, in time proportional to the text.

A URL is a domain under a listed top-level domain, with or without `http://` or `https://`, and the port, path and query
behind it. Without a scheme a domain is of Latin letters, digits and hyphens, so that it may touch words in other
scripts; it does not begin behind a letter, digit or one of `@$#_-./`. With a scheme a domain may be in any script; one
in Latin letters comes first where it can be read. Of all that can be read the longest domain is taken.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from data.top_level_domains import top_level_end
from data.unicode_text import LATIN_ACCENTS

MAX_URL = 4_096
"""Characters of a URL with its scheme and its domain in ASCII (IDNA)."""
MAX_LABEL, MAX_DOMAIN = 63, 253
"""Characters of a label and of a domain in ASCII (RFC 1035)."""
MAX_SLUG = 40
"""Characters of a short link."""

_NOT_HOST = (
    r"\x00- !\"#$%&'()*+,/:;<=>?@\[\\\]^`{|}~\x7f-\xa0\u061c\u1680\u180e\u2000-\u206f\u3000\ufeff＃＠\ufffe\uffff"
)
"""Spaces, controls and punctuation: what is in no domain, as ranges of a character class."""
_LATIN = f"A-Za-z0-9{LATIN_ACCENTS}"
_DOTTED = re.compile(r"\.[^\s.]")
_HOSTS = re.compile(rf"(?<![^.{_NOT_HOST}])[^.{_NOT_HOST}]++(?:\.[^.{_NOT_HOST}]++)++")
_WORDS = re.compile(rf"[{_LATIN}_-]++")
_LABEL = re.compile(rf"[{_LATIN}](?:[{_LATIN}_-]*[{_LATIN}])?")
_BEFORE_SCHEME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@＠$#＃\ufeff\ufffe\uffff")
_BEFORE_DOMAIN = _BEFORE_SCHEME | frozenset("_-./")

_GENERAL = rf"A-Za-z0-9!*';:=+,.$/%#\[\]\-–_~@|&{LATIN_ACCENTS}\u0400-\u04ff"
_PORT = re.compile(":[0-9]++")
_PATH = re.compile(rf"/(?:[{_GENERAL}]++|\((?:[{_GENERAL}]++\)|[{_GENERAL}]*+\([{_GENERAL}]++\)[{_GENERAL}]*+\)))*+")
"""Brackets are of the path where they are closed, one pair within another at most."""
_PATH_TAIL = "!*';:,.$%[]–~@|&"
_QUERY = re.compile(r"\?[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]++")
_QUERY_TAIL = "!?*'@();:+$%[].,~|"
"""Signs with which a path or a query does not end."""
_SHORT_LINK = re.compile(r"https?://t\.co/([a-z0-9]++)", re.IGNORECASE)


def url_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every URL, in order."""
    spans: list[tuple[int, int]] = []
    if not _DOTTED.search(text):
        return spans
    done = 0
    for run in _HOSTS.finditer(text):
        start, stop = max(run.start(), done), run.end()
        first = _scheme(text, run.start(), done)
        if first is not None and (host := _domain_after_scheme(text, run.start(), stop)) is not None:
            done = _tail(text, host)
            kept = _kept(text, first, done)
            if kept is not None and _fits(text, run.start(), host, kept - first):
                spans.append((first, kept))
            start = host
        for begin, end in _latin_domains(text, start, stop):
            done = _tail(text, end)
            if _fits(text, begin, end, done - begin + len("https://")):
                spans.append((begin, done))
    return spans


def _scheme(text: str, host: int, done: int) -> int | None:
    """Where the scheme before the host at `host` begins, if there is one."""
    before = text[max(host - 8, done) : host].lower()
    if not before.endswith(("http://", "https://")):
        return None
    start = host - (8 if before.endswith("https://") else 7)
    return None if start and text[start - 1] in _BEFORE_SCHEME else start


def _domain_after_scheme(text: str, start: int, stop: int) -> int | None:
    """Where the longest domain ends that begins at `start`: one in Latin letters, else one in any."""
    for begin, end in _latin_domains(text, start, stop, begins=True):
        if begin == start:
            return end
        break
    found: int | None = None
    plain, at = False, start
    while at < stop:
        dot = text.find(".", at, stop)
        right = stop if dot < 0 else dot
        if plain:
            found = top_level_end(text, at, right) or found
        if text[at] in "_-" or text[right - 1] in "_-":
            break
        plain = text.find("_", at, right) < 0
        at = right + 1
    return found


def _latin_domains(text: str, start: int, stop: int, *, begins: bool = False) -> Iterator[tuple[int, int]]:
    """Start and end of the domains in Latin letters of a run of labels; with `begins` one may begin at `start`.

    A label before a top-level domain has no underscore.
    """
    begin, end, plain, at, free = -1, -1, False, start, start
    while at < stop:
        dot = text.find(".", at, stop)
        right = stop if dot < 0 else dot
        label = _LABEL.fullmatch(text, at, right)
        if begin >= 0:
            if plain:
                end = top_level_end(text, at, right) or end
            if label is None or right == stop:
                if end >= 0:
                    yield begin, end
                    free = end
                begin = end = -1
        if begin < 0 and right < stop:
            begin = _first(text, max(at, free), right, begins=begins and at == start)
        plain = begin >= 0 and text.find("_", max(at, begin), right) < 0
        at = right + 1


def _first(text: str, at: int, right: int, *, begins: bool) -> int:
    """Where a domain begins in the label `text[at:right]`: with its last Latin letters; -1 where it cannot."""
    last = next(iter(deque(_WORDS.finditer(text, at, right), 1)), None)
    if last is None or last.end() != right or not _LABEL.fullmatch(text, last.start(), right):
        return -1
    begin = last.start()
    return begin if (begins and begin == at) or not begin or text[begin - 1] not in _BEFORE_DOMAIN else -1


def _tail(text: str, at: int) -> int:
    """Where the port, path and query end that follow a domain which ends at `at`."""
    if port := _PORT.match(text, at):
        at = port.end()
    if path := _PATH.match(text, at):
        at += len(path[0].rstrip(_PATH_TAIL))
    return _query_end(text, at)


def _query_end(text: str, at: int) -> int:
    query = _QUERY.match(text, at)
    return at if query is None else at + len(query[0].rstrip(_QUERY_TAIL))


def _kept(text: str, start: int, end: int) -> int | None:
    """Where a URL with a scheme ends; None for a short link that is too long. A short link has no further path."""
    link = _SHORT_LINK.match(text, start, end)
    if link is None:
        return end
    return _query_end(text, link.end()) if len(link[1]) <= MAX_SLUG else None


def _fits(text: str, start: int, end: int, length: int) -> bool:
    """Whether the domain `text[start:end]` and its URL of `length` characters are within the limits of the network."""
    if end - start > MAX_DOMAIN:
        return False
    lengths = [_encoded_length(label) for label in text[start:end].split(".")]
    host = sum(lengths) + len(lengths) - 1
    return max(lengths) <= MAX_LABEL and host <= MAX_DOMAIN and length - (end - start) + host <= MAX_URL


def _encoded_length(label: str) -> int:
    """The length of a label in ASCII; over the limit where it cannot be encoded."""
    if label.isascii():
        return len(label)
    if len(label) > MAX_LABEL or label[:4].lower() == "xn--":
        return MAX_LABEL + 1
    return len("xn--") + len(label.lower().encode("punycode"))
