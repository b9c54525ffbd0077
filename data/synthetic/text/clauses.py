"""Words and clauses as a person writes them, inside the kernels; `table` is that of `Packed`."""

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
"""Places of a voice: shares of texts or of words, the factor of the length, and uniform numbers that choose."""

ENTITIES, THINGS, DOINGS, TAG_LIST = range(len(TOPICAL_LISTS))
_ADJECTIVES, _INTENSIFIERS, _WHEN = 1, 3, 4
JOINS, FILLERS, LAUGHS, STRETCHES, _PREFIXES, _AFFIXES, _COMPANY, _SYLLABLES, _TAILS, STOPS, EMOJIS = range(
    5, len(WORD_LISTS)
)
FRAMES, REPLIES, CHAT, SPAM, TOXIC = 1, 4, 6, 7, len(CLAUSE_LISTS) - 4
"""Lists of clauses; those by mood are those of mood 0."""

_OWN = 0.6
"""Share of clauses that are an author's favourites rather than everybody's, where the choice is wide."""

_E, _E2, _T, _T2, _D, _A, _X, _W, _N = range(len(SLOTS))
_LANGUAGES, _TOPICS, _WORD_LISTS, _TOPICAL_LISTS, _CLAUSE_LISTS = (
    len(names) for names in (LANGUAGES, TOPIC_NAMES, WORD_LISTS, TOPICAL_LISTS, CLAUSE_LISTS)
)


@kernel
def words(desk, table, which):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """First and one past the last string of a list of the text's language."""
    at = WORDS_AT + 2 * (desk.language * _WORD_LISTS + which)
    return table[at], table[at + 1]


@kernel
def topical(desk, table, which, topic):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """First and one past the last string of a topic's list."""
    at = TOPICAL_AT + 2 * ((desk.language * _TOPICAL_LISTS + which) * _TOPICS + topic)
    return table[at], table[at + 1]


@kernel
def weight_of(table, s):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Weighted length of string `s`."""
    return table[STRINGS_AT + 3 * s + 1]


@kernel
def put_string(desk, data, table, s):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends string `s`."""
    at = STRINGS_AT + 3 * s
    put(desk, data, table[at], table[at + 3], table[at + 1])


@kernel
def pick(desk, span, shift):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A row of a range, the first ones more often; see `rank`."""
    return span[0] + rank(chance(desk), span[1] - span[0], shift)


@kernel
def adopt_voice(desk):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Sets how the text's author writes."""
    v, author = desk.voice, np.uint64(desk.author)
    for block in range(VOICE // 4):
        drawn = philox(np.uint64(block + 1), author, np.uint64(0), np.uint64(0), desk.voice_key[0], desk.voice_key[1])
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
def _habit(desk, what):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A number in [0, 1) that an author always has for the same thing."""
    a, b = np.uint64(desk.author), np.uint64(what)
    return unit(philox(np.uint64(1), a, b, np.uint64(0), desk.habit_key[0], desk.habit_key[1])[0])


@kernel
def _put_word(desk, data, table, s):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A string as the author types it: with a slip, or a lengthened vowel."""
    start = desk.position
    put_string(desk, data, table, s)
    u = chance(desk)
    if u < desk.voice[TYPO]:
        garble(desk, start)
    elif u > 1.0 - desk.voice[STRETCH]:
        lengthen(desk, start)


@kernel
def _other(s, span, last):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A row of a range that is not the one before: the next one instead."""
    return s if s != last else span[0] + (s + 1 - span[0]) % (span[1] - span[0])


@kernel
def _put_entity(desk, data, table, topic):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A name, often one of the author's few favourites of the topic, never the one before again."""
    span = topical(desk, table, ENTITIES, topic)
    loyal, u = chance(desk) < desk.voice[LOYAL], chance(desk)
    if loyal:
        u = _habit(desk, 8 * topic + int(4.0 * u**2))
    # What a text begins with is better known.
    if desk.named == 0:
        u *= 0.65
    s = _other(span[0] + steep_rank(u, span[1] - span[0], 1.5), span, desk.last)
    desk.last = s
    put_string(desk, data, table, s)
    entity = table[STRINGS_AT + 3 * s + 2]
    if entity >= 0 and desk.named < NAMED_MOST:
        desk.entity[desk.named] = entity
        desk.entity_end[desk.named] = desk.position
        desk.named += 1


@kernel
def _put_slot(desk, data, table, slot, topic, mood):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    desk.told += _T <= slot <= _D
    if slot <= _E2:
        _put_entity(desk, data, table, topic)
    elif slot <= _T2:
        if chance(desk) < 0.04:
            put_string(desk, data, table, pick(desk, words(desk, table, _PREFIXES), 8.0))
        span = topical(desk, table, THINGS, topic)
        desk.last_thing = _other(pick(desk, span, 3.0), span, desk.last_thing)
        _put_word(desk, data, table, desk.last_thing)
        if chance(desk) < 0.04:
            put_string(desk, data, table, pick(desk, words(desk, table, _AFFIXES), 6.0))
    elif slot == _D:
        _put_word(desk, data, table, pick(desk, topical(desk, table, DOINGS, topic), 3.0))
    elif slot == _N:
        common = chance(desk) < 0.6
        u = chance(desk)
        put_number(desk, 1 + int(40.0 * u**2 if common else np.exp(11.0 * u)))
    else:
        which = _ADJECTIVES + mood if slot == _A else _INTENSIFIERS if slot == _X else _WHEN
        _put_word(desk, data, table, pick(desk, words(desk, table, which), 4.0))


@kernel
def put_clause(desk, data, table, which, topic, mood, shift):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A clause of a list; see `rank` for `shift`. Many are counted from a place of the author's own."""
    at = CLAUSES_AT + 2 * (desk.language * _CLAUSE_LISTS + which)
    first, n = table[at], table[at + 1] - table[at]
    clause = rank(chance(desk), n, shift)
    if chance(desk) < _OWN * shift / (shift + 4.0):
        clause = (clause + int(desk.voice[PHRASE] * n)) % n
    starts = table[0] + first + clause
    for i in range(table[1] + table[starts], table[1] + table[starts + 1]):
        token = table[i]
        if token >= 0:
            _put_word(desk, data, table, token)
        else:
            _put_slot(desk, data, table, -1 - token, topic, mood)
    if chance(desk) < desk.voice[FRIENDS]:
        _put_friend(desk, data, table)


@kernel
def _put_friend(desk, data, table):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Somebody of the author's own circle, whom no list knows."""
    span = words(desk, table, _COMPANY)
    company = span[0] + 2 * rank(chance(desk), (span[1] - span[0]) // 2, 2.0)
    put_string(desk, data, table, company)
    start, u = desk.position, chance(desk)
    # Most often one of a few friends; now and then somebody who is not heard of again.
    one = 1000 + 4 * int(40.0 * (u / 0.6) ** 3 if u < 0.6 else 1e6 * u)
    syllables, tails = words(desk, table, _SYLLABLES), words(desk, table, _TAILS)
    for i in range(3):
        u = _habit(desk, one + i) * (1.0 + 0.5 * i)
        if u < 1.0:
            put_string(desk, data, table, syllables[0] + int(u * (syllables[1] - syllables[0])))
    put_string(desk, data, table, tails[0] + int(_habit(desk, one + 3) * (tails[1] - tails[0])))
    upper(desk.out, start, start + 1)
    put_string(desk, data, table, company + 1)
