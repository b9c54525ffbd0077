"""Language by py3langid's tables: the same answers as py3langid, and better ones where a tweet is short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.dataset import Dataset
from features.text.language import LANGUAGES, SHARES, classify, detect, detect_all


@pytest.fixture(scope="module")
def peer() -> object:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier


@settings(deadline=None, max_examples=200)
@given(texts=st.lists(st.text(st.characters(exclude_categories=[]), max_size=60), max_size=5))
def test_answers_are_those_of_py3langid_on_any_text(texts: list[str], peer: object) -> None:
    languages, probability = classify(texts)
    expected = [peer.classify(text) for text in texts]  # type: ignore[attr-defined]
    np.testing.assert_allclose(probability, [one[1] for one in expected], atol=1e-5)
    # Two languages may be equally likely but for the last digit; then either is right.
    for own, (language, p), text in zip(languages, expected, texts, strict=True):
        if own != language:
            assert dict(peer.rank(text))[own] == pytest.approx(p, abs=1e-5)  # type: ignore[attr-defined]


def test_answers_are_those_of_py3langid_on_the_worlds_texts(tiny_dataset: Dataset, peer: object) -> None:
    texts = tiny_dataset.read("tweets").columns["text"][:600].tolist()
    assert classify(texts)[0].tolist() == [peer.classify(text)[0] for text in texts]  # type: ignore[attr-defined]


def test_the_language_of_the_worlds_texts(tiny_dataset: Dataset) -> None:
    tweets = tiny_dataset.read("tweets").columns
    long = np.array([len(text) > 20 for text in tweets["text"]])
    found, _ = detect_all(tweets["text"][long].tolist())
    assert np.mean(found == tweets["language"][long]) >= 0.97


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello world from Paris", "en"),
        ("おはようございます", "ja"),
        ("¿Dónde está la biblioteca?", "es"),
        ("Das ist doch nicht dein Ernst, oder?", "de"),
        ("@someone #MondayMotivation bom dia, tudo bem com vocês?", "pt"),
        ("오늘 날씨가 정말 좋네요", "ko"),
        ("123", ""),
        ("😂😂", ""),
        ("\0", ""),
        (" ", ""),
        ("", ""),
    ],
)
def test_languages_are_told_where_the_text_tells(text: str, language: str) -> None:
    found, probability = detect(text)
    assert found == language
    assert 0 <= probability <= 1


def test_a_text_has_the_same_language_alone_and_among_others() -> None:
    texts = ["good morning", "", "buenos días a todos", "x" * 10_000, "おはよう"] * 3
    languages, probability = detect_all(texts)
    for text, language, p in zip(texts, languages, probability, strict=True):
        one, own = detect_all([text])
        assert (one[0], own[0]) == (language, p)


def test_shares_are_of_languages_that_are_told() -> None:
    assert set(SHARES) <= set(LANGUAGES)
    assert sum(SHARES.values()) < 1
