"""All rules of English."""

from __future__ import annotations

import re

from data.synthetic.text.languages.english import life, nouns, selling, talk, topical, verbs
from data.synthetic.text.languages.english.forms import AGREEING, REFERRING, VARIANTS, base_of, inflect, plural, woman
from data.synthetic.text.languages.grammar import rules_of
from data.synthetic.text.languages.language import Words

# ruff: noqa: SIM905 - a list of words
_NAMES = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december "  # noqa: E501
    "london new york la manchester chicago texas florida glasgow dublin vegas paris leeds boston christmas halloween easter thanksgiving tesco target "  # noqa: E501
    "walmart mcdonalds starbucks primark aldi asda greggs ikea costa kfc subway amazon costco lidl boots netflix toronto atlanta liverpool california "  # noqa: E501
    "bristol sydney italy spain seattle denver miami twitter youtube uber nashville"
).split()
_ALWAYS_SMALL = {"may", "march", "target", "boots", "subway", "new", "la"}
_PROPER = re.compile(
    rf"(?<![\w{{~:=])({'|'.join(name for name in _NAMES if name not in _ALWAYS_SMALL)})(?!\w)(?![?:}}=+-])"
)
_I = re.compile(r"(?<![\w{=~:'])i(?=['\s|.,!?\]}]|$)(?!\})")


def _written(text: str) -> str:
    """Names and "I" with their capitals."""
    text = _I.sub("I", text).replace("new york", "New York").replace("new orleans", "New Orleans")
    return _PROPER.sub(lambda found: found[0].capitalize(), text)


RULES = rules_of(
    *(
        _written(text)
        for text in (
            nouns.RULES, verbs.RULES, topical.RULES, topical.SENTENCES, life.RULES, talk.RULES, selling.RULES,
        )
    )
)  # fmt: skip

WORDS = Words(inflect, AGREEING, REFERRING, VARIANTS, plural, woman, base_of)
