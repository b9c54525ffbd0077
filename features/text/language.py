"""The language of a text, told by py3langid among the languages that a network is likely to see."""

from __future__ import annotations

from functools import cache
from typing import Any

LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "th", "tl", "tr",
    "uk", "ur", "vi", "zh",
)  # fmt: skip
"""Of the 130 that py3langid knows. Rarer ones win too often on short texts: "hello world" would be Nigerian Pidgin."""

LEAST = 0.2
"""A language less probable than this is not named."""


def detect(text: str) -> tuple[str, float]:
    """The most probable language and its probability; an empty name where no language reaches `LEAST`."""
    if not text.strip():
        return "", 0.0
    language, probability = _identifier().classify(text)
    return (str(language) if probability >= LEAST else ""), round(float(probability), 4)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
