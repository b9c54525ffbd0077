"""Content similarity: a cosine, of all pairs or of a catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from data.batch import CandidateBatch, Requests
from data.errors import ModelError
from ranking.scorer import CatalogueScorer
from ranking.scorers.content import Content

TASTES = np.array([[3, 0], [0, -2], [0, 0]], np.float32)
TEXTS = np.array([[1, 0], [0, 1], [0.6, 0.8], [0, 0]], np.float32)


def test_it_is_the_cosine_of_taste_and_text():
    want = [[1, 0, 0.6, 0], [0, -1, -0.8, 0], [0, 0, 0, 0]]
    zeros = np.zeros(3, np.int64)
    requests = Requests({"user_row": zeros, "time_us": zeros, "user.taste": TASTES})
    every = CandidateBatch(requests, np.array([0, 4, 8, 12]), {"tweet.embedding": np.tile(TEXTS, (3, 1))})
    assert Content().score(every).reshape(3, 4) == pytest.approx(np.array(want))
    items = CandidateBatch(requests.take(np.array([0])), np.array([0, 4]), {"tweet.embedding": TEXTS})
    assert isinstance(Content(), CatalogueScorer)
    assert Content().catalogue_scores(requests, items) == pytest.approx(np.array(want))
    assert Content().score(items) == pytest.approx(want[0])
    with pytest.raises(ModelError, match=r"user\.taste"):
        Content().score(CandidateBatch(Requests({"user_row": zeros[:1]}), np.array([0, 4]), items.columns))
