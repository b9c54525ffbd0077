"""Full text search of a world's tweets beside SQLite FTS5: indexing, words by AND and OR, a new tweet, completion."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from candidates.search.prefixes import Prefixes
from candidates.search.text import TextIndex
from candidates.search.tokens import runs
from data.dataset import Dataset
from data.events import EventBatch
from data.ids import snowflakes_in_order
from experiments.bench.harness import Case
from experiments.live.run import compose_texts
from experiments.simulation.worlds import make_data, world_config

_BATCH = 50_000
_START_US = 1_767_571_200_000_000
_APART_US = 600_000
"""Between two tweets: a million take a week."""
_PRUNE = ("PRAGMA synchronous=OFF", "PRAGMA journal_mode=OFF")


class SearchBench:
    """A million tweets in the voices of a world's people; words are those of tweets drawn from among them."""

    peer = "SQLite FTS5 (unicode61, no words inside Japanese or Korean), ORDER BY rank; a scan for completion"

    def __init__(self, *, tweets: int = 1_000_000, queries: int = 400) -> None:
        """How many tweets, and how many different queries of each kind."""
        self._size, self._queries = tweets, queries

    def cases(self) -> Iterator[Case]:
        """The p99 over all queries stands in the name of a case."""
        batches = list(_batches(self._size))
        index, table = TextIndex(), _Fts()
        yield Case(
            f"index {self._size:,} tweets", lambda: _index(index, batches), lambda: table.add(batches), self._size,
            "tweets", once=True,
        )  # fmt: skip
        asked = _drawn_words(batches, self._queries)
        for sign, word in ((" ", "AND"), (" OR ", "OR")):
            ours = [sign.join(f'"{one}"' for one in words) for words in asked]
            theirs = [f" {word} ".join(f'"{one}"' for one in words) for words in asked]
            yield self._case(f"3 words by {word}", ours, lambda q: index.search(q, 10), theirs, table.search)
        late = iter(range(1, 1_000_000))
        news = [f"zq{at}x" for at in range(self._queries)]
        yield self._case(
            "a post, then found", news[:50], lambda q: _posted(index, q, next(late)), news[:50],
            lambda q: table.post(q, next(late)),
        )  # fmt: skip
        keys = sorted(
            {one.casefold() for batch in batches for text in batch.columns["text"][:2_000] for one in text.split()}
        )
        prefixes, starts = _prefixes(keys), [key[:2] for key in keys[:: max(len(keys) // self._queries, 1)]]
        yield self._case(
            f"completion among {len(keys):,} keys", starts, lambda q: prefixes.complete(q, 10), starts,
            lambda q: [key for key in keys if key.startswith(q)][:10],
        )  # fmt: skip

    def _case(
        self, name: str, ours: list[str], search: Callable[[str], Any], theirs: list[str], peer: Callable[[str], Any]
    ) -> Case:
        seconds, busy = list[float](), list[float]()
        for query in ours:
            began, busy_began = perf_counter(), process_time()
            search(query)
            busy.append(process_time() - busy_began)
            seconds.append(perf_counter() - began)
        p99, busy_p99 = (1e3 * float(np.quantile(one, 0.99)) for one in (seconds, busy))
        mine, other = cycle(ours), cycle(theirs)
        return Case(
            f"{name}, p99 {p99:.2f} ms, of the processor {busy_p99:.2f} ms", lambda: search(next(mine)),
            lambda: peer(next(other)), 1, "queries",
        )  # fmt: skip


class _Fts:
    """The peer: a table in memory."""

    def __init__(self) -> None:
        self._base = sqlite3.connect(":memory:", check_same_thread=False)
        for line in _PRUNE:
            self._base.execute(line)
        self._base.execute("CREATE VIRTUAL TABLE tweets USING fts5(text, content='')")

    def add(self, batches: list[EventBatch]) -> None:
        """Adds tweets."""
        for batch in batches:
            rows = zip(batch.columns["tweet_id"].tolist(), batch.columns["text"].tolist(), strict=True)
            self._base.executemany("INSERT INTO tweets(rowid, text) VALUES (?, ?)", rows)
        self._base.commit()

    def search(self, query: str) -> list[Any]:
        """The ten best."""
        wanted = "SELECT rowid FROM tweets WHERE tweets MATCH ? ORDER BY rank LIMIT 10"
        return self._base.execute(wanted, (query,)).fetchall()

    def post(self, word: str, number: int) -> list[Any]:
        """Adds a tweet and finds it."""
        self._base.execute("INSERT INTO tweets(rowid, text) VALUES (?, ?)", (number, word))
        self._base.commit()
        return self.search(word)


def _index(index: TextIndex, batches: list[EventBatch]) -> None:
    for batch in batches:
        index.add(batch)
    index.refresh()


def _posted(index: TextIndex, word: str, number: int) -> None:
    """Adds a tweet and finds it; it has been asked for before, so that the index is not new to it."""
    time_us = np.array([_START_US + 10**13 + number], np.int64)
    one = {"text": np.array([word], object), "kind": np.array(["original"], object), "author_id": np.array([1])}
    index.add(EventBatch("tweets", {"tweet_id": -time_us, "time_us": time_us, **one}))
    assert len(index.search(word, 10)) > 0


def _batches(count: int) -> Iterator[EventBatch]:
    with tempfile.TemporaryDirectory(prefix="rookery-search-") as folder:
        dataset = make_data(world_config("tiny", None, ["days=2"]), Path(folder) / "world")
        users = dataset.scan("users").select("user_id", "language", "place").collect()
        rng = np.random.default_rng(1)
        for start in range(0, count, _BATCH):
            size = min(_BATCH, count - start)
            rows = rng.integers(len(users), size=size)
            yield _batch(dataset, users.select("user_id", "language", "place")[rows], start)


def _batch(dataset: Dataset, authors: Any, start: int) -> EventBatch:
    n = len(authors)
    time_us = _START_US + _APART_US * (start + np.arange(n, dtype=np.int64))
    return EventBatch(
        "tweets",
        {
            "tweet_id": snowflakes_in_order(time_us),
            "time_us": time_us,
            "author_id": authors["user_id"].to_numpy(),
            "kind": np.full(n, "original", object),
            "text": np.array(compose_texts(dataset, authors["user_id"].to_list(), start), object),
            "language": authors["language"].to_numpy().astype(object),
            "place": authors["place"].to_numpy(),
        },
    )


def _drawn_words(batches: list[EventBatch], count: int) -> list[list[str]]:
    """Three different words of one tweet each; of scripts without blanks, three parts of two to four characters."""
    rng = np.random.default_rng(3)
    out: list[list[str]] = []
    while len(out) < count:
        batch = batches[rng.integers(len(batches))]
        found = runs(batch.columns["text"][rng.integers(len(batch))])
        words = sorted({_part(run.text, rng) if run.gram else run.text.lower() for run in found if len(run.text) > 1})
        if len(words) >= 3:
            out.append([str(one) for one in rng.choice(words, 3, replace=False)])
    return out


def _part(run: str, rng: np.random.Generator) -> str:
    size = min(len(run), int(rng.integers(2, 5)))
    at = int(rng.integers(len(run) - size + 1))
    return run[at : at + size]


def _prefixes(keys: list[str]) -> Prefixes:
    prefixes = Prefixes()
    prefixes.resize(len(keys))
    prefixes.weights[:] = np.random.default_rng(4).zipf(1.5, len(keys))
    prefixes.add(keys, range(len(keys)))
    return prefixes
