"""Words of English tweets: how many, how often the commonest verb, and how often phrases come again."""

from __future__ import annotations

import polars as pl

from experiments.realism.figure import Figure, Found, Part, near
from experiments.realism.log import Log, NoData, sample
from experiments.realism.text import English, english, in_words

BE = ("be", "am", "is", "are", "was", "were", "been", "being")
_TEXTS, _PHRASES = 50_000, 5_000
_LEAST = 1_000
"""Words from which on shares of words are measured."""


def _sampled(found: English, most: int) -> pl.Series:
    return found.texts.gather(sample(found.tweet_ids, most))


def word_count(log: Log) -> Found:
    """Mean number of words between blanks, links and mentions among them."""
    found = english(log)
    texts = _sampled(found, _TEXTS)
    return Found([float(texts.str.count_matches(r"\S+").to_numpy().mean())], f"{len(texts):,} texts {found.note}")


def forms_of_be(log: Log) -> Found:
    """Share of words that are a form of "be", contractions left out."""
    found = english(log)
    word = in_words(_sampled(found, _TEXTS)).explode().drop_nulls()
    if len(word) < _LEAST:
        raise NoData(f"{len(word):,} words are too few")
    return Found([float(word.is_in(BE).to_numpy().mean())], f"{len(word):,} words {found.note}")


def repeated_phrases(log: Log) -> Found:
    """Share of the different runs of four words that come three times and more."""
    found = english(log)
    texts = _sampled(found, _PHRASES)
    if len(texts) < _PHRASES:
        raise NoData(f"{len(texts):,} texts are too few; the share grows with their number")
    uses = phrases(texts, 4)
    common = ", ".join(uses.sort(["len", "phrase"], descending=[True, False])["phrase"].head(3).to_list())
    return Found([float((uses["len"] >= 3).to_numpy().mean())], f"{len(uses):,} of {len(texts):,} texts; {common}")


def phrases(texts: pl.Series, n: int) -> pl.DataFrame:
    """Columns phrase and len: every run of `n` words within one of `texts`, and how often it comes."""
    word = pl.DataFrame({"word": in_words(texts)}).with_row_index("text").explode("word").drop_nulls()
    following = [pl.col("word").shift(-k).over("text") for k in range(n)]
    runs = word.select(f.alias(f"w{k}") for k, f in enumerate(following)).drop_nulls()
    return runs.select(pl.concat_str(pl.all(), separator=" ").alias("phrase")).group_by("phrase").len()


FIGURES = (
    Figure(
        "words a tweet", (near("", 19.0),),
        "Mean number of words between blanks of English originals, replies and quotes (50,000 by hash); +- 20%.",
        "public tweet corpora", ("tweets",), word_count,
    ),
    Figure(
        'forms of "be"', (near("", 0.043, percent=True),),
        "Share of the lower-cased words of the same texts, links and mentions left out, that are be, am, is, are, was, "
        "were, been or being; contractions are left out; +- 20%.",
        "public tweet corpora", ("tweets",), forms_of_be,
    ),
    Figure(
        "repeated runs of four words", (Part("", "0.3%", 0.0, 0.01, percent=True),),
        "Share of the different runs of four words within 5,000 English texts by hash that come three times and more; "
        "up to 1%.",
        "public tweet corpora", ("tweets",), repeated_phrases,
    ),
)  # fmt: skip
"""One entry a figure."""
