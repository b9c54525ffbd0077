"""Counts of words, forms of "be" and repeated phrases of texts written by hand."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from data.dataset import Dataset
from experiments.realism.wording import phrases
from tests.experiments.realism.small_logs import at, row_of, values_of, write_log


def said(folder: Path, texts: list[str]) -> Dataset:
    return write_log(
        folder, tweets=[{"tweet_id": i, "author_id": 1, "time_us": at(0), "text": text} for i, text in enumerate(texts)]
    )


def test_words_are_between_blanks_and_be_is_counted_without_links_mentions_and_contractions(tmp_path: Path) -> None:
    texts = ["@is It IS what it was, https://to.be/or", "they're what we would have been"] * 100
    log = said(tmp_path / "log", texts)
    assert values_of(log, "words a tweet") == [(7 + 6) / 2]
    # It is what it was; they're what we would have been.
    assert values_of(log, 'forms of "be"') == pytest.approx([3 / 11])


def test_few_words_have_no_share(tmp_path: Path) -> None:
    assert row_of(said(tmp_path / "log", ["to be"] * 10), 'forms of "be"').verdict == "no data"


def test_phrases_stay_within_a_text() -> None:
    found = phrases(pl.Series(["a b c d e", "A b C d", "d e", "c d e f"]), 4)
    assert dict(found.iter_rows()) == {"a b c d": 2, "b c d e": 1, "c d e f": 1}


def test_the_share_is_of_different_phrases_that_come_three_times(tmp_path: Path) -> None:
    # 4,900 texts of four words of their own, and one of four words 100 times.
    texts = [f"w{i} x{i} y{i} z{i}" for i in range(4_900)] + ["the same old thing"] * 100
    log = said(tmp_path / "log", texts)
    row = row_of(log, "repeated runs of four words")
    assert row.value == pytest.approx(1 / 4_901)
    assert (row.verdict, row.note.endswith("; the same old thing, w0 x0 y0 z0, w1 x1 y1 z1")) == ("met", True)
    few = row_of(said(tmp_path / "few", texts[:4_000]), "repeated runs of four words")
    assert few.verdict == "no data"
    glued = row_of(said(tmp_path / "glued", ["one of ten thousand"] * 5_000), "repeated runs of four words")
    assert glued.verdict == "missed"
