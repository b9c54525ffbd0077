"""The kernel that writes texts: bodies from clauses in a person's voice, then hashtags, mentions and links."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange

from data.batch import I64
from data.kernel import kernel, parallel_kernel
from data.rng import U64
from data.synthetic.text.buffer import (
    BUFFER,
    chance,
    clear,
    cut,
    lower,
    open_ended,
    put,
    put_byte,
    put_number,
    put_squeezed,
    rank,
    sentence_case,
    upper,
    without_accents,
    without_apostrophes,
)
from data.synthetic.text.clauses import (
    ACTIVITIES,
    ASIDE,
    BAIT,
    BARE,
    CARE,
    CHAT,
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
    NEXT,
    OUTRAGE,
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
    USEFUL,
    adopt_voice,
    pick,
    put_clause,
    put_string,
    take_up,
    topical,
    weight_of,
    words,
)
from data.synthetic.text.lexicon import ACCENTS_AT, I32, RULED_AT, STRING, STRINGS_AT, U8
from data.synthetic.text.rules import HELD, LAX, MOOD, REF, SAY, SUBJ
from data.tweet_text import MAX_WEIGHTED_LENGTH as LIMIT
from data.tweet_text import URL_WEIGHT

TAGGED = 0.1
"""Share of texts with a hashtag of their own; with those that bursts add it is 12.8% of what people write."""
SECOND_TAG, THIRD_TAG = 0.213, 0.074
"""Of texts with a hashtag, those with two or more, and with three or more."""
LINKED, MENTIONED = 0.07, 0.06
"""Shares of originals with a link, and with a mention of another user."""
SHORTEST, MEAN = -12.0, 70.0
"""An original's intended length is SHORTEST plus an exponential number of this mean, times the author's length; a text
has one clause at least."""
ANSWER = 0.9
"""An answer's intended length to an original's."""
BROKEN = 25
"""Characters over the limit that must be intended for a text to be trimmed to the limit itself; one in a hundred."""

PLAIN = 0.5
"""Bait, outrage and usefulness that show in the words are above this."""

ONE_SENTENCE, ONE_LENGTH = 0.37, 27.0
"""Share of texts that are to be one short sentence where clauses are built from rules, and their intended length."""
MORE, SCALE, SHAPE, TOO_LONG, BROKEN_RULED = 62.0, 49.0, 1.17, 14, -6
"""There the others' intended length is MORE plus a Weibull number of this scale and shape; a clause is drawn again that
makes the text longer than intended by more than TOO_LONG; BROKEN_RULED is BROKEN there."""

_HALF_SENTENCE = 26
_HALF_CLAUSE = 26
"""Characters that may be missing of the intended length without another clause."""
_PLAIN = 0.9
"""Share of originals that begin with a thing or an activity of the topic, not only with a name or neither."""
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


class Strings(NamedTuple):
    """Strings that a world adds: handles, or hashtags of bursts; UTF-8, one after another."""

    data: U8
    start: I64
    """[n + 1]"""
    weight: I32
    """[n]"""


@kernel
def _listed(buffer, count, mood, ruled):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The list of clauses that clause number `count` is of."""
    style, u = buffer.style, chance(buffer)
    if style == _SPAMMING:
        return SPAM if ruled or count == 0 or u < 0.4 else FRAMES + mood
    if ruled and (count == 0 or (count == 1 and u < 0.4)):
        if buffer.bait > PLAIN:
            return BAIT
        if buffer.outrage > PLAIN and buffer.toxicity == 0:
            return OUTRAGE
        if buffer.useful > PLAIN:
            return USEFUL
    which = NEXT + mood if ruled and count > 0 and u > 0.3 else FRAMES + mood
    if style == _SMALL_TALK or (count > 0 and u < buffer.voice[ASIDE]):
        which = CHAT
    elif style == _ANSWER and count == 0 and u < (0.85 if ruled else 0.6):
        which = REPLIES + mood
    return which


