"""Tweets as documents of the text index: their words, and one field of keys that the operators look up.

Keys are words without blanks: `from:ID`, `to:ID`, `conversation:ID`, `lang:en`, `place:WOEID`, `#tag`, `@handle`,
`has:...` and `is:...`. One field of them costs less than one a kind, when indexing and when searching.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import numpy as np
import tantivy

from candidates.search.tokens import spell
from data.batch import I64, Array, Mask
from data.events import EventBatch
from data.tweet_text import fold, hashtags, mentions, urls

ANALYZER = "tweet"
_KEYS = "keys"
INTEGERS = ("tweet_id", "time_us", "author_id", "retweeted_id")
"""Fields of numbers; `retweeted_id` is the author of what a retweet repeats, -1 for none."""

_SHORT_LINK = " https://t.co/"
"""The address of the platform's own shortener, behind a blank, is a URL."""
_LINK = re.compile(r"\.[^\W_]")
"""What a text with a URL has."""


def schema() -> tantivy.Schema:
    """Fields: `text` with positions, `single` for characters of scripts without blanks, `key`, and the numbers."""
    builder = tantivy.SchemaBuilder()
    for name in INTEGERS:
        builder.add_integer_field(name, indexed=name == "tweet_id", fast=True)
    builder.add_text_field("text", tokenizer_name=ANALYZER)
    builder.add_text_field("single", tokenizer_name=_KEYS, index_option="freq")
    builder.add_text_field("key", tokenizer_name=_KEYS, index_option="basic")
    return builder.build()


def register(index: tantivy.Index, words: tantivy.TextAnalyzer) -> None:
    """Gives an index of `schema` its analyzers; `words` is that of texts."""
    index.register_tokenizer(ANALYZER, words)
    index.register_tokenizer(_KEYS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


class _Document(msgspec.Struct, omit_defaults=True):
    """One tweet; what is empty is left out."""

    tweet_id: int
    time_us: int
    author_id: int
    retweeted_id: int
    text: str
    key: str
    single: str = ""


def documents(events: EventBatch, about: I64, retweeted: I64, verified: Mask) -> Iterator[str]:
    """A document of JSON for each tweet of `events`: Tantivy takes it faster than an object with its fields.

    Args:
        events: rows of `tweets`.
        about: [N] author of what the tweet answers, quotes or retweets, -1 for none known.
        retweeted: [N] the same of retweets, -1 for all others.
        verified: [N] whether the author has the verified mark.
    """
    columns = events.columns
    # A retweet repeats what another wrote: its words are found with the tweet that has them.
    texts = np.where(columns["kind"] == "retweet", "", columns["text"]).tolist()
    text, single = spell(texts)
    rows = zip(
        columns["tweet_id"].tolist(), events.time_us.tolist(), columns["author_id"].tolist(), retweeted.tolist(), text,
        _keys(events, texts, about, verified), single, strict=True,
    )  # fmt: skip
    encode = msgspec.json.Encoder().encode
    for row in rows:
        yield encode(_Document(*row)).decode()


def author_key(kind: str, user_id: int) -> str:
    """The key of tweets `from` or `to` an account."""
    return f"{kind}:{user_id}"


def _keys(events: EventBatch, texts: list[str], about: I64, verified: Mask) -> Iterator[str]:
    columns, n = events.columns, len(events)
    more = [""] * n
    kinds = columns["kind"]
    for kind in ("reply", "retweet", "quote"):
        _mark(more, kinds == kind, f" is:{kind}")
    _mark(more, verified, " is:verified")
    _mark(more, _column(events, "media_count", 0) > 0, " has:media")
    for row in np.flatnonzero((kinds == "reply") & (about >= 0)).tolist():
        more[row] += " " + author_key("to", int(about[row]))
    for row, text in enumerate(texts):
        if "#" in text or "＃" in text:
            more[row] += _listed("has:hashtags", "#", map(fold, hashtags(text)))
        if "@" in text or "＠" in text:
            more[row] += _listed("has:mentions", "@", map(str.lower, mentions(text)))
        if "." in text and (_SHORT_LINK in text or (_LINK.search(text) and urls(text))):
            more[row] += " has:links"
    languages, places = _column(events, "language", ""), _column(events, "place", -1)
    of_language = {one: _language_keys(one) for one in set(languages.tolist())}
    of_place = {one: f" place:{one}" if one >= 0 else "" for one in set(places.tolist())}
    threads = _column(events, "conversation_id", -1)
    # The first of a thread is found by its id.
    for row in np.flatnonzero((threads >= 0) & (threads != columns["tweet_id"])).tolist():
        more[row] += f" conversation:{threads[row]}"
    rows = zip(columns["author_id"].tolist(), languages.tolist(), places.tolist(), more, strict=True)
    for author, language, place, rest in rows:
        yield f"from:{author}{of_language[language]}{of_place[place]}{rest}"


def _column(events: EventBatch, name: str, missing: object) -> Array:
    return events.columns[name] if name in events.columns else np.full(len(events), missing)


def _mark(more: list[str], rows: Mask, key: str) -> None:
    for row in np.flatnonzero(rows).tolist():
        more[row] += key


def _listed(flag: str, sign: str, values: Iterator[str]) -> str:
    keys = [f"{sign}{value}" for value in values]
    return " ".join(["", flag, *keys]) if keys else ""


def _language_keys(language: str) -> str:
    """A variety is found under its language, too."""
    if not language:
        return ""
    subtags = language.lower().split("-")
    return "".join(f" lang:{'-'.join(subtags[:size])}" for size in range(1, len(subtags) + 1))
