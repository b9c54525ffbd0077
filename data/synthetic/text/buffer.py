"""The buffer that one text is written into: bytes, random numbers, and edits of what is already written.

All functions run inside the kernels. A buffer is one record of `BUFFER`: passing it costs nothing. UTF-8 is edited
in place; a change never splits a code point, and the weighted length is kept up to date with every byte.
"""

from __future__ import annotations

import numpy as np

from data.kernel import kernel
from data.rng import philox

STRIDE = 2048
"""Bytes that a text may take while it is written; 280 light code points of two bytes and an overlong clause fit."""

NAMED_MOST = 32
"""Named entities that a text may hold."""

VOICE = 24
"""Random numbers that a voice takes, see `clauses.adopt_voice`."""

_DRAWN = 64
"""Random numbers drawn at a time, eight to a Philox block."""

BUFFER = np.dtype(
    [
        # The text, of `position` bytes and a weighted length of `weight`; `tail` is what comes after the body.
        ("out", np.uint8, (STRIDE,)), ("tail", np.uint8, (STRIDE,)), ("position", np.int64), ("weight", np.int64),
        # The entities named so far, rows of all entities, and where they end; the last entity, thing and words as rows
        # of strings.
        ("entity", np.int32, (NAMED_MOST,)), ("entity_end", np.int64, (NAMED_MOST,)), ("named", np.int64),
        ("last", np.int64), ("last_thing", np.int64), ("last_word", np.int64),
        # Things and activities of the topic written so far.
        ("topical_words", np.int64),
        # Where in the tokens the clause being written is, [depth, (next, end)]; what switches look at; the author's own
        # number; whether optional words are rare; whether an article waits for its word.
        ("stack", np.int64, (128,)), ("registers", np.int64, (8,)), ("own", np.uint64), ("brief", np.int64),
        ("article", np.int64), ("begin", np.int64), ("last_named", np.int64), ("about", np.int64),
        ("bait", np.float64), ("outrage", np.float64), ("useful", np.float64),
        # Random numbers, how many of them are used, and the generator's counter and keys.
        ("numbers", np.float64, (_DRAWN,)), ("used", np.int64), ("block", np.uint64), ("text_key", np.uint64, (2,)),
        ("voice_key", np.uint64, (2,)), ("habit_key", np.uint64, (2,)),
        # How the author writes, and the text's row of the draft.
        ("voice", np.float64, (VOICE,)), ("author", np.int64), ("key", np.int64), ("language", np.int64),
        ("topic", np.int64), ("second", np.int64), ("share", np.float64), ("mood", np.int64), ("toxicity", np.int64),
        ("style", np.int64), ("tag", np.int64), ("mention", np.int64),
    ],
    align=True,
)  # fmt: skip
"""Working memory of one writing thread."""

_NEAR = np.frombuffer(b"svxfrghjoklknmpowtdyibecux", np.uint8).copy()
"""A key next to each letter from a to z."""

_PLAIN = np.frombuffer(
    b"AAAAAA\0CEEEEIIII\0NOOOOO\0\0UUUU\0\0\0aaaaaa\0ceeeeiiii\0nooooo\0\0uuuu\0\0\0", np.uint8
).copy()
"""The letter without its accent for the second byte, from 0x80, of two that begin with 0xC3."""

_ACCENTED = 0xC3
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_UNIT = 2.0**-32


@kernel
def _draw(buffer):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    a, b = np.uint64(buffer.author), np.uint64(buffer.key)
    for i in range(0, _DRAWN, 8):
        buffer.block += np.uint64(1)
        words = philox(buffer.block, a, b, np.uint64(0), buffer.text_key[0], buffer.text_key[1])
        for j in range(4):
            buffer.numbers[i + 2 * j] = (words[j] >> _HALF) * _UNIT
            buffer.numbers[i + 2 * j + 1] = (words[j] & _LOW) * _UNIT
    buffer.used = 0


@kernel
def chance(buffer):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The text's next number in [0, 1)."""
    if buffer.used == _DRAWN:
        _draw(buffer)
    buffer.used += 1
    return buffer.numbers[buffer.used - 1]


