"""Tweets' words: a weighted grammar over topics, a voice for every person, and a channel of noise.

A text is a pure function of (seed, author, key), so it does not depend on the order in which texts are written. Mean
length and the shares of hashtags, links and mentions follow published figures; see `phrases` and `lexicon` for words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.batch import I64, Array
from data.rng import Stream
from data.synthetic.lexicon import TOPICS
from data.synthetic.phrases import ADJECTIVES, CHAT, EMOJI, FILLERS, FRAMES, INTENSIFIERS, JOINS, REPLIES, WHEN
from data.tweet_text import MAX_WEIGHTED_LENGTH as LIMIT
from data.tweet_text import weighted_length

_WORDS = 64
"""Random numbers a text may take."""
_HASHTAG, _LINK, _MENTION = 0.075, 0.07, 0.06
"""Base shares of originals with a hashtag of their own, a link, a mention."""
_LONGER = 0.46
"""Chance of one more clause after each; makes 33 the commonest length and a few percent longer than 140."""


class Voice(NamedTuple):
    """How one person writes; shares of tweets unless said otherwise."""

    lower: bool
    """Never uses capitals."""
    stop: float
    """Ends with a full stop."""
    shout: float
    """Ends with !, and raises a word to capitals a tenth as often."""
    emoji: float
    typo: float
    stretch: float
    """Lengthens a vowel."""
    filler: float
    tags: float
    """Multiplies the base share of hashtags."""
    longer: float
    """Chance of one more clause."""
    emojis: tuple[str, ...]
    fillers: tuple[str, ...]


class Draft(NamedTuple):
    """What texts are about; [N] each."""

    author: I64
    """User rows."""
    key: I64
    """Tells an author's texts apart."""
    topic: I64
    """[N, 2]"""
    share: Array
    sentiment: I64
    chat: Array
    """Small talk."""
    reply: Array
    """Answers and quotes are shorter and refer."""
    tag: Sequence[str]
    """A hashtag that it must carry, or empty."""
    mention: Sequence[str]
    """A handle that it begins with, or empty."""


class Grammar:
    """Writes texts. Holds every person's voice."""

    def __init__(self, seed: int, handles: Sequence[str]) -> None:
        """Draws the voices of the people with these handles."""
        self._seed = seed
        self._handles = handles
        u = Stream(seed, "voice").uniform(np.arange(len(handles)), n=16)
        self._voices = [_voice(row) for row in u.tolist()]

    def write(self, draft: Draft) -> list[str]:
        """[N] texts of a weighted length of at most 280."""
        u = Stream(self._seed, "text").uniform(draft.author, draft.key, n=_WORDS)
        rows = zip(
            u.tolist(), draft.author.tolist(), draft.topic.tolist(), draft.share.tolist(), draft.sentiment.tolist(),
            draft.chat.tolist(), draft.reply.tolist(), draft.tag, draft.mention, strict=True,
        )  # fmt: skip
        return [self._one(_Luck(luck), *rest) for luck, *rest in rows]

    def _one(
        self, luck: _Luck, author: int, topic: list[int], share: float, mood: int, chat: bool, reply: bool, tag: str,
        mention: str,
    ) -> str:  # fmt: skip
        voice = self._voices[author]
        clauses = [_fill(luck.pick(CHAT if chat else (REPLIES if reply else FRAMES)[mood]), topic[0], mood, luck)]
        while luck() < voice.longer * (0.6 if reply else 1.0) and len(clauses) < 12:
            about = topic[0] if luck() < share else topic[1]
            clauses.append(_join(clauses[-1], luck))
            clauses.append(_fill(luck.pick(FRAMES[mood if luck() < 0.7 else 0]), about, mood, luck))
        if share < 1.0 and len(clauses) == 1 and luck() < 0.5:
            clauses += [_join(clauses[-1], luck), _fill(luck.pick(FRAMES[0]), topic[1], 0, luck)]
        text = _spoken("".join(clauses), voice, luck)
        if mention:
            text = f"@{mention} {text}"
        elif luck() < _MENTION:
            text = f"{text} @{self._handles[int(luck() ** 2 * len(self._handles))]}"
        if not reply and luck() < _HASHTAG * voice.tags and not tag:
            tag = luck.pick(TOPICS[topic[0]].tags)
        extra = f" #{tag}" if tag else ""
        while tag and luck() < 0.22 and len(extra) < 60:
            another = f" #{luck.pick(TOPICS[topic[0]].tags)}"
            extra += another if another not in extra else ""
        if luck() < _LINK:
            extra += f" https://t.co/{_code(luck)}"
        text = text[: LIMIT - len(extra)] + extra
        if len(text) > LIMIT // 2:  # a shorter one cannot weigh too much
            while (over := weighted_length(text) - LIMIT) > 0:
                text = text[: len(text) - len(extra) - over] + extra
        return text


