"""Words and clauses as an author writes them, inside the kernels; `pool` is a `Packed`."""

from __future__ import annotations

import numpy as np

from data.kernel import kernel
from data.rng import philox, unit
from data.synthetic.text.buffer import (
    NAMED_MOST,
    VOICE,
    chance,
    garble,
    lengthen,
    put,
    put_number,
    rank,
    steep_rank,
    upper,
)
from data.synthetic.text.languages import LANGUAGES, TOPIC_NAMES
from data.synthetic.text.languages.language import SLOTS
from data.synthetic.text.lexicon import (
    CLAUSE_LISTS,
    CLAUSES_AT,
    STRINGS_AT,
    TOPICAL_AT,
    TOPICAL_LISTS,
    WORD_LISTS,
    WORDS_AT,
)

(
    LOWER, BARE, STOP, SHOUT, EMOJI, TYPO, STRETCH, FILLER, TAGS, LENGTH, LOYAL, ASIDE, LAUGH, PHRASE, FRIENDS,
    SENTENCES, MARKS, MARKS_2, MARKS_3, SAYS, SAYS_2, SAYS_3,
) = range(22)  # fmt: skip
"""Places in a voice, the array of numbers that say how an author writes: shares of texts or of words, the factor of the
length, and uniform numbers that choose."""

ENTITIES, THINGS, ACTIVITIES, TAG_LIST = range(len(TOPICAL_LISTS))
_ADJECTIVES, _INTENSIFIERS, _WHEN = 1, 3, 4
JOINS, FILLERS, LAUGHS, STRETCHES, _PREFIXES, _AFFIXES, _COMPANY, _SYLLABLES, _TAILS, STOPS, EMOJIS = range(
    5, len(WORD_LISTS)
)
FRAMES, REPLIES, CHAT, SPAM, TOXIC = 1, 4, 6, 7, len(CLAUSE_LISTS) - 4
"""Lists of clauses; those by mood are those of mood 0."""

_OWN = 0.6
"""Share of clauses that are an author's favourites rather than common to all authors, where the choice is wide."""

_E, _E2, _T, _T2, _D, _A, _X, _W, _N = range(len(SLOTS))
_LANGUAGES, _TOPICS, _WORD_LISTS, _TOPICAL_LISTS, _CLAUSE_LISTS = (
    len(names) for names in (LANGUAGES, TOPIC_NAMES, WORD_LISTS, TOPICAL_LISTS, CLAUSE_LISTS)
)


@kernel
def words(buffer, pool, which):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """First and one past the last string of a list of the text's language."""
    at = WORDS_AT + 2 * (buffer.language * _WORD_LISTS + which)
    return pool.table[at], pool.table[at + 1]


@kernel
def topical(buffer, pool, which, topic):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """First and one past the last string of a topic's list."""
    at = TOPICAL_AT + 2 * ((buffer.language * _TOPICAL_LISTS + which) * _TOPICS + topic)
    return pool.table[at], pool.table[at + 1]


@kernel
def weight_of(pool, s):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Weighted length of string `s`."""
    return pool.table[STRINGS_AT + 3 * s + 1]


@kernel
def put_string(buffer, pool, s):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends string `s`."""
    at = STRINGS_AT + 3 * s
    put(buffer, pool.data, pool.table[at], pool.table[at + 3], pool.table[at + 1])


