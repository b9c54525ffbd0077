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
    put_byte,
    put_number,
    rank,
    steep_rank,
    upper,
)
from data.synthetic.text.languages import LANGUAGES, PARENT, TOPIC_NAMES
from data.synthetic.text.languages.grammar import SUBJECTS
from data.synthetic.text.languages.language import SLOTS
from data.synthetic.text.lexicon import (
    CLAUSE_LISTS,
    CLAUSES_AT,
    RULED_AT,
    STRING,
    STRINGS_AT,
    TOPICAL_AT,
    TOPICAL_LISTS,
    WORD_LISTS,
    WORDS_AT,
)
from data.synthetic.text.rules import HELD, LAST, MAYBE, REF, RULE, SAY, SUBJ, SUBJECT, SWITCH

(
    LOWER, BARE, STOP, SHOUT, EMOJI, TYPO, STRETCH, FILLER, TAGS, LENGTH, LOYAL, ASIDE, LAUGH, PHRASE, FRIENDS,
    SENTENCES, MARKS, MARKS_2, MARKS_3, SAYS, SAYS_2, SAYS_3, CARE,
) = range(23)  # fmt: skip
"""Places in a voice, the array of numbers that say how an author writes: shares of texts or of words, the factor of the
length, and uniform numbers that choose."""

ENTITIES, THINGS, ACTIVITIES, TAG_LIST, _BASE, _PAST = range(len(TOPICAL_LISTS))
_ADJECTIVES, _INTENSIFIERS, _WHEN = 1, 3, 4
JOINS, FILLERS, LAUGHS, STRETCHES, _PREFIXES, _AFFIXES, _COMPANY, _SYLLABLES, _TAILS, STOPS, EMOJIS = range(
    5, len(WORD_LISTS)
)
FRAMES, REPLIES, CHAT, SPAM, TOXIC, NEXT, BAIT, OUTRAGE, USEFUL = 1, 4, 6, 7, 8, 13, 15, 16, 17
"""Lists of clauses; those by mood are those of mood 0."""

TYPO_PER_BYTE = 0.022
"""Of the chance of a typing error in a clause, what each byte of it adds where clauses are built from rules."""

_HABIT = 0.2
"""Share of a rule's choices that fall near the author's own."""

_OWN = 0.6
"""Share of clauses that are an author's favourites rather than common to all authors, where the choice is wide."""

(
    _E, _E2, _T, _T2, _D, _A, _X, _W, _N, _ENTITY_SUBJECT, _THING_SUBJECT, _HE_SLOT, _AGAIN, _TO_DO, _DID, _AN, _N12,
    _N99, _FRIEND,
) = range(len(SLOTS))  # fmt: skip
_HE, _IT, _MANY = (SUBJECTS.index(name) for name in ("he", "it", "they"))
_GROUP = PARENT
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
    return pool.table[STRINGS_AT + STRING * s + 1]


@kernel
def put_string(buffer, pool, s):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Appends string `s`, with one blank between words and none before a mark."""
    at = STRINGS_AT + STRING * s
    first, last, weight = pool.table[at], pool.table[at + STRING], pool.table[at + 1]
    if last == first:
        return
    start, byte = buffer.position, pool.data[first]
    before = buffer.out[start - 1] if start > buffer.begin else 32
    if byte == 32 and before in (32, 10):
        first += 1
        weight -= 1
    elif before == 32 and start > buffer.begin and byte in (44, 46, 33, 63, 39):
        buffer.position -= 1
        buffer.weight -= 1
    if buffer.article and last > first:
        _put_article(buffer, pool.data, first + (pool.data[first] == 32), last)
    put(buffer, pool.data, first, last, weight)


@kernel
def _put_article(buffer, data, first, last):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The n of "an", if the word from `first` on asks for it; a word that is empty leaves the article waiting."""
    if first == last:
        return
    buffer.article = 0
    byte = data[first] | 32
    if last > first + 2:
        second, third = data[first + 1], data[first + 2]
        silent = byte == 104 and second == 111 and third in (117, 110)
        said = (byte == 117 and second == 110 and third == 105) or (byte == 117 and second == 115)
        said = said or (byte == 111 and second == 110 and third == 101) or (byte == 101 and second == 117)
    else:
        silent, said = False, False
    vowel = byte in (97, 101, 105, 111, 117)
    if silent or (vowel and not said):
        at = buffer.position
        if at > 0 and buffer.out[at - 1] == 32:
            buffer.out[at - 1] = 110
            put_byte(buffer, 32)
        else:
            put_byte(buffer, 110)


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
    # Odd, so that its multiples by a rule's number differ.
    buffer.own = np.uint64(v[PHRASE] * 2.0**52) << np.uint64(8) | np.uint64(1)
    v[STOP] = 0.7 * v[STOP] ** 2
    v[SHOUT] = 0.5 * v[SHOUT] ** 4
    v[EMOJI] = 0.7 * v[EMOJI] ** 3
    v[TYPO] = 0.45 * v[TYPO] ** 3
    v[STRETCH] = 0.06 * v[STRETCH] ** 3
    v[FILLER] = 0.3 * v[FILLER] ** 3
    v[TAGS] = 3.0 * v[TAGS] ** 2
    # Log-logistic, about as wide as a log-normal of 0.22.
    v[LENGTH] = (v[LENGTH] / (1.0 - v[LENGTH]) + 1e-9) ** 0.12
    v[LOYAL] = 0.6 * v[LOYAL]
    v[ASIDE] = 0.2 * v[ASIDE]
    v[LAUGH] = 0.2 * v[LAUGH] ** 2
    v[FRIENDS] = 0.25 * v[FRIENDS] ** 2


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
    buffer.last_word = s
    size = buffer.position - start
    typo = buffer.voice[TYPO]
    if pool.table[RULED_AT + buffer.language]:
        # Words come in small pieces there, most of which an author types often.
        if size < 4:
            return
        typo *= min(size, 30) * TYPO_PER_BYTE
        start += buffer.out[start] == 32
    u = chance(buffer)
    if u < typo:
        garble(buffer, start)
    elif u > 1.0 - buffer.voice[STRETCH]:
        lengthen(buffer, start)