class _Luck:
    """A text's random numbers, used one after another, over again if a text needs more than there are."""

    __slots__ = ("_at", "_values")

    def __init__(self, values: list[float]) -> None:
        self._values, self._at = values, 0

    def __call__(self) -> float:
        self._at += 1
        return self._values[self._at % _WORDS]

    def pick(self, options: Sequence[str]) -> str:
        """One of the options, the first ones more often: density 1 / (2 sqrt(x))."""
        return options[int(self() ** 1.8 * len(options))]

    def even(self, options: Sequence[str]) -> str:
        """One of the options, all alike."""
        return options[int(self() * len(options))]


def _voice(u: list[float]) -> Voice:
    return Voice(
        lower=u[0] < 0.3,
        stop=0.7 * u[1] ** 2,
        shout=0.5 * u[2] ** 4,
        emoji=0.7 * u[3] ** 3,
        typo=0.25 * u[4] ** 4,
        stretch=0.2 * u[5] ** 3,
        filler=0.5 * u[6] ** 2,
        tags=3.0 * u[7] ** 2,
        longer=2.0 * _LONGER * u[8],
        emojis=tuple(EMOJI[int(x * x * len(EMOJI))] for x in u[9:12]),
        fillers=tuple(FILLERS[int(x * len(FILLERS))] for x in u[12:15]),
    )


def _fill(frame: str, topic: int, mood: int, luck: _Luck) -> str:
    """A frame with its slots filled from a topic."""
    if "{" not in frame:
        return frame
    words = TOPICS[topic]
    for slot, options in (
        ("{e}", words.entities), ("{t}", words.things), ("{d}", words.doings), ("{a}", ADJECTIVES[mood]),
        ("{w}", WHEN), ("{x}", INTENSIFIERS), ("{e2}", words.entities), ("{t2}", words.things),
    ):  # fmt: skip
        while slot in frame:
            word = luck.pick(options)
            frame = frame.replace(slot, word, 1)
            if slot == "{t}" and word[-1] == "s" and word[-2] != "s":
                frame = frame.replace(f"{word} was", f"{word} were").replace(f"{word} is", f"{word} are")
    return frame.replace("{n}", str(1 + int(luck() * 40)))


def _join(before: str, luck: _Luck) -> str:
    """What stands between two clauses; a clause that ends with a mark needs only a space."""
    join = luck.pick(JOINS)
    return join if before[-1].isalnum() or join == "\n" else " "


def _spoken(text: str, voice: Voice, luck: _Luck) -> str:
    """A text in a person's voice, with noise."""
    if luck() < voice.filler:
        filler = luck.even(voice.fillers)
        text = f"{filler} {text}" if luck() < 0.5 or filler[-1] in ":," else f"{text} {filler}"
    if luck() < voice.stretch:
        at = max((text.rfind(v) for v in "aeo"), default=-1)
        if at >= 0:
            text = text[: at + 1] + text[at] * (2 + int(luck() * 4)) + text[at + 1 :]
    if luck() < voice.typo:
        at = 1 + int(luck() * max(len(text) - 3, 1))
        swap, drop = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :], text[:at] + text[at + 1 :]
        text = swap if luck() < 0.5 else drop
    text = text.lower() if voice.lower else text[:1].upper() + text[1:]
    end = luck()
    if end < voice.shout:
        text = text.upper() if luck() < 0.1 else f"{text}!"
    elif end < voice.shout + voice.stop and text[-1:].isalnum():
        text = f"{text}."
    if luck() < voice.emoji:
        mark = luck.even(voice.emojis)
        text = f"{text} {mark * (1 + int(3 * luck() ** 3))}"
    return text


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _code(luck: _Luck) -> str:
    return "".join(luck.even(_LETTERS) for _ in range(10))
