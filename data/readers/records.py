"""Where the records of a delimited text file begin, and which of them a parser can be trusted with.

One pass over the bytes by the rules of RFC 4180: a quoted field may hold separators, line breaks and doubled quotes. A
record that breaks the rules costs one line, never those after it: the pass goes on at the next line as if no quote were
open. Only then can a stray quote not swallow good lines, and line numbers stay right.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.batch import I64
from data.kernel import kernel

GOOD, BLANK, QUOTE, BYTES = range(4)
"""States of a record: sound; nothing but spaces; a quote that does not close or has text after it; not UTF-8."""

_LONGEST = 1 << 20
"""Bytes that a record of several lines may have. It bounds what is read again after a quote that never closes."""
_NEWLINE, _RETURN, _TAB, _SPACE = 10, 13, 9, 32
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Records:
    """All records of one file, [R]."""

    data: NDArray[np.uint8]
    """The bytes of the file, mapped or in memory."""
    starts: I64
    """[R + 1] where each record begins; the last is the end of the file."""
    lines: I64
    """[R] the number of its first line, from 1 on."""
    fields: NDArray[np.int32]
    """[R] how many fields it has."""
    states: NDArray[np.uint8]
    """[R] `GOOD`, `BLANK`, `QUOTE` or `BYTES`."""

    def bytes_of(self, keep: NDArray[np.bool_]) -> bytes:
        """The records where `keep` [R], one after the other."""
        out = np.empty(int(np.diff(self.starts)[keep].sum()), np.uint8)
        _copy(self.data, self.starts, keep, out)
        return out.tobytes()

    def text(self, at: int) -> str:
        """One record, unchanged."""
        return self.data[self.starts[at] : self.starts[at + 1]].tobytes().decode(errors="replace")


def scan_records(content: Path | bytes, separator: str, quote: str | None) -> Records:
    """The records of a file that is not empty, or of its bytes; separator and quote are one ASCII character each."""
    data = np.frombuffer(content, np.uint8) if isinstance(content, bytes) else np.memmap(content, np.uint8, "r")
    data = np.asarray(data)
    first = len(_MARK) if data[: len(_MARK)].tobytes() == _MARK else 0
    most = _count(data, _NEWLINE) + 1
    starts, lines = np.empty(most + 1, np.int64), np.empty(most, np.int64)
    fields, states = np.empty(most, np.int32), np.empty(most, np.uint8)
    found = _scan(data, first, ord(separator), -1 if quote is None else ord(quote), starts, lines, fields, states)
    starts[found] = len(data)
    return Records(data, starts[: found + 1], lines[:found], fields[:found], states[:found])


@kernel
def _count(data, byte):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    found = 0
    for at in range(len(data)):
        found += data[at] == byte
    return found


@kernel
def _copy(data, starts, keep, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    to, one, total = 0, 0, len(keep)
    while one < total:
        last = one
        while last < total and keep[last]:
            last += 1
        size = starts[last] - starts[one]
        out[to : to + size] = data[starts[one] : starts[last]]
        to, one = to + size, last + 1


@kernel
def _scan(data, at, separator, quote, starts, lines, fields, states):  # type: ignore[no-untyped-def]  # pragma: no cover
    found, line, size = 0, 1, len(data)
    while at < size:
        end, count, breaks, state = _record(data, at, separator, quote)
        starts[found], lines[found], fields[found], states[found] = at, line, count, state
        found, line, at = found + 1, line + breaks + 1, end
    return found


@kernel
def _record(data, begin, separator, quote):  # type: ignore[no-untyped-def]  # pragma: no cover  # noqa: PLR0912
    """Where the record ends, its fields, the line breaks inside it, and its state."""
    size, at, resume = len(data), begin, -1
    count, breaks, quotes, due, low, high = 1, 0, 0, 0, 0x80, 0xBF
    inside, closed, fresh, blank, lossy, stray = False, False, True, True, False, False
    while at < size:
        byte = data[at]
        if byte >= 0x80 or due:
            due, low, high, fits = _utf8(byte, due, low, high)
            lossy |= not fits
        at += 1
        if inside:
            if byte == quote:
                quotes += 1
                if at < size and data[at] == quote:
                    quotes += 1
                    at += 1
                else:
                    inside, closed = False, True
            elif byte == _NEWLINE:
                breaks += 1
                resume = at if resume < 0 else resume
                if at - begin > _LONGEST:
                    break
            continue
        if byte == _NEWLINE:
            break
        if byte == separator:
            count, closed, fresh = count + 1, False, True
        elif byte == quote:
            quotes += 1
            stray |= closed
            inside, fresh = fresh, False
        else:
            if closed and not (byte == _RETURN and (at == size or data[at] == _NEWLINE)):
                stray = True
            fresh = False
        blank &= byte in (_SPACE, _TAB, _RETURN)
        if stray and resume >= 0:
            break
    if inside or stray or quotes % 2:
        return at if resume < 0 else resume, count, 0, QUOTE
    return at, count, breaks, BYTES if lossy or due else BLANK if blank else GOOD


@kernel
def _utf8(byte, due, low, high):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Bytes still due in this character, the bounds of the next one, and whether `byte` fits (Unicode, table 3-7)."""
    if due:
        return (due - 1, 0x80, 0xBF, True) if low <= byte <= high else (0, 0x80, 0xBF, False)
    if 0xC2 <= byte <= 0xDF:
        return 1, 0x80, 0xBF, True
    if 0xE0 <= byte <= 0xEF:
        return 2, 0xA0 if byte == 0xE0 else 0x80, 0x9F if byte == 0xED else 0xBF, True
    if 0xF0 <= byte <= 0xF4:
        return 3, 0x90 if byte == 0xF0 else 0x80, 0x8F if byte == 0xF4 else 0xBF, True
    return 0, 0x80, 0xBF, False