@kernel
def _spoken_of(buffer, pool):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The subject that the words last written are: they or it."""
    return _MANY if pool.table[STRINGS_AT + STRING * buffer.last_word + 3] == 3 else _IT


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
    ruled = pool.table[RULED_AT + buffer.language] == 1
    if buffer.named == 0:
        u *= 1.0 if ruled else 0.65
    s = _other(span[0] + steep_rank(u, span[1] - span[0], 12.0 if ruled else 1.5), span, buffer.last)
    buffer.last = s
    _put_name(buffer, pool, s, topic)


@kernel
def _put_name(buffer, pool, s, topic):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """An entity's string, of which the text may go on to speak."""
    put_string(buffer, pool, s)
    at = STRINGS_AT + STRING * s
    entity = pool.table[at + 2]
    if entity >= 0 and buffer.named < NAMED_MOST:
        buffer.entity[buffer.named] = entity
        buffer.entity_end[buffer.named] = buffer.position
        buffer.named += 1
    buffer.last_named, buffer.last_word = s, s
    r = buffer.registers
    r[REF], r[HELD], r[SAY] = pool.table[at + 3], 1, 4 * _GROUP[topic] + pool.table[at + 4]


@kernel
def take_up(buffer, pool, entity):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Begins a text that answers one that names an entity: it may be spoken of without its name."""
    s = pool.table[pool.entities_at + entity]
    at, r = STRINGS_AT + STRING * s, buffer.registers
    buffer.last_named = s
    r[REF], r[HELD], r[SAY] = pool.table[at + 3], 1, 4 * _GROUP[buffer.topic] + pool.table[at + 4]


@kernel
def _as_subject(buffer, spoken):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """What was named last is what verbs agree with; an organisation acts as one where it is not spoken of as they."""
    r = buffer.registers
    many = r[REF] == 3 and (spoken or r[HELD] == 2)
    r[SUBJ] = _MANY if many else _IT if r[REF] == 3 else _HE + r[REF]


@kernel
def _put_thing(buffer, pool, topic):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    if chance(buffer) < 0.03:
        put_string(buffer, pool, pick(buffer, words(buffer, pool, _PREFIXES), 8.0))
    span = topical(buffer, pool, THINGS, topic)
    buffer.last_thing = _other(pick(buffer, span, 3.0), span, buffer.last_thing)
    _put_word(buffer, pool, buffer.last_thing)
    if chance(buffer) < 0.03:
        put_string(buffer, pool, pick(buffer, words(buffer, pool, _AFFIXES), 6.0))
    buffer.registers[REF], buffer.registers[HELD] = pool.table[STRINGS_AT + STRING * buffer.last_thing + 3], 2


@kernel
def _put_again(buffer, pool, topic):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    if buffer.last_named >= 0:
        _put_name(buffer, pool, buffer.last_named, topic)
    else:
        _put_entity(buffer, pool, topic)


@kernel
def _put_slot(buffer, pool, slot, topic, mood):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    if slot == _ENTITY_SUBJECT or slot <= _E2:
        _put_entity(buffer, pool, topic)
    elif slot <= _T2 or slot == _THING_SUBJECT:
        buffer.topical_words += 1
        _put_thing(buffer, pool, topic)
    elif slot in (_D, _TO_DO, _DID):
        buffer.topical_words += 1
        which = ACTIVITIES if slot == _D else _BASE if slot == _TO_DO else _PAST
        _put_word(buffer, pool, pick(buffer, topical(buffer, pool, which, topic), 3.0))
    elif slot == _N:
        common = chance(buffer) < 0.6
        u = chance(buffer)
        put_number(buffer, 1 + int(40.0 * u**2 if common else np.exp(11.0 * u)))
    elif slot in (_N12, _N99):
        u = chance(buffer)
        put_number(buffer, 1 + int(12.0 * u) if slot == _N12 else 2 + int(98.0 * u**2))
    elif slot == _AN:
        put_byte(buffer, 97)
        buffer.article = 1
    elif slot == _AGAIN:
        _put_again(buffer, pool, topic)
    elif slot == _FRIEND:
        _put_nickname(buffer, pool)
    elif slot != _HE_SLOT:
        which = _ADJECTIVES + mood if slot == _A else _INTENSIFIERS if slot == _X else _WHEN
        _put_word(buffer, pool, pick(buffer, words(buffer, pool, which), 4.0))
    if slot in (_ENTITY_SUBJECT, _THING_SUBJECT, _HE_SLOT):
        _as_subject(buffer, slot == _HE_SLOT)


@kernel
def _way(buffer, pool, rule):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A clause of a rule by its weight, sometimes one near the author's own."""
    first, last = pool.table[pool.rules_at + 2 * rule], pool.table[pool.rules_at + 2 * rule + 1]
    if last - first == 1:
        return first
    u = chance(buffer)
    if u < _HABIT:
        own = unit(buffer.own * np.uint64(2 * rule + 1) * np.uint64(0x9E3779B97F4A7C15))
        u = (own + 0.3 * u / _HABIT) % 1.0
    else:
        u = (u - _HABIT) / (1.0 - _HABIT)
    at, level = pool.cumulative_at - 1, int(u * 2.0**32)
    while last - first > 1:
        middle = (first + last) // 2
        if pool.table[at + middle] > level:
            last = middle
        else:
            first = middle
    return first


