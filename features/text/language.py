"""The language of texts, found by py3langid among the languages that a network is likely to see.

py3langid walks a text's bytes through an automaton that recognises sequences of 1 to 4 bytes, counts those it meets and
weighs ln(1 + count) by naive Bayes. The same is done here over its tables for a batch of texts in a compiled loop, some
six times as fast; the results of `classify` are those of its `LanguageIdentifier.classify` with `norm_probs`. Its
probabilities take every language to be as frequent as any other. In a network they are not, and the few words of a
tweet often leave it open, so `detect` weighs them by how frequent each language is there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from data.batch import F32, I64, Array, offsets_of
from data.kernel import kernel
from data.unicode_text import normalised

LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "th", "tl", "tr",
    "uk", "ur", "vi", "zh",
)  # fmt: skip
"""Of the 130 that py3langid knows. Rarer ones win too often on short texts: "hello world" would be Nigerian Pidgin."""

SHARES = {
    "en": 0.511, "ja": 0.191, "pt": 0.096, "id": 0.056, "es": 0.047, "nl": 0.014, "ko": 0.013, "fr": 0.013, "de": 0.010
}  # fmt: skip
"""Shares of tweets by Hong, Convertino & Chi, "Language Matters in Twitter" (ICWSM 2011); all others share the rest."""

LEAST = 0.2
"""A language less probable than this is not named."""

_BATCH = 8192
_SIGNS = re.compile(r"https?://\S+|[@＠#＃]\w+")


@dataclass(frozen=True)
class _Tables:
    """py3langid's model: S states of the automaton, F features, L labels (one may be there twice)."""

    next_state: Array
    """[rows x 256] uint32: the state after a byte."""
    row: I64
    """[S] where a state's 256 entries of `next_state` begin."""
    feature: Array
    """[S] int32 the feature that ends in a state, -1 for none."""
    weights: F32
    """[F, L] log probabilities."""
    prior: F32
    """[L]."""
    labels: Array
    """[L] str objects."""
    twins: tuple[tuple[int, int], ...]
    """Columns of one label, whose probabilities are added."""


def detect(text: str) -> tuple[str, float]:
    """The most probable language and its probability; an empty name where no language reaches `LEAST`."""
    languages, probability = detect_all([text])
    return str(languages[0]), round(float(probability[0]), 4)


def detect_all(texts: Sequence[str]) -> tuple[Array, F32]:
    """[N] languages, as BCP 47 codes, and [N] their probabilities given `SHARES`; "" and 0 for a text without a letter.

    Links, handles and hashtags say little about the language that a text is written in and are left out. Where no
    language reaches `LEAST` the name is empty.
    """
    languages, probability = classify([_words(text) for text in texts], _log_shares())
    silent = np.array([not any(map(str.isalpha, text)) for text in texts], bool)
    languages[silent | (probability < LEAST)] = ""
    probability[silent] = 0
    return languages, probability


def classify(texts: Sequence[str], log_prior: F32 | None = None) -> tuple[Array, F32]:
    """[N] labels and [N] probabilities, as py3langid gives them for each of `texts` among `LANGUAGES`.

    `log_prior` [L] is added to the log probabilities (before they are made to sum to 1).
    """
    model = _tables()
    languages, probability = np.empty(len(texts), object), np.empty(len(texts), np.float32)
    for at in range(0, len(texts), _BATCH):
        scores = _log_probabilities([_encoded(text) for text in texts[at : at + _BATCH]])
        if log_prior is not None:
            scores += log_prior
        np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        for first, twin in model.twins:
            scores[:, first] += scores[:, twin]
            scores[:, twin] = 0
        best = scores.argmax(axis=1)
        languages[at : at + len(best)] = model.labels[best]
        probability[at : at + len(best)] = scores[np.arange(len(best)), best]
    return languages, probability


def _log_probabilities(encoded: Sequence[bytes]) -> F32:
    """[N, L] up to a constant of each row; divided by the root of the length in bytes, which keeps them calibrated."""
    model = _tables()
    lengths = np.array([len(one) for one in encoded], np.int64)
    scores = np.zeros((len(encoded), len(model.prior)), np.float32)
    codes, offsets = np.frombuffer(b"".join(encoded), np.uint8), offsets_of(lengths)
    _score(codes, offsets, model.next_state, model.row, model.feature, model.weights, model.prior, scores)
    scores *= (1 / np.sqrt(np.maximum(lengths, 1))).astype(np.float32)[:, None]
    return scores


@cache
def _log_shares() -> F32:
    """[L] logarithms of `SHARES`. A label that is there twice has its share twice: py3langid counts it twice, too."""
    rest = (1 - sum(SHARES.values())) / (len(LANGUAGES) - len(SHARES))
    return np.log([SHARES.get(label, rest) for label in _tables().labels]).astype(np.float32)


def _words(text: str) -> str:
    """A text without links, handles and hashtags, unless it is made of nothing else."""
    if "@" not in text and "#" not in text and "://" not in text and text.isascii():
        return text
    rest = _SIGNS.sub(" ", text)
    return rest if any(map(str.isalpha, rest)) else text


def _encoded(text: str) -> bytes:
    """The bytes that py3langid reads."""
    if text.isupper():
        text = text.lower()
    return normalised("NFC", text).encode("utf-8", "surrogatepass")


@kernel
def _score(
    codes: Array, offsets: I64, next_state: Array, row: I64, feature: Array, weights: F32, prior: F32, scores: F32
) -> None:
    """[N, L] prior + sum of ln(1 + count) x weights over the features of each text; a text without any keeps its 0."""
    counts = np.zeros(len(weights), np.int32)
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    met = np.empty(longest, np.int32)
    for text in range(len(offsets) - 1):
        state, found = np.int64(0), 0
        for at in range(offsets[text], offsets[text + 1]):
            state = np.int64(next_state[row[state] + codes[at]])
            one = feature[state]
            if one >= 0:
                if counts[one] == 0:
                    met[found] = one
                    found += 1
                counts[one] += 1
        for entry in range(found):
            one = met[entry]
            weight = np.float32(np.log1p(np.float32(counts[one])))
            for label in range(len(prior)):
                scores[text, label] += weight * weights[one, label]
            counts[one] = 0
        if found:
            for label in range(len(prior)):
                scores[text, label] += prior[label]


@cache
def _tables() -> _Tables:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    model.set_languages(list(LANGUAGES))
    labels = list(model.nb_classes)
    return _Tables(
        next_state=np.asarray(model.tk_nextmove),
        row=np.asarray(model.tk_row).astype(np.int64) << 8,
        feature=np.asarray(model.tk_output, np.int32),
        weights=np.ascontiguousarray(model.nb_ptc, np.float32),
        prior=np.asarray(model.nb_pc, np.float32),
        labels=np.array(labels, object),
        twins=tuple((labels.index(one), at) for at, one in enumerate(labels) if labels.index(one) != at),
    )
