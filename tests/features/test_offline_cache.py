"""Texts are read and tables of the follow graph made once for all calls with the same cache."""

from __future__ import annotations

import numpy as np
import pytest

from data.dataset import Dataset
from features.graph.follow_edges import Edges
from features.offline import offline_features
from features.offline_cache import OfflineCache
from features.views.credibility import CREDIBILITY
from tests.features.logs import letters

NAMES = ["tweet.length", "tweet.topics", "author.credibility"]


def test_calls_with_one_cache_read_texts_and_make_tables_once(
    tiny_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, made, understanding = list[int](), list[bytes](), letters()
    encode, columns = understanding.encoder.encode, CREDIBILITY.columns

    def counted(texts: list[str]) -> object:
        read.append(len(texts))
        return encode(texts)

    def noted(edges: Edges) -> object:
        made.append(edges.digest)
        return columns(edges)

    monkeypatch.setattr(type(understanding.encoder), "encode", lambda _, texts: counted(texts))
    monkeypatch.setitem(CREDIBILITY.__dict__, "columns", noted)
    rows = tiny_dataset.scan("impressions").select("user_id", "tweet_id", "time_us").tail(40).collect()
    cache = OfflineCache()
    parts = [offline_features(tiny_dataset, rows[at : at + 10], NAMES, understanding, cache) for at in range(0, 40, 10)]
    assert sum(read) == tiny_dataset.rows("tweets")
    assert made
    assert len(made) == len(set(made))
    whole = offline_features(tiny_dataset, rows, NAMES, understanding)
    assert sum(read) == 2 * tiny_dataset.rows("tweets")
    assert len(made) == 2 * len(set(made))
    for name in NAMES:
        assert np.array_equal(np.concatenate([one.column(name) for one in parts]), whole.column(name))