@kernel
def _push(buffer, pool, depth, clause):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The tokens of a clause come next; the depth then. What is nested too deeply is left out."""
    if depth + 2 > len(buffer.stack):
        return depth
    at = pool.clause_starts_at + clause
    buffer.stack[depth] = pool.tokens_at + pool.table[at]
    buffer.stack[depth + 1] = pool.tokens_at + pool.table[at + 1]
    return depth + 2


@kernel
def _put_tokens(buffer, pool, clause, topic, mood):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A clause's tokens, and those of the rules that they name."""
    depth = _push(buffer, pool, 0, clause)
    while depth > 0:
        at = buffer.stack[depth - 2]
        if at == buffer.stack[depth - 1]:
            depth -= 2
            continue
        buffer.stack[depth - 2] = at + 1
        token = pool.table[at]
        while token >= SWITCH and token < SUBJECT:
            at = pool.switches_at + token - SWITCH
            token = pool.table[at + 1 + buffer.registers[pool.table[at]]]
        if token < 0:
            _put_slot(buffer, pool, -1 - token, topic, mood)
        elif token < RULE:
            _put_word(buffer, pool, token)
        elif token < SWITCH:
            depth = _push(buffer, pool, depth, _way(buffer, pool, token - RULE))
        elif token < MAYBE:
            buffer.registers[SUBJ] = _spoken_of(buffer, pool) if token == SUBJECT + LAST else token - SUBJECT
        elif chance(buffer) < (0.12 if buffer.brief else 0.5):
            depth = _push(buffer, pool, depth, _way(buffer, pool, token - MAYBE))


@kernel
def put_clause(buffer, pool, which, topic, mood, shift):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A clause of a list; see `rank` for `shift`. Many are counted from a place of the author's own."""
    at = CLAUSES_AT + 2 * (buffer.language * _CLAUSE_LISTS + which)
    first, n = pool.table[at], pool.table[at + 1] - pool.table[at]
    clause = rank(chance(buffer), n, shift)
    if chance(buffer) < _OWN * shift / (shift + 4.0):
        clause = (clause + int(buffer.voice[PHRASE] * n)) % n
    _put_tokens(buffer, pool, first + clause, topic, mood)
    while buffer.position > buffer.begin and buffer.out[buffer.position - 1] == 32:
        buffer.position -= 1
        buffer.weight -= 1
    if chance(buffer) < buffer.voice[FRIENDS]:
        _put_friend(buffer, pool)


@kernel
def _put_friend(buffer, pool):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The nickname of one of the author's friends, who is in no list."""
    span = words(buffer, pool, _COMPANY)
    company = span[0] + 2 * rank(chance(buffer), (span[1] - span[0]) // 2, 2.0)
    put_string(buffer, pool, company)
    _put_nickname(buffer, pool)
    put_string(buffer, pool, company + 1)


@kernel
def _put_nickname(buffer, pool):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
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
