"""What of a text may trend: hashtags, names (entities) and phrases, each with the hash that it is counted under.

A phrase is two or three words in a row that neither begin nor end with a small word, in languages that part words by
spaces. Spellings that `data.tweet_text.fold` makes one are one hashtag; names and phrases meet without regard to case.
"""

# ruff: noqa: SIM905 - words are easier to read as one string
from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from data.tweet_text import fold, hashtags
from features.text.entities import names

TermKind = Literal["hashtag", "entity", "phrase"]
KINDS: tuple[TermKind, ...] = ("hashtag", "entity", "phrase")

_SMALL = frozenset(
    "a an the and or but if of to in on at by for with from as is are was were be been am i you he she it we they "
    "me him her us them my your his its our their this that these those not no so do did does have has had will "
    "would can could just now then than there here what who how when where why all some any more very too up out "
    "about over into after again i'm it's don't that's que de la el los las un una y en a por con para no lo se "
    "su al del es me mi te tu ya muy o os as um uma e em do da dos das no na nos nas por com eu ele ela isso que "
    "mais foi ser se meu minha vai está".split()
)
_WORDS = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)?")
_PARTS = re.compile(r"https?://\S+|[@＠#＃]\w+|[.!?…:;,\"“”()\n|]+")


class Term(NamedTuple):
    """One term of a text."""

    kind: TermKind
    key: str
    """Under which spellings meet."""
    written: str
    """As written here; a hashtag without its sign."""

    @property
    def name(self) -> str:
        """For people: a hashtag with its sign."""
        return f"#{self.written}" if self.kind == "hashtag" else self.written


def code_of(term: Term) -> int:
    """A hash of 63 bits of kind and key, the same in every process."""
    text = f"{term.kind}\0{term.key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1


def terms_of(text: str, kinds: Sequence[TermKind]) -> list[Term]:
    """The terms of a text, each once, as first written."""
    found: dict[tuple[str, str], Term] = {}
    if "hashtag" in kinds and ("#" in text or "＃" in text):
        _add(found, (Term("hashtag", fold(tag), tag) for tag in hashtags(text)))
    if "entity" in kinds:
        named = names(text)
        every = (*named.people, *named.places, *named.organisations, *named.others)
        _add(found, (Term("entity", one.casefold(), one) for one in every))
    if "phrase" in kinds:
        taken = {key for kind, key in found if kind == "entity"}
        _add(found, (one for one in _phrases(text) if one.key not in taken))
    return list(found.values())


def _add(found: dict[tuple[str, str], Term], terms: Iterable[Term]) -> None:
    for one in terms:
        found.setdefault((one.kind, one.key), one)


def _phrases(text: str) -> Iterable[Term]:
    for part in _PARTS.split(text):
        words = _WORDS.findall(part)
        low = [word.casefold() for word in words]
        small = [word in _SMALL for word in low]
        for start in range(len(words) - 1):
            if small[start]:
                continue
            for size in (2, 3):
                end = start + size
                if end <= len(words) and not small[end - 1]:
                    yield Term("phrase", " ".join(low[start:end]), " ".join(words[start:end]))