@kernel
def _put_next(buffer, pool, count, toxic_at, brief, ruled):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Clause number `count` of a text, most often a short one where it is to be `brief`."""
    topic, mood = buffer.topic, buffer.mood
    if count > 0:
        topic = topic if chance(buffer) < buffer.share else buffer.second
        mood = mood if chance(buffer) < 0.7 else 0
    which = TOXIC + buffer.toxicity - 1 if count == toxic_at else _listed(buffer, count, mood, ruled)
    buffer.brief = brief
    buffer.registers[MOOD], buffer.registers[SUBJ] = mood + 1, 0
    put_clause(buffer, pool, which, topic, mood, 0.8 if brief else 16.0)


@kernel
def _put_body(buffer, pool, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Clauses up to the intended length and no heavier than `room` in all; one that does not fit is drawn again."""
    begin, ruled = buffer.position, pool.table[RULED_AT + buffer.language] == 1
    buffer.begin = begin
    wanted = _intended(buffer, ruled)
    full = wanted > LIMIT + (BROKEN_RULED if ruled else BROKEN)
    toxic_at = -1 if buffer.toxicity == 0 else int(2.0 * chance(buffer))
    least = 2 if toxic_at == 1 or (buffer.share < 1.0 and not ruled and chance(buffer) < 0.5) else 1
    plain = buffer.style == _ORIGINAL and toxic_at != 0 and chance(buffer) < _PLAIN and not ruled
    count, failed, r = 0, 0, buffer.registers
    half = _HALF_SENTENCE if ruled else _HALF_CLAUSE
    while failed < 4 and (count < least or buffer.weight + half < wanted):
        position, weight, named = buffer.position, buffer.weight, buffer.named
        held, refers, says, last = r[HELD], r[REF], r[SAY], buffer.last_named
        if count > 0:
            # A joining word between clauses; after a clause that ends with a mark, only a space.
            if open_ended(buffer, begin):
                put_string(buffer, pool, pick(buffer, words(buffer, pool, JOINS), 4.0))
            else:
                put_byte(buffer, 32)
        _put_next(buffer, pool, count, toxic_at, wanted - buffer.weight < 1.7 * half, ruled)
        # A sentence much longer than the text was to be is said otherwise.
        long = ruled and failed < 3 and count != toxic_at and buffer.weight > wanted + TOO_LONG
        if buffer.weight <= room and not long and not (plain and count == 0 and buffer.topical_words == 0):
            count += 1
        elif full and count >= least and cut(buffer, position, room):
            break
        else:
            buffer.position, buffer.weight, buffer.named = position, weight, named
            r[HELD], r[REF], r[SAY] = held, refers, says
            buffer.last_named, buffer.article = last, 0
            failed += 1
            plain = plain and failed < 3
    for _ in range(min(room - buffer.weight, 3) if full else 0):
        put_byte(buffer, 46)


@kernel
def _intended(buffer, ruled):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """An intended length in characters."""
    u = -np.log1p(-chance(buffer))
    if not ruled:
        wanted = SHORTEST + MEAN * u
    elif chance(buffer) < ONE_SENTENCE:
        wanted = ONE_LENGTH
    else:
        wanted = MORE + SCALE * u ** (1.0 / SHAPE)
    wanted *= buffer.voice[LENGTH]
    return wanted * ANSWER if buffer.style == _ANSWER and not ruled else wanted


