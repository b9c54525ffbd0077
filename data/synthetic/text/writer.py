"""Tweets' texts: clauses of a language about topics, in an author's voice, with typing errors.

A text is a pure function of (seed, author, key, its row of the draft), so it depends neither on the order in which
texts are written nor on how they are batched. Its truth (sentiment, toxicity, the entities that it names) is known,
because the text is written from it. Lengths, hashtags and vocabulary follow published figures; the words are those of
`languages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from data.batch import F32, I64, Array, offsets_of
from data.rng import Stream
from data.synthetic.text.buffer import NAMED_MOST, STRIDE, pack
from data.synthetic.text.kernels import Keys, Strings, write_rows
from data.synthetic.text.lexicon import I8, I32, U8, lexicon
from data.tweet_text import weighted_length

_CHUNK = 8192
"""Texts written at a time, 16 MiB of working memory."""


class Draft(NamedTuple):
    """What texts are about; [N] each."""

    author: I64
    """User rows."""
    key: I64
    """Distinguishes an author's texts."""
    language: I64
    """Rows of LANGUAGES."""
    topic: I64
    """[N, 2] main and second topic, equal when there is only one."""
    share: F32
    """Share of the main topic, in (0.5, 1]."""
    sentiment: I64
    """-1, 0 or 1."""
    toxicity: I64
    """Rows of TOXIC_CATEGORIES, 0 for none."""
    style: I64
    """0 an original, 1 an answer (reply or quote), 2 small talk, 3 spam."""
    tag: I64
    """Rows of the writer's `tags` that they must carry, -1 for none."""
    mention: I64
    """User rows whose handle they begin with, -1 for none."""
    bait: F32
    """How much they promise or tease beyond what they give, in [0, 1]."""
    outrage: F32
    """How much they show anger at others, in [0, 1]."""
    usefulness: F32
    """How much of them is of use to those who like their topic, in [0, 1]."""
    about: I64
    """Rows of the writer's entities that what they answer named first, -1 for none."""


class Texts(NamedTuple):
    """Written texts and what they name; N texts, E named entities."""

    text: pl.Series
    """[N] of weighted length 280 at most."""
    entity_offsets: I64
    """[N + 1]"""
    entity: I64
    """[E] rows of `Writer.entity_names`: the persons, places and organisations that each text names, in order."""

    def first(self) -> I32:
        """[N] 1 + row of the entity that each text names first, 0 for none."""
        some = np.diff(self.entity_offsets) > 0
        named = np.zeros(len(some), np.int32)
        named[some] = self.entity[self.entity_offsets[:-1][some]] + 1
        return named


class Writer:
    """Writes texts in all languages."""

    def __init__(self, seed: int, handles: pl.Series | Sequence[str], tags: Sequence[str]) -> None:
        """For a world's seed, the handles of its people by user row, and the hashtags that drafts may name."""
        words = lexicon()
        self._words, self.entity_names, self.entity_kinds = words.packed, words.entity_names, words.entity_kinds
        self.entity_texts = pl.Series(self.entity_names, dtype=pl.String)
        self._keys = Keys(*(Stream(seed, f"writer {purpose}").key for purpose in Keys._fields))
        self._handles = _handles(handles if isinstance(handles, pl.Series) else pl.Series(handles, dtype=pl.String))
        encoded = [tag.encode() for tag in tags]
        self._tags = Strings(
            np.frombuffer(b"".join(encoded), np.uint8).copy(),
            offsets_of(list(map(len, encoded))),
            np.array([weighted_length(tag) for tag in tags], np.int32),
        )

    entity_names: tuple[str, ...]
    """Persons, places and organisations of all languages, each once."""
    entity_texts: pl.Series
    """`entity_names` as a column, for taking many."""
    entity_kinds: I8
    """Rows of ENTITY_KINDS of `entity_names`."""

    def write(self, draft: Draft) -> Texts:
        """The texts of a draft."""
        # Writable and contiguous, so that the kernel is compiled for one kind of array only.
        draft = Draft(*(np.require(column, kind, ("C", "W")) for column, kind in zip(draft, _DTYPES, strict=True)))
        n = len(draft.author)
        chunk = min(n, _CHUNK)
        out, size = np.empty((chunk, STRIDE), np.uint8), np.empty(n, np.int64)
        entity, named = np.empty((chunk, NAMED_MOST), np.int32), np.empty(n, np.int64)
        written: list[tuple[U8, I32]] = []
        for first in range(0, n, _CHUNK):
            here = slice(first, min(first + _CHUNK, n))
            write_rows(
                self._words, self._keys, draft, self._tags, self._handles, first, out, size[here], entity, named[here]
            )
            written.append((_packed(out, size[here]), _packed(entity, named[here])))
        data = np.concatenate([text for text, _ in written]) if written else np.empty(0, np.uint8)
        names = np.concatenate([one for _, one in written]) if written else np.empty(0, np.int32)
        return Texts(_series(data, offsets_of(size)), offsets_of(named), names.astype(np.int64))


_DTYPES = (np.int64, np.int64, np.int64, np.int64, np.float32, *(np.int64,) * 5, *(np.float32,) * 3, np.int64)


def _packed(rows: Array, size: I64) -> Array:
    out = np.empty(int(size.sum()), rows.dtype)
    pack(rows, size, out)
    return out


def _series(data: U8, offsets: I64) -> pl.Series:
    """[N] strings over one buffer of UTF-8, without a Python object a row."""
    array = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    return series.rename("text")


def _handles(handles: pl.Series) -> Strings:
    """Handles, which are ASCII, from Arrow's buffers."""
    array = handles.to_arrow().cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    n, (_, offsets, data) = len(array), array.buffers()
    start = np.frombuffer(offsets, np.int64, n + 1, 8 * array.offset)
    values = np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)
    return Strings(values.copy(), start.copy(), np.diff(start).astype(np.int32))