@kernel
def clear(buffer):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Empties the buffer and starts the random numbers of the text; its author and key must be set."""
    buffer.position, buffer.weight, buffer.named, buffer.topical_words = 0, 0, 0, 0
    buffer.last, buffer.last_thing, buffer.last_named = -1, -1, -1
    buffer.last_word = 0
    buffer.registers[:] = 0
    buffer.article, buffer.begin, buffer.brief = 0, 0, 0
    buffer.block, buffer.used = 0, _DRAWN


@kernel
def rank(u, n, shift):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A rank in 0 .. n - 1 of density 1 / (rank + shift) from a number in [0, 1): Zipf, flatter with a larger shift."""
    return min(int(shift * np.exp(u * np.log((n + shift) / shift)) - shift), n - 1)


@kernel
def steep_rank(u, n, shift):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A rank in 0 .. n - 1 of density (rank + shift)^-1.5: a few make most of it, and all of them occur."""
    top, end = shift**-0.5, (n + shift) ** -0.5
    return min(int((top - u * (top - end)) ** -2 - shift), n - 1)


@kernel
def put(buffer, data, first, last, weight):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends bytes of a known weight; what does not fit at all only weighs, so that its clause is removed again."""
    at = buffer.position
    buffer.weight += weight
    if at + last - first > STRIDE:
        buffer.weight += STRIDE
        return
    for i in range(first, last):
        buffer.out[at] = data[i]
        at += 1
    buffer.position = at


