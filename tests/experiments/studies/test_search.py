"""The study of search: its measure by hand, its queries drawn as stated, and that it runs on a small world."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.synthetic.text.languages.language import TOPIC_NAMES
from experiments.studies.search import STRATA, SearchConfig, draw_queries, marking_words, ndcg, study_search
from experiments.studies.search_phrases import PHRASES


def test_ndcg_by_hand() -> None:
    assert ndcg([True, False, True], 2, 10) == pytest.approx((1 + 0.5) / (1 + 1 / np.log2(3)))
    assert ndcg([], 3, 10) == 0.0
    assert ndcg([True] * 10, 50, 10) == pytest.approx(1.0)
    assert np.isnan(ndcg([False], 0, 10))


def test_every_topic_has_phrases_and_no_phrase_comes_twice() -> None:
    assert tuple(PHRASES) == TOPIC_NAMES
    every = [phrase for phrases in PHRASES.values() for phrase in phrases]
    assert len(set(every)) == len(every) == 5 * len(TOPIC_NAMES)


def test_queries_mark_their_topic_and_are_the_same_for_the_same_seed() -> None:
    rows = [
        {"tweet_id": 10 * topic + at, "text": f"word{topic} mark{topic} common", "language": "en", "topic": topic,
         "kind": "original", "about": True}
        for topic in range(4) for at in range(6)
    ]  # fmt: skip
    tweets = pl.DataFrame(rows)
    marks = marking_words(tweets)
    assert marks == {(f"{stem}{topic}", "en"): topic for topic in range(4) for stem in ("word", "mark")}
    config = SearchConfig(queries=8)
    queries = draw_queries(tweets, config)
    assert [query.stratum for query in queries] == [name for name in STRATA for _ in range(8)]
    for query in queries[:8]:
        assert sorted(query.text.split()) == [f"mark{query.topic}", f"word{query.topic}"]
    for query in queries[8:16]:
        assert query.text in PHRASES[TOPIC_NAMES[query.topic]]
    assert all(query.text.split()[-1][-1] == str(query.topic) for query in queries[16:])
    assert draw_queries(tweets, config) == queries != draw_queries(tweets, SearchConfig(queries=8, seed=2))


@pytest.mark.slow
def test_it_runs_on_a_world_and_hybrid_is_no_worse_than_meaning(tiny_dataset: Dataset, home: Path) -> None:
    result = study_search(tiny_dataset, SearchConfig(queries=20), home)
    assert [row.stratum for row in result.rows] == [*STRATA, "all"]
    exact, paraphrase, mixed, every = (row.queries for row in result.rows)
    # Few tweets of so small a world have two words that mark its topic.
    assert 5 <= exact <= 20 == paraphrase == mixed
    assert every == exact + 40
    assert result.rows[-1].better["semantic"].mean > 0
    assert min(result.words_found.values()) > 0.95
