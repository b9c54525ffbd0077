"""The kernel that writes texts: bodies from clauses in a person's voice, then hashtags, mentions and links."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange

from data.batch import F32, I64
from data.kernel import kernel, parallel_kernel
from data.rng import U64
from data.synthetic.text.buffer import (
    DESK,
    chance,
    cut,
    lower,
    open_ended,
    put,
    put_byte,
    put_number,
    put_squeezed,
    rank,
    sentence_case,
    sit_down,
    upper,
    without_accents,
)
from data.synthetic.text.clauses import (
    ASIDE,
    BARE,
    CHAT,
    DOINGS,
    EMOJI,
    EMOJIS,
    ENTITIES,
    FILLER,
    FILLERS,
    FRAMES,
    JOINS,
    LAUGH,
    LAUGHS,
    LENGTH,
    LOWER,
    MARKS,
    REPLIES,
    SAYS,
    SENTENCES,
    SHOUT,
    SPAM,
    STOP,
    STOPS,
    STRETCH,
    STRETCHES,
    TAG_LIST,
    TAGS,
    THINGS,
    TOXIC,
    adopt_voice,
    pick,
    put_clause,
    put_string,
    topical,
    weight_of,
    words,
)
from data.synthetic.text.lexicon import ACCENTS_AT, I32, STRINGS_AT, U8
from data.tweet_text import MAX_WEIGHTED_LENGTH as LIMIT
from data.tweet_text import URL_WEIGHT

TAGGED = 0.1
"""Share of texts with a hashtag of their own; with those that bursts ask for 12.8% of what people write."""
SECOND_TAG, THIRD_TAG = 0.213, 0.074
"""Of texts with a hashtag, those with two or more, and with three or more."""
LINKED, MENTIONED = 0.07, 0.06
"""Shares of originals with a link, and with a mention of somebody."""
SHORTEST, MEAN = -12.0, 70.0
"""An original's intended length is SHORTEST plus an exponential number of this mean, times the author's length; what is
intended below a clause becomes one clause."""
ANSWER = 0.9
"""An answer's intended length to an original's."""
BROKEN = 56
"""Characters over the limit that must be intended for a text to be trimmed to the limit itself; one in a hundred."""

_HALF_CLAUSE = 26
"""Characters that may be missing of the intended length without another clause."""
_PLAIN = 0.9
"""Share of originals that begin with a thing or a doing of the topic, not only with a name or neither."""
_BLOCK = 256
"""Texts that a thread writes at a time."""
_ORIGINAL, _ANSWER, _SMALL_TALK, _SPAMMING = range(4)
_LINK = np.frombuffer(b" https://t.co/", np.uint8).copy()
_CODE = np.frombuffer(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", np.uint8).copy()
_MASH = np.frombuffer(b"asdfghjkl", np.uint8).copy()


class Keys(NamedTuple):
    """[2] each: keys of the generators."""

    text: U64
    voice: U64
    habit: U64


class Book(NamedTuple):
    """Strings that a world adds: handles, or hashtags of bursts."""

    data: U8
    start: I64
    """[n + 1]"""
    weight: I32
    """[n]"""


class Rows(NamedTuple):
    """The columns of a draft; see `Draft`."""

    author: I64
    key: I64
    language: I64
    topic: I64
    share: F32
    sentiment: I64
    toxicity: I64
    style: I64
    tag: I64
    mention: I64


@kernel
def _put_next(desk, data, table, count, toxic_at, brief):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Clause number `count` of a text, most often a short one where it is to be `brief`."""
    style, topic, mood = desk.style, desk.topic, desk.mood
    if count > 0:
        topic = topic if chance(desk) < desk.share else desk.second
        mood = mood if chance(desk) < 0.7 else 0
    which = FRAMES + mood
    if count == toxic_at:
        which = TOXIC + desk.toxicity - 1
    elif style == _SMALL_TALK or (style != _SPAMMING and count > 0 and chance(desk) < desk.voice[ASIDE]):
        which = CHAT
    elif style == _SPAMMING and (count == 0 or chance(desk) < 0.4):
        which = SPAM
    elif style == _ANSWER and count == 0 and chance(desk) < 0.6:
        which = REPLIES + mood
    put_clause(desk, data, table, which, topic, mood, 0.8 if brief else 16.0)


