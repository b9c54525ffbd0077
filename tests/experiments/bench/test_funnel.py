"""The bench of the funnel: every source is on, its times are those of the funnel, and both sides give one answer."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from data.dataset import Dataset
from experiments.bench.funnel import Feeds, Timed, heavy_ranker
from experiments.studies.funnel_variants import CAPS


@pytest.fixture(scope="module")
def feeds(tiny_dataset: Dataset, home: Path) -> Feeds:
    return Feeds(tiny_dataset)


def test_every_source_brings_and_many_at_once_are_answered_as_each_alone(feeds: Feeds) -> None:
    funnel = feeds.funnel(feeds.towers)
    together = funnel.run(feeds.requests(16), 10)
    fetched = together.trace.fetched
    assert fetched.keys() == CAPS.keys()
    assert all(fetched.values()), fetched
    slates = [funnel.run(one, 10).slate.columns["tweet_id"] for one in feeds.one_each(16)]
    assert np.concatenate(slates).tolist() == together.slate.columns["tweet_id"].tolist()


def test_times_are_those_of_the_calls_kept(feeds: Feeds) -> None:
    funnel = feeds.funnel(heavy_ranker())
    timer = count()
    funnel._timer = lambda: float(next(timer))  # a second a reading of the clock
    timed = Timed(funnel, 10)
    for requests in feeds.one_each(3):
        timed.run(requests)
    parts = timed.parts()
    stages = {name: ms for name, ms in parts.items() if not name.startswith(" ")}
    assert timed.quantile(0.5) == pytest.approx(sum(stages.values()))
    assert stages["ranker"] == pytest.approx(3_000.0)
    assert parts["  ask_ranker"] == pytest.approx(1_000.0)
    assert {f"  {name}" for name in CAPS} <= parts.keys()
    timed.forget()
    timed.run(feeds.one_each(1)[0])
    assert timed.candidates >= timed.scored > 0