@kernel
def pick(buffer, span, shift):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A row of a range, the first ones more often; see `rank`."""
    return span[0] + rank(chance(buffer), span[1] - span[0], shift)


@kernel
def adopt_voice(buffer):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Sets how the text's author writes."""
    v, author = buffer.voice, np.uint64(buffer.author)
    for block in range(VOICE // 4):
        drawn = philox(
            np.uint64(block + 1), author, np.uint64(0), np.uint64(0), buffer.voice_key[0], buffer.voice_key[1]
        )
        for i in range(4):
            v[4 * block + i] = unit(drawn[i])
    v[STOP] = 0.7 * v[STOP] ** 2
    v[SHOUT] = 0.5 * v[SHOUT] ** 4
    v[EMOJI] = 0.7 * v[EMOJI] ** 3
    v[TYPO] = 0.45 * v[TYPO] ** 3
    v[STRETCH] = 0.06 * v[STRETCH] ** 3
    v[FILLER] = 0.5 * v[FILLER] ** 2
    v[TAGS] = 3.0 * v[TAGS] ** 2
    # Log-logistic, about as wide as a log-normal of 0.22.
    v[LENGTH] = (v[LENGTH] / (1.0 - v[LENGTH]) + 1e-9) ** 0.12
    v[LOYAL] = 0.6 * v[LOYAL]
    v[ASIDE] = 0.2 * v[ASIDE]
    v[LAUGH] = 0.2 * v[LAUGH] ** 2
    v[FRIENDS] = 0.4 * v[FRIENDS] ** 2


@kernel
def _habit(buffer, what):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A number in [0, 1) that an author always has for the same thing."""
    a, b = np.uint64(buffer.author), np.uint64(what)
    return unit(philox(np.uint64(1), a, b, np.uint64(0), buffer.habit_key[0], buffer.habit_key[1])[0])


@kernel
def _put_word(buffer, pool, s):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A string as the author types it: perhaps with a typing error, or a lengthened vowel."""
    start = buffer.position
    put_string(buffer, pool, s)
    u = chance(buffer)
    if u < buffer.voice[TYPO]:
        garble(buffer, start)
    elif u > 1.0 - buffer.voice[STRETCH]:
        lengthen(buffer, start)


@kernel
def _other(s, span, last):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """`s`, or where that is the last one used, the row of the range after it."""
    return s if s != last else span[0] + (s + 1 - span[0]) % (span[1] - span[0])


@kernel
def _put_entity(buffer, pool, topic):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A name, often one of the author's few favourites of the topic, never the one before again."""
    span = topical(buffer, pool, ENTITIES, topic)
    loyal, u = chance(buffer) < buffer.voice[LOYAL], chance(buffer)
    if loyal:
        u = _habit(buffer, 8 * topic + int(4.0 * u**2))
    # What a text begins with is better known.
    if buffer.named == 0:
        u *= 0.65
    s = _other(span[0] + steep_rank(u, span[1] - span[0], 1.5), span, buffer.last)
    buffer.last = s
    put_string(buffer, pool, s)
    entity = pool.table[STRINGS_AT + 3 * s + 2]
    if entity >= 0 and buffer.named < NAMED_MOST:
        buffer.entity[buffer.named] = entity
        buffer.entity_end[buffer.named] = buffer.position
        buffer.named += 1


@kernel
def _put_slot(buffer, pool, slot, topic, mood):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    buffer.topical_words += _T <= slot <= _D
    if slot <= _E2:
        _put_entity(buffer, pool, topic)
    elif slot <= _T2:
        if chance(buffer) < 0.04:
            put_string(buffer, pool, pick(buffer, words(buffer, pool, _PREFIXES), 8.0))
        span = topical(buffer, pool, THINGS, topic)
        buffer.last_thing = _other(pick(buffer, span, 3.0), span, buffer.last_thing)
        _put_word(buffer, pool, buffer.last_thing)
        if chance(buffer) < 0.04:
            put_string(buffer, pool, pick(buffer, words(buffer, pool, _AFFIXES), 6.0))
    elif slot == _D:
        _put_word(buffer, pool, pick(buffer, topical(buffer, pool, ACTIVITIES, topic), 3.0))
    elif slot == _N:
        common = chance(buffer) < 0.6
        u = chance(buffer)
        put_number(buffer, 1 + int(40.0 * u**2 if common else np.exp(11.0 * u)))
    else:
        which = _ADJECTIVES + mood if slot == _A else _INTENSIFIERS if slot == _X else _WHEN
        _put_word(buffer, pool, pick(buffer, words(buffer, pool, which), 4.0))


@kernel
def put_clause(buffer, pool, which, topic, mood, shift):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A clause of a list; see `rank` for `shift`. Many are counted from a place of the author's own."""
    at = CLAUSES_AT + 2 * (buffer.language * _CLAUSE_LISTS + which)
    first, n = pool.table[at], pool.table[at + 1] - pool.table[at]
    clause = rank(chance(buffer), n, shift)
    if chance(buffer) < _OWN * shift / (shift + 4.0):
        clause = (clause + int(buffer.voice[PHRASE] * n)) % n
    starts = pool.clause_starts_at + first + clause
    for i in range(pool.tokens_at + pool.table[starts], pool.tokens_at + pool.table[starts + 1]):
        token = pool.table[i]
        if token >= 0:
            _put_word(buffer, pool, token)
        else:
            _put_slot(buffer, pool, -1 - token, topic, mood)
    if chance(buffer) < buffer.voice[FRIENDS]:
        _put_friend(buffer, pool)


@kernel
def _put_friend(buffer, pool):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The nickname of one of the author's friends, who is in no list."""
    span = words(buffer, pool, _COMPANY)
    company = span[0] + 2 * rank(chance(buffer), (span[1] - span[0]) // 2, 2.0)
    put_string(buffer, pool, company)
    start, u = buffer.position, chance(buffer)
    # Most often one of a few friends; sometimes one who is not named again.
    one = 1000 + 4 * int(40.0 * (u / 0.6) ** 3 if u < 0.6 else 1e6 * u)
    syllables, tails = words(buffer, pool, _SYLLABLES), words(buffer, pool, _TAILS)
    for i in range(3):
        u = _habit(buffer, one + i) * (1.0 + 0.5 * i)
        if u < 1.0:
            put_string(buffer, pool, syllables[0] + int(u * (syllables[1] - syllables[0])))
    put_string(buffer, pool, tails[0] + int(_habit(buffer, one + 3) * (tails[1] - tails[0])))
    upper(buffer.out, start, start + 1)
    put_string(buffer, pool, company + 1)