@kernel
def _put_body(desk, data, table, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Clauses up to the intended length and no heavier than `room` in all; one that does not fit is tried anew."""
    begin = desk.position
    wanted = (SHORTEST - MEAN * np.log1p(-chance(desk))) * desk.voice[LENGTH]
    if desk.style == _ANSWER:
        wanted *= ANSWER
    full = wanted > LIMIT + BROKEN
    toxic_at = -1 if desk.toxicity == 0 else int(2.0 * chance(desk))
    least = 2 if toxic_at == 1 or (desk.share < 1.0 and chance(desk) < 0.5) else 1
    plain = desk.style == _ORIGINAL and toxic_at != 0 and chance(desk) < _PLAIN
    count, failed = 0, 0
    while failed < 4 and (count < least or desk.weight + _HALF_CLAUSE < wanted):
        position, weight, named = desk.position, desk.weight, desk.named
        if count > 0:
            # What stands between clauses; one that ends with a mark needs only a space.
            if open_ended(desk, begin):
                put_string(desk, data, table, pick(desk, words(desk, table, JOINS), 4.0))
            else:
                put_byte(desk, 32)
        _put_next(desk, data, table, count, toxic_at, wanted - desk.weight < 1.7 * _HALF_CLAUSE)
        if desk.weight <= room and not (plain and count == 0 and desk.told == 0):
            count += 1
        elif full and count >= least and cut(desk, position, room):
            break
        else:
            desk.position, desk.weight, desk.named = position, weight, named
            failed += 1
            plain = plain and failed < 3
    if full:
        for _ in range(min(room - desk.weight, 3)):
            put_byte(desk, 46)


@kernel
def _put_filler(desk, data, table, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """One of the author's own fillers, if there is room for it and a space."""
    first, last = words(desk, table, FILLERS)
    s = first + int(desk.voice[SAYS + int(3.0 * chance(desk))] * (last - first))
    if desk.weight + 1 + weight_of(table, s) <= room:
        put_string(desk, data, table, s)
        return True
    return False


@kernel
def _put_spoken(desk, data, table, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A body in the author's voice: fillers, capitals, marks, laughter, emoji."""
    v, begin, u = desk.voice, desk.position, chance(desk)
    if u < 0.5 * v[FILLER] and _put_filler(desk, data, table, room):
        put_byte(desk, 32)
    _put_body(desk, data, table, room)
    if 0.5 * v[FILLER] <= u < v[FILLER]:
        put_byte(desk, 32)
        if not _put_filler(desk, data, table, room):
            desk.position -= 1
            desk.weight -= 1
    if v[LOWER] < 0.35:
        lower(desk.out, begin, desk.position)
    else:
        sentence_case(desk.out, begin, desk.position, v[SENTENCES] < 0.6)
    if table[ACCENTS_AT + desk.language] and v[BARE] < 0.35:
        without_accents(desk, begin)
    end = chance(desk)
    if end < v[SHOUT]:
        if chance(desk) < 0.1:
            upper(desk.out, begin, desk.position)
        for _ in range(min(1 + int(4.0 * chance(desk) ** 3), room - desk.weight)):
            put_byte(desk, 33)
    elif end < v[SHOUT] + v[STOP] and open_ended(desk, begin):
        _put_times(desk, data, table, words(desk, table, STOPS)[0], 1, room)
    _put_marks(desk, data, table, room)


@kernel
def _put_times(desk, data, table, s, times, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A string some times over, as often as there is room."""
    for _ in range(min(times, (room - desk.weight) // weight_of(table, s))):
        put_string(desk, data, table, s)


@kernel
def _put_marks(desk, data, table, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stretched ends, laughter, keys hit at random, emoji."""
    v = desk.voice
    first, last = words(desk, table, STRETCHES)
    if last > first and chance(desk) < 6.0 * v[STRETCH]:
        s = pick(desk, (first, last), 1.0)
        _put_times(desk, data, table, s, 1 + int(5.0 * chance(desk) ** 2), room)
    u = chance(desk)
    if u < v[LAUGH] and desk.weight + 5 <= room:
        put_byte(desk, 32)
        s = pick(desk, words(desk, table, LAUGHS), 0.7)
        _put_times(desk, data, table, s, 2 + int(8.0 * chance(desk) ** 2), room)
    elif u > 0.996 and desk.weight + 14 <= room:
        put_byte(desk, 32)
        for _ in range(4 + int(8.0 * chance(desk))):
            put_byte(desk, _MASH[int(9.0 * chance(desk))])
    if chance(desk) < v[EMOJI] and desk.weight + 3 <= room:
        put_byte(desk, 32)
        first, last = words(desk, table, EMOJIS)
        s = first + rank(v[MARKS + int(3.0 * chance(desk))], last - first, 2.0)
        _put_times(desk, data, table, s, 1 + int(3.0 * chance(desk) ** 3), room)


@kernel
def _put_tag(desk, data, table):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A space and a hashtag on the topic: a known one, or one made on the spot of a name or a thing."""
    put_byte(desk, 32)
    put_byte(desk, 35)
    start, weight = desk.position, desk.weight
    if chance(desk) < 0.5:
        _put_squeezed_one(desk, data, table, ENTITIES if chance(desk) < 0.5 else THINGS)
        u = chance(desk)
        if u < 0.3:
            put_number(desk, 2020 + int(50.0 * u) if u < 0.14 else 1 + int(99.0 * chance(desk)))
        elif u < 0.7:
            _put_squeezed_one(desk, data, table, THINGS if u < 0.6 else DOINGS)
    if desk.position < start + 3:
        desk.position, desk.weight = start, weight
        put_string(desk, data, table, pick(desk, topical(desk, table, TAG_LIST, desk.topic), 3.0))


@kernel
def _put_squeezed_one(desk, data, table, which):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    at = STRINGS_AT + 3 * pick(desk, topical(desk, table, which, desk.topic), 3.0)
    put_squeezed(desk, data, table[at], table[at + 3])


@kernel
def _put_handle(desk, handles, row):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    put_byte(desk, 64)
    put(desk, handles.data, handles.start[row], handles.start[row + 1], handles.weight[row])


@kernel
def _put_tail(desk, data, table, tags, handles):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A mention of somebody, hashtags and a link, each after a space."""
    style, tag, people = desk.style, desk.tag, len(handles.weight)
    spam = style == _SPAMMING
    if style == _ORIGINAL and desk.mention < 0 and people > 0 and chance(desk) < MENTIONED:
        put_byte(desk, 32)
        _put_handle(desk, handles, int(chance(desk) ** 2 * people))
    if tag >= 0:
        put_byte(desk, 32)
        put_byte(desk, 35)
        put(desk, tags.data, tags.start[tag], tags.start[tag + 1], tags.weight[tag])
    if tag >= 0 or chance(desk) < TAGGED * desk.voice[TAGS] * (3.0 if spam else 1.0):
        u = chance(desk)
        count = 1 if u >= SECOND_TAG else 2 if u >= THIRD_TAG else 3 + int(3.0 * chance(desk) ** 2)
        for _ in range(count - (tag >= 0)):
            if desk.weight < LIMIT // 3:
                _put_tag(desk, data, table)
    if chance(desk) < (0.8 if spam else LINKED if style == _ORIGINAL else 0.4 * LINKED):
        put(desk, _LINK, 0, len(_LINK), 1 + URL_WEIGHT)
        for _ in range(10):
            put_byte(desk, _CODE[int(62.0 * chance(desk))])
        desk.weight -= 10


@kernel
def _take_row(desk, rows, i):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    desk.author, desk.key, desk.language = rows.author[i], rows.key[i], rows.language[i]
    desk.topic, desk.second, desk.share = rows.topic[i, 0], rows.topic[i, 1], rows.share[i]
    desk.mood, desk.toxicity, desk.style = rows.sentiment[i], rows.toxicity[i], rows.style[i]
    desk.tag, desk.mention = rows.tag[i], rows.mention[i]


@kernel
def _write_one(desk, data, table, tags, handles):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The text whose row the desk has; it ends up in the first `position` bytes of `out`."""
    sit_down(desk)
    adopt_voice(desk)
    _put_tail(desk, data, table, tags, handles)
    size, weight = desk.position, desk.weight
    desk.tail[:size] = desk.out[:size]
    desk.position, desk.weight = 0, 0
    if desk.mention >= 0:
        _put_handle(desk, handles, desk.mention)
        put_byte(desk, 32)
    _put_spoken(desk, data, table, LIMIT - weight)
    put(desk, desk.tail, 0, size, weight)


@kernel
def _write_block(pool, keys, rows, tags, handles, first, out, size, entity, named):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    desk = np.zeros(1, DESK)[0]
    desk.text_key[:], desk.voice_key[:], desk.habit_key[:] = keys.text, keys.voice, keys.habit
    for j in range(len(size)):
        _take_row(desk, rows, first + j)
        _write_one(desk, pool.data, pool.table, tags, handles)
        size[j], named[j] = desk.position, desk.named
        out[j, : desk.position] = desk.out[: desk.position]
        entity[j, : desk.named] = desk.entity[: desk.named]


@parallel_kernel
def write_rows(pool, keys, rows, tags, handles, first, out, size, entity, named):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Texts `first`, `first + 1`, ... of a draft into rows of `out` [n, STRIDE]; their entities [n, NAMED_MOST]."""
    for block in prange((len(size) + _BLOCK - 1) // _BLOCK):
        a, b = block * _BLOCK, min(block * _BLOCK + _BLOCK, len(size))
        _write_block(pool, keys, rows, tags, handles, first + a, out[a:b], size[a:b], entity[a:b], named[a:b])


@kernel
def pack(rows, size, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The first `size[j]` values of each row, one row after another."""
    at = 0
    for j in range(len(size)):
        for i in range(size[j]):
            out[at] = rows[j, i]
            at += 1