@kernel
def _put_filler(buffer, pool, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """One of the author's own fillers, if there is room for it and a space."""
    first, last = words(buffer, pool, FILLERS)
    s = first + int(buffer.voice[SAYS + int(3.0 * chance(buffer))] * (last - first))
    if buffer.weight + 1 + weight_of(pool, s) <= room:
        put_string(buffer, pool, s)
        return True
    return False


@kernel
def _put_spoken(buffer, pool, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A body in the author's voice: fillers, capitals, marks, laughter, emoji."""
    v, begin, u = buffer.voice, buffer.position, chance(buffer)
    if u < 0.5 * v[FILLER] and _put_filler(buffer, pool, room):
        put_byte(buffer, 32)
    _put_body(buffer, pool, room)
    if 0.5 * v[FILLER] <= u < v[FILLER]:
        put_byte(buffer, 32)
        if not _put_filler(buffer, pool, room):
            buffer.position -= 1
            buffer.weight -= 1
    if v[LOWER] < 0.35:
        lower(buffer.out, begin, buffer.position)
    else:
        sentence_case(buffer.out, begin, buffer.position, v[SENTENCES] < 0.6)
    if pool.table[RULED_AT + buffer.language] and v[BARE] < 0.15:
        without_apostrophes(buffer, begin)
    if pool.table[ACCENTS_AT + buffer.language] and v[BARE] < 0.155:
        without_accents(buffer, begin)
    end = chance(buffer)
    if end < v[SHOUT]:
        if chance(buffer) < 0.1:
            upper(buffer.out, begin, buffer.position)
        for _ in range(min(1 + int(4.0 * chance(buffer) ** 3), room - buffer.weight)):
            put_byte(buffer, 33)
    elif end < v[SHOUT] + v[STOP] and open_ended(buffer, begin):
        _put_times(buffer, pool, words(buffer, pool, STOPS)[0], 1, room)
    _put_marks(buffer, pool, room)


@kernel
def _put_times(buffer, pool, s, times, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A string repeated `times` times, or as often as there is room."""
    for _ in range(min(times, (room - buffer.weight) // weight_of(pool, s))):
        put_string(buffer, pool, s)


@kernel
def _put_marks(buffer, pool, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Stretched ends, laughter, keys hit at random, emoji."""
    v = buffer.voice
    first, last = words(buffer, pool, STRETCHES)
    if last > first and chance(buffer) < 6.0 * v[STRETCH]:
        s = pick(buffer, (first, last), 1.0)
        _put_times(buffer, pool, s, 1 + int(5.0 * chance(buffer) ** 2), room)
    u = chance(buffer)
    if u < v[LAUGH] and buffer.weight + 5 <= room:
        put_byte(buffer, 32)
        s = pick(buffer, words(buffer, pool, LAUGHS), 0.7)
        _put_times(buffer, pool, s, 2 + int(8.0 * chance(buffer) ** 2), room)
    elif u > 0.996 and buffer.weight + 14 <= room:
        put_byte(buffer, 32)
        for _ in range(4 + int(8.0 * chance(buffer))):
            put_byte(buffer, _MASH[int(9.0 * chance(buffer))])
    if chance(buffer) < v[EMOJI] and buffer.weight + 3 <= room:
        put_byte(buffer, 32)
        first, last = words(buffer, pool, EMOJIS)
        s = first + rank(v[MARKS + int(3.0 * chance(buffer))], last - first, 2.0)
        _put_times(buffer, pool, s, 1 + int(3.0 * chance(buffer) ** 3), room)


@kernel
def _put_tag(buffer, pool):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A space and a hashtag on the topic: a listed one, or one made of a name or a thing."""
    put_byte(buffer, 32)
    put_byte(buffer, 35)
    start, weight = buffer.position, buffer.weight
    if chance(buffer) < 0.5:
        _put_squeezed_one(buffer, pool, ENTITIES if chance(buffer) < 0.5 else THINGS)
        u = chance(buffer)
        if u < 0.3:
            put_number(buffer, 2020 + int(50.0 * u) if u < 0.14 else 1 + int(99.0 * chance(buffer)))
        elif u < 0.7:
            _put_squeezed_one(buffer, pool, THINGS if u < 0.6 else ACTIVITIES)
    if buffer.position < start + 3:
        buffer.position, buffer.weight = start, weight
        put_string(buffer, pool, pick(buffer, topical(buffer, pool, TAG_LIST, buffer.topic), 3.0))


@kernel
def _put_squeezed_one(buffer, pool, which):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends one of the topic's strings of a list as a hashtag."""
    at = STRINGS_AT + STRING * pick(buffer, topical(buffer, pool, which, buffer.topic), 3.0)
    put_squeezed(buffer, pool.data, pool.table[at], pool.table[at + STRING])


@kernel
def _put_handle(buffer, handles, row):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends @ and a handle."""
    put_byte(buffer, 64)
    put(buffer, handles.data, handles.start[row], handles.start[row + 1], handles.weight[row])


@kernel
def _put_tail(buffer, pool, tags, handles):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A mention of another user, hashtags and a link, each after a space."""
    style, tag, people = buffer.style, buffer.tag, len(handles.weight)
    spam = style == _SPAMMING
    if style == _ORIGINAL and buffer.mention < 0 and people > 0 and chance(buffer) < MENTIONED:
        put_byte(buffer, 32)
        _put_handle(buffer, handles, int(chance(buffer) ** 2 * people))
    if tag >= 0:
        put_byte(buffer, 32)
        put_byte(buffer, 35)
        put(buffer, tags.data, tags.start[tag], tags.start[tag + 1], tags.weight[tag])
    if tag >= 0 or chance(buffer) < TAGGED * buffer.voice[TAGS] * (3.0 if spam else 1.0):
        u = chance(buffer)
        count = 1 if u >= SECOND_TAG else 2 if u >= THIRD_TAG else 3 + int(3.0 * chance(buffer) ** 2)
        for _ in range(count - (tag >= 0)):
            if buffer.weight < LIMIT // 3:
                _put_tag(buffer, pool)
    if chance(buffer) < (0.8 if spam else LINKED if style == _ORIGINAL else 0.4 * LINKED):
        put(buffer, _LINK, 0, len(_LINK), 1 + URL_WEIGHT)
        for _ in range(10):
            put_byte(buffer, _CODE[int(62.0 * chance(buffer))])
        buffer.weight -= 10


@kernel
def _take_row(buffer, draft, i):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    buffer.author, buffer.key, buffer.language = draft.author[i], draft.key[i], draft.language[i]
    buffer.topic, buffer.second, buffer.share = draft.topic[i, 0], draft.topic[i, 1], draft.share[i]
    buffer.mood, buffer.toxicity, buffer.style = draft.sentiment[i], draft.toxicity[i], draft.style[i]
    buffer.tag, buffer.mention = draft.tag[i], draft.mention[i]
    buffer.bait, buffer.outrage, buffer.useful = draft.bait[i], draft.outrage[i], draft.usefulness[i]
    buffer.about = draft.about[i]


@kernel
def _write_one(buffer, pool, tags, handles):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Writes the text of the row that the buffer has, into the first `position` bytes of `out`."""
    clear(buffer)
    adopt_voice(buffer)
    care = buffer.voice[CARE]
    buffer.registers[LAX] = 0 if care < 0.62 else 1 if care < 0.86 else 2
    if buffer.about >= 0 and pool.table[RULED_AT + buffer.language]:
        take_up(buffer, pool, buffer.about)
    _put_tail(buffer, pool, tags, handles)
    size, weight = buffer.position, buffer.weight
    buffer.tail[:size] = buffer.out[:size]
    buffer.position, buffer.weight = 0, 0
    if buffer.mention >= 0:
        _put_handle(buffer, handles, buffer.mention)
        put_byte(buffer, 32)
    _put_spoken(buffer, pool, LIMIT - weight)
    put(buffer, buffer.tail, 0, size, weight)


@kernel
def _write_block(pool, keys, draft, tags, handles, first, out, size, entity, named):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    buffer = np.zeros(1, BUFFER)[0]
    buffer.text_key[:], buffer.voice_key[:], buffer.habit_key[:] = keys.text, keys.voice, keys.habit
    for j in range(len(size)):
        _take_row(buffer, draft, first + j)
        _write_one(buffer, pool, tags, handles)
        size[j], named[j] = buffer.position, buffer.named
        out[j, : buffer.position] = buffer.out[: buffer.position]
        entity[j, : buffer.named] = buffer.entity[: buffer.named]


@parallel_kernel
def write_rows(pool, keys, draft, tags, handles, first, out, size, entity, named):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Texts `first`, `first + 1`, ... of a draft into rows of `out` [n, STRIDE]; their entities [n, NAMED_MOST]."""
    for block in prange((len(size) + _BLOCK - 1) // _BLOCK):
        a, b = block * _BLOCK, min(block * _BLOCK + _BLOCK, len(size))
        _write_block(pool, keys, draft, tags, handles, first + a, out[a:b], size[a:b], entity[a:b], named[a:b])