@kernel
def put_byte(buffer, byte):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends one ASCII character."""
    if buffer.position < STRIDE:
        buffer.out[buffer.position] = byte
        buffer.position += 1
    buffer.weight += 1


@kernel
def put_number(buffer, number):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends a positive number in digits."""
    scale = 1
    while number // scale >= 10:
        scale *= 10
    while scale > 0:
        put_byte(buffer, 48 + (number // scale) % 10)
        scale //= 10


@kernel
def is_letter(byte):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether a byte is an ASCII letter."""
    return 97 <= byte <= 122 or 65 <= byte <= 90


@kernel
def open_ended(buffer, begin):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether the text since `begin` ends without a mark, in a letter or digit.

    Marks beyond ASCII are those of the blocks of general, CJK and full-width punctuation, all of three bytes.
    """
    at, out = buffer.position, buffer.out
    if at <= begin:
        return False
    last = out[at - 1]
    if last < 128:
        return is_letter(last) or 48 <= last <= 57
    if at - begin < 3 or out[at - 3] < 0xE0:
        return True
    block = (out[at - 3], out[at - 2])
    return block not in ((0xE2, 0x80), (0xE3, 0x80), (0xEF, 0xBC))


@kernel
def weigh(out, first, last):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Weighted length of whole code points without URLs; never less than `weighted_length`."""
    weight, i = 0, first
    while i < last:
        byte = out[i]
        if byte < 0xE0:
            weight += 1
            i += 1 if byte < 0x80 else 2
        elif byte < 0xF0:
            code = (byte & 15) << 12 | (out[i + 1] & 63) << 6 | (out[i + 2] & 63)
            light = code <= 4351 or 8192 <= code <= 8205 or 8208 <= code <= 8223 or 8242 <= code <= 8247
            weight += 1 if light else 2
            i += 3
        else:
            weight += 2
            i += 4
    return weight


@kernel
def garble(buffer, start):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A typing error in what was written since `start`: two letters swapped, or one lost, doubled or replaced.

    A space between two letters may be lost, too; nothing else is changed. A changed mark could make a URL.
    """
    out, at = buffer.out, buffer.position
    i = start + int(chance(buffer) * (at - start))
    kind = chance(buffer)
    if i < 1 or i + 1 >= at or at >= STRIDE or not is_letter(out[i + 1]):
        return
    if out[i] == 32 and is_letter(out[i - 1]) and i > start:
        kind = 0.5
    elif not is_letter(out[i]):
        return
    if kind < 0.3:
        out[i], out[i + 1] = out[i + 1], out[i]
    elif kind < 0.6:
        for j in range(i, at - 1):
            out[j] = out[j + 1]
        buffer.position -= 1
        buffer.weight -= 1
    elif kind < 0.75:
        for j in range(at, i, -1):
            out[j] = out[j - 1]
        buffer.position += 1
        buffer.weight += 1
    else:
        out[i] = _NEAR[(out[i] | 32) - 97]


@kernel
def lengthen(buffer, start):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Repeats a vowel written since `start`, the last one at or before a place drawn at random."""
    out, at = buffer.out, buffer.position
    more = 1 + int(9.0 * chance(buffer) ** 3)
    if at + more > STRIDE:
        return
    for i in range(start + int(np.sqrt(chance(buffer)) * (at - start)), start, -1):
        if out[i] in (97, 101, 105, 111, 117):
            for j in range(at - 1, i, -1):
                out[j + more] = out[j]
            for j in range(1, more + 1):
                out[i + j] = out[i]
            buffer.position += more
            buffer.weight += more
            return


@kernel
def cut(buffer, start, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Shortens what was written since `start` to the words that fit into `room`; whether any did."""
    out, i, end = buffer.out, start, buffer.position
    weight = buffer.weight - weigh(out, start, end)
    kept, kept_weight = -1, 0
    while i < end and weight <= room:
        if out[i] == 32 and i > start + 1:
            kept, kept_weight = i, weight
        size = 1 if out[i] < 0x80 else 2 if out[i] < 0xE0 else 3 if out[i] < 0xF0 else 4
        weight += weigh(out, i, i + size)
        i += size
    if kept < 0:
        return False
    buffer.position, buffer.weight = kept, kept_weight
    while buffer.named > 0 and buffer.entity_end[buffer.named - 1] > kept:
        buffer.named -= 1
    return True


@kernel
def lower(out, first, last):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Latin capitals to small letters."""
    for i in range(first, last):
        if 65 <= out[i] <= 90:
            out[i] += 32
        elif out[i] == _ACCENTED and i + 1 < last and 0x80 <= out[i + 1] <= 0x9E and out[i + 1] != 0x97:
            out[i + 1] += 32


@kernel
def upper(out, first, last):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Small Latin letters to capitals."""
    for i in range(first, last):
        if 97 <= out[i] <= 122:
            out[i] -= 32
        elif out[i] == _ACCENTED and i + 1 < last and 0xA0 <= out[i + 1] <= 0xBE and out[i + 1] != 0xB7:
            out[i + 1] -= 32


@kernel
def sentence_case(out, first, last, every):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A capital at the beginning and, with `every`, after each full stop, mark and line break."""
    fresh = True
    for i in range(first, last):
        byte = out[i]
        if fresh and (is_letter(byte) or (byte >= 128 and byte != 0xC2 and out[max(i - 1, first)] != 0xC2)):
            upper(out, i, min(i + 2, last) if byte == _ACCENTED else i + 1)
            fresh = False
            if not every:
                return
        elif byte == 10 or (byte == 32 and i > first and out[i - 1] in (33, 46, 63)):
            fresh = True


@kernel
def without_accents(buffer, first):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Letters with accents to those without, since `first`."""
    out, to, i, end = buffer.out, first, first, buffer.position
    while i < end:
        plain = _PLAIN[out[i + 1] - 0x80] if out[i] == _ACCENTED and i + 1 < end else 0
        out[to] = plain if plain else out[i]
        i += 2 if plain else 1
        to += 1
    buffer.position = to


@kernel
def without_apostrophes(buffer, first):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Takes the apostrophes out of words, since `first`."""
    out, to = buffer.out, first
    for i in range(first, buffer.position):
        inside = out[i] == 39 and i > first and is_letter(out[i - 1]) and i + 1 < buffer.position
        if not (inside and is_letter(out[i + 1])):
            out[to] = out[i]
            to += 1
    buffer.weight -= buffer.position - to
    buffer.position = to


@kernel
def put_squeezed(buffer, data, first, last):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends a string as a hashtag: letters and digits alone, each ASCII word with a capital; no marks, no emoji."""
    fresh, i = True, first
    while i < last:
        byte = data[i]
        size = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        if is_letter(byte) or 48 <= byte <= 57:
            put_byte(buffer, byte - 32 if fresh and byte >= 97 else byte)
            fresh = False
        elif (size == 2 and byte != 0xC2) or (size == 3 and 0xE3 <= byte <= 0xED and not _is_mark(data, i)):
            put(buffer, data, i, i + size, weigh(data, i, i + size))
            fresh = False
        elif byte != 39:
            fresh = True
        i += size


@kernel
def _is_mark(data, i):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether three bytes are CJK punctuation or the katakana middle dot."""
    return data[i] == 0xE3 and (data[i + 1] == 0x80 or (data[i + 1] == 0x83 and data[i + 2] == 0xBB))


@kernel
def pack(rows, size, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The first `size[j]` values of each row, one row after another."""
    at = 0
    for j in range(len(size)):
        for i in range(size[j]):
            out[at] = rows[j, i]
            at += 1
