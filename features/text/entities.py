"""Names in a text: runs of capitalised words. Simple, and says no more than it knows."""

from __future__ import annotations

import re

_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’-]*\w"
_RUN = re.compile(rf"(?<![\w#@/.]){_WORD}(?:\s+{_WORD})*")
_SENTENCE = re.compile(r"(?:^|[.!?…:]\s+|\n\s*|[\"“‘(]\s*)$")


def names(text: str) -> list[str]:
    """Runs of capitalised words, in order, each once.

    A single capitalised word that opens a sentence is left out unless it stands capitalised elsewhere in the text:
    its capital says nothing. A text in capitals throughout has no names. Hashtags, mentions and URLs are not names.
    What a name is (a person, a place, an organisation) is not told.
    """
    if text.isupper():
        return []
    found: list[tuple[str, bool]] = []
    for match in _RUN.finditer(text):
        opens = _SENTENCE.search(text[: match.start()]) is not None
        found.append((re.sub(r"\s+", " ", match[0]), opens and " " not in match[0].strip()))
    sure = {name for name, doubtful in found if not doubtful}
    return list(dict.fromkeys(name for name, doubtful in found if not doubtful or name in sure))
