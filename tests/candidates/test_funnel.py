"""The funnel by small parts whose right answers can be worked out by eye."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.component import Factor, Filter, Hydrator, QueryHydrator, Reranker, SideEffect, Source
from candidates.drawn import Drawn
from candidates.funnel import Funnel
from candidates.merge import merge
from candidates.scorers.ranker import AskRanker
from candidates.trace import FunnelResult
from data.batch import Array, CandidateBatch, Mask, Ragged, Requests
from data.errors import ConfigError, DataError, NotFoundError
from ranking.slate.topk import TopK


def base(requests: Requests, rows: Ragged) -> CandidateBatch:
    """Tweet row r has id 1000 + r and author r % 7."""
    values = rows.values
    columns = {"tweet_row": values, "tweet_id": 1000 + values, "author_row": values % 7, "author_id": 50 + values % 7}
    return CandidateBatch(requests, rows.offsets, columns)


def ask(users: list[int]) -> Requests:
    rows = np.array(users, np.int64)
    return Requests(
        {"request_id": rows, "user_id": 10 + rows, "user_row": rows, "time_us": np.full(len(rows), 10**6, np.int64)}
    )


class Lists(Source):
    """Brings the same rows to everybody."""

    def __init__(self, name: str, rows: list[int]) -> None:
        self._name, self.rows, self.cap = name, rows, len(rows)

    @property
    def name(self) -> str:
        return self._name

    def fetch(self, requests: Requests) -> Ragged:
        return Ragged.from_lists([self.rows] * len(requests))


class Times(Hydrator):
    """Row r was posted at r // 3."""

    reads = frozenset({"tweet_row"})
    writes = frozenset({"tweet_time_us"})

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        return {"tweet_time_us": batch.columns["tweet_row"] // 3}


class DropOdd(Filter):
    reads = frozenset({"tweet_row"})
    reason = "odd"

    def keep(self, batch: CandidateBatch) -> Mask:
        return batch.columns["tweet_row"] % 2 == 0


class DropOwn(Filter):
    reads = frozenset({"author_row", "user_row"})
    reason = "own"
    protects = True

    def keep(self, batch: CandidateBatch) -> Mask:
        return batch.columns["author_row"] != batch.column("user_row")


class Half(Factor):
    """Halves what `two` brought."""

    reads = frozenset({"source"})

    def factor(self, batch: CandidateBatch) -> Array:
        return np.where(batch.columns["source"] == "two", 0.5, 1.0).astype(np.float32)


class Repeat(Reranker):
    """A tenth for all but an author's best."""

    reads = frozenset({"score", "author_row"})

    def factor(self, batch: CandidateBatch) -> Array:
        order = np.lexsort((-batch.columns["score"], batch.columns["author_row"], batch.request))
        author, request = batch.columns["author_row"][order], batch.request[order]
        again = np.r_[False, (author[1:] == author[:-1]) & (request[1:] == request[:-1])]
        out = np.ones(len(batch), np.float32)
        out[order[again]] = 0.1
        return out


class ByRow:
    """Ranks by the table given; its column explains the score."""

    def __init__(self, scores: dict[int, float] | None = None) -> None:
        self.scores = scores

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        rows = batch.columns["tweet_row"].tolist()
        scores = self.scores
        score = np.array([1.0 if scores is None else scores[row] for row in rows], np.float32)
        return {"score": score, "tweet.likes": score * 2}


def funnel(**changes: object) -> Funnel:
    parts: dict[str, object] = {
        "base": base, "sources": [Lists("one", [1, 2, 4]), Lists("two", [4, 6, 8, 2])], "hydrators": [Times()],
        "filters": [DropOdd(), DropOwn()], "ranker": AskRanker(ByRow({2: 3.0, 4: 2.0, 6: 5.0, 8: 4.0})),
        "factors": [Half()], "selector": TopK(),
    }  # fmt: skip
    return Funnel(**{**parts, **changes})  # type: ignore[arg-type]


def rows(result: FunnelResult) -> list[list[int]]:
    slate = result.slate
    return [part.tolist() for part in np.split(slate.columns["tweet_row"], slate.offsets[1:-1])]


def test_the_whole_way() -> None:
    result = funnel().run(ask([6, 0]), 2)
    # values 2:3 4:2 6:5 8:4, `two` halved (6, 8): 3, 2, 2.5, 2; user 6 wrote row 6.
    assert rows(result) == [[2, 8], [2, 6]]
    assert result.slate.columns["score"].tolist() == [3.0, 2.0, 3.0, 2.5]
    assert result.slate.columns["position"].tolist() == [0, 1, 0, 1]
    assert result.slate.columns["propensity"].tolist() == [1.0] * 4
    assert result.slate.columns["source"].tolist() == ["one", "two", "one", "two"]
    assert result.degraded == {}
    assert result.trace.fetched == {"one": 6, "two": 8}
    assert result.trace.removed == {"odd": 2, "own": 1}
    assert list(result.trace.stage_ms) == [
        "query_hydrators", "sources", "hydrators", "filters", "ranker", "factors", "selector", "after_selection",
        "side_effects",
    ]  # fmt: skip


def test_ties_go_to_the_newer_tweet_then_the_larger_id() -> None:
    every = funnel(filters=[], factors=[], ranker=AskRanker(ByRow()), sources=[Lists("one", [2, 1, 0, 5, 3, 4])])
    assert rows(every.run(ask([0]), 6)) == [[5, 4, 3, 2, 1, 0]]


def test_why_this_tweet() -> None:
    trace = funnel(rerankers=[Repeat()]).run(ask([6, 0]), 1).trace
    top = trace.why(1002, 1)
    assert (top.source, top.position, top.value, top.score) == ("one", 0, 3.0, 3.0)
    assert top.factors == {"half": 1.0, "repeat": 1.0}
    assert top.features == {"tweet_time_us": 0.0, "tweet.likes": 6.0}
    lower = trace.why(1006, 1)
    assert (lower.position, lower.score, lower.factors["half"]) == (None, 2.5, 0.5)
    assert str(lower) == "tweet 1006: brought by two (place 2), score 2.5 = 5 x 0.5 (half) x 1 (repeat), not picked"
    assert trace.why(1002, 0).sources == {"one": 1, "two": 3}
    assert trace.why(1006, 0).removed_by == "own"
    assert trace.why(1001).removed_by == "odd"
    assert trace.why(1999).source is None
    assert "no source" in str(trace.why(1999))
    with pytest.raises(NotFoundError):
        trace.why(1002, 2)


def test_rerankers_see_the_score_and_multiply_it() -> None:
    one = [Lists("one", [2, 9, 16, 4])]  # 2, 9 and 16 share an author
    scores = ByRow({2: 3.0, 9: 9.0, 16: 8.0, 4: 1.0})
    result = funnel(sources=one, filters=[], factors=[], rerankers=[Repeat()], ranker=AskRanker(scores)).run(
        ask([0]), 4
    )
    assert rows(result) == [[9, 4, 16, 2]]
    assert result.slate.columns["score"] == pytest.approx([9.0, 1.0, 0.8, 0.3])


def test_nothing_to_show_is_an_empty_slate() -> None:
    result = funnel(sources=[Lists("one", [])]).run(ask([1, 2]), 5)
    assert rows(result) == [[], []]
    assert result.degraded == {}
    assert result.slate.columns["position"].shape == (0,)
    assert len(funnel().run(ask([]), 5).slate) == 0


class Broken(Lists):
    def fetch(self, requests: Requests) -> Ragged:
        raise OSError("no route")


def test_a_source_that_fails_is_left_out_and_named() -> None:
    result = funnel(sources=[Broken("one", [1]), Lists("two", [4, 2])]).run(ask([0]), 5)
    assert rows(result) == [[2, 4]]
    assert result.degraded == {"one": "failed: OSError: no route"}
    assert result.trace.fetched == {"two": 2}


def test_a_strict_funnel_raises() -> None:
    with pytest.raises(OSError, match="no route"):
        funnel(sources=[Broken("one", [1])], strict=True).run(ask([0]), 5)


class BrokenTimes(Times):
    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        raise KeyError("gone")


class Young(Filter):
    reads = frozenset({"tweet_time_us"})
    reason = "young"

    def keep(self, batch: CandidateBatch) -> Mask:
        return batch.columns["tweet_time_us"] > 0


class YoungProtects(Young):
    reason = "closed"
    protects = True


def test_what_needs_a_missing_column_is_left_out_and_protection_fails_closed() -> None:
    opened = funnel(hydrators=[BrokenTimes()], filters=[Young()], ranker=AskRanker(ByRow())).run(ask([0]), 9)
    assert rows(opened) == [[4, 2, 1, 8, 6]]  # the filter is left out and drops nothing
    assert opened.trace.removed == {"young": 0}
    assert set(opened.degraded) == {"broken_times", "young"}
    assert "tweet_time_us" in opened.degraded["young"]
    closed = funnel(hydrators=[BrokenTimes()], filters=[YoungProtects()]).run(ask([0, 1]), 9)
    assert rows(closed) == [[], []]
    assert closed.trace.removed == {"closed": 10}
    assert closed.trace.why(1002).removed_by == "closed"


class Dead:
    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        raise ConnectionError("refused")


class NaN:
    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        return {"score": np.full(len(batch), np.nan, np.float32)}


@pytest.mark.parametrize("ranker", [Dead(), NaN()])
def test_without_a_ranker_the_feed_is_newest_first_scaled_by_its_factors(ranker: Dead | NaN) -> None:
    result = funnel(ranker=AskRanker(ranker)).run(ask([0]), 9)
    assert rows(result) == [[4, 2, 8, 6]]
    assert list(result.degraded) == ["ask_ranker"]


class Liar(Hydrator):
    writes = frozenset({"truth"})

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        return {"lie": np.zeros(len(batch))}


class Short(Hydrator):
    writes = frozenset({"short"})

    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        return {"short": np.zeros(1)}


def test_what_writes_other_columns_than_it_declares_is_left_out() -> None:
    result = funnel(hydrators=[Times(), Liar(), Short()]).run(ask([0]), 9)
    assert "declare" in result.degraded["liar"]
    assert "rows" in result.degraded["short"]
    assert "lie" not in result.slate.columns


class Clock:
    """A timer that components move forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow(Lists):
    budget_ms = 20.0

    def __init__(self, name: str, rows: list[int], clock: Clock, ms: float) -> None:
        super().__init__(name, rows)
        self.clock, self.ms = clock, ms

    def fetch(self, requests: Requests) -> Ragged:
        self.clock.now += self.ms / 1e3
        return super().fetch(requests)


def test_a_late_component_is_left_out_under_a_deadline_only() -> None:
    clock = Clock()
    one = funnel(sources=[Slow("one", [2], clock, 30), Slow("two", [4], clock, 10)], timer=clock)
    free = one.run(ask([0]), 5)
    assert rows(free) == [[2, 4]]
    assert free.trace.component_ms["one"] == pytest.approx(30)
    held = one.run(ask([0]), 5, deadline_ms=100)
    assert rows(held) == [[4]]
    assert held.degraded == {"one": "late: 30 ms of 20 ms"}


def test_after_the_deadline_only_protection_runs() -> None:
    clock = Clock()
    one = funnel(sources=[Slow("one", [2, 8, 1], clock, 15), Slow("two", [4], clock, 1)], timer=clock)
    result = one.run(ask([1]), 5, deadline_ms=10)
    assert rows(result) == [[2]]  # 8 is the reader's own; 1 is too, and odd besides; without times the larger id first
    assert set(result.degraded) == {"two", "times", "drop_odd", "ask_ranker", "half", "selector"}
    assert "deadline of 10 ms" in result.degraded["two"]


class Places(QueryHydrator):
    reads = frozenset({"user_row"})
    writes = frozenset({"place"})

    def hydrate(self, requests: Requests) -> Mapping[str, Array]:
        return {"place": requests.columns["user_row"] * 2}


class Nearby(Source):
    reads = frozenset({"place"})
    cap = 1

    def fetch(self, requests: Requests) -> Ragged:
        return Ragged.from_lists([[place] for place in requests.columns["place"]])


class Remember(SideEffect):
    reads = frozenset({"position", "score"})

    def __init__(self) -> None:
        self.told: list[FunnelResult] = []

    def after(self, result: FunnelResult) -> None:
        self.told.append(result)


class Forgetful(SideEffect):
    def after(self, result: FunnelResult) -> None:
        raise RuntimeError("full")


def test_query_hydrators_come_first_and_side_effects_last() -> None:
    memory = Remember()
    one = funnel(
        query_hydrators=[Places()], sources=[Nearby()], ranker=AskRanker(ByRow()), side_effects=[memory, Forgetful()]
    )
    result = one.run(ask([1, 2]), 5)
    assert rows(result) == [[2], [4]]
    assert memory.told == [result]
    assert result.degraded == {"forgetful": "failed: RuntimeError: full"}


def build_faults() -> Iterator[tuple[dict[str, object], str]]:
    yield {"sources": []}, "without a source"
    yield {"sources": [Nearby()]}, "'place', which nothing before"
    yield {"hydrators": [Times(), BrokenTimes()]}, "'tweet_time_us', which 'times' writes already"
    yield {"sources": [Lists("one", []), Lists("one", [])]}, "two components are called 'one'"
    yield {"hydrators": [], "filters": [Young()]}, "'young' reads 'tweet_time_us'"
    yield {"factors": [Repeat()]}, "'score', which nothing before"
    yield {"filters": [Young(), type("Again", (Young,), {})()]}, "reason 'young'"


@pytest.mark.parametrize(("changes", "problem"), list(build_faults()))
def test_a_wrong_composition_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        funnel(**changes)


def test_requests_without_a_column_are_refused() -> None:
    with pytest.raises(DataError, match="time_us"):
        funnel().run(Requests({"user_row": np.array([1])}), 5)


_brought = st.lists(st.lists(st.lists(st.integers(-1, 9), max_size=6), min_size=3, max_size=3), max_size=4)


@settings(max_examples=100, deadline=None)
@given(_brought)
def test_merging_equals_a_plain_loop(brought: list[list[list[int]]]) -> None:
    merged = merge([Ragged.from_lists(one) for one in brought], 3)
    for b in range(3):
        expected: dict[int, list[int]] = {}
        for at, lists in enumerate(brought):
            for row in lists[b]:
                if row >= 0 and at not in expected.setdefault(row, []):
                    expected[row].append(at)
        own = slice(merged.rows.offsets[b], merged.rows.offsets[b + 1])
        assert merged.rows[b].tolist() == list(expected)
        assert merged.source[own].tolist() == [places[0] for places in expected.values()]
        assert merged.sources[own].tolist() == [sum(1 << at for at in places) for places in expected.values()]


def test_merging_many_rows_that_share_slots() -> None:
    """Two requests of one table of slots: what the first leaves there would show in the second."""
    rng = np.random.default_rng(3)
    brought = [[rng.integers(0, 3000, 1500), rng.integers(0, 3000, 1500)] for _ in range(4)]
    merged = merge([Ragged.from_lists(one) for one in brought], 2)
    for b in range(2):
        lists = [one[b] for one in brought]
        assert merged.rows[b].tolist() == list(dict.fromkeys(np.concatenate(lists).tolist()))
        own = slice(merged.rows.offsets[b], merged.rows.offsets[b + 1])
        for place, rows in enumerate(lists):
            assert np.array_equal(merged.sources[own] >> place & 1 == 1, np.isin(merged.rows[b], rows))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(-1, 9), max_size=6), min_size=1, max_size=5), st.integers(0, 4))
def test_counts_of_a_trace_add_up(lists: list[list[int]], fails: int) -> None:
    """With repeats within a source and between sources, and with a source that fails."""
    sources = [(Broken if at == fails else Lists)(f"s{at}", rows) for at, rows in enumerate(lists)]
    trace = funnel(sources=sources, factors=[], ranker=AskRanker(ByRow())).run(ask([1, 6, 3]), 2).trace
    kept = {f"s{at}": set(rows) - {-1} for at, rows in enumerate(lists) if at != fails}
    assert trace.fetched == {name: 3 * len(lists[int(name[1:])]) for name in kept}
    assert trace.found == {name: 3 * len(rows) for name, rows in kept.items()}
    assert len(trace.merged) == 3 * len(set().union(*kept.values()))
    assert len(trace.merged) == sum(trace.removed.values()) + len(trace.scored)
    assert (trace.merged.columns["sources"] > 0).all()
    for b in range(3):
        for row in range(10):
            expected = {name: lists[int(name[1:])].index(row) for name, rows in kept.items() if row in rows}
            assert trace.why(1000 + row, b).sources == expected


class Chance(Lists):
    def fetch(self, requests: Requests) -> Ragged:
        found = super().fetch(requests)
        return Drawn(found.offsets, found.values, np.full(len(found.values), 0.25))


def test_what_chance_alone_brought_has_its_probability() -> None:
    sources = [Lists("one", [2, 4]), Chance("chance", [4, 6]), Lists("late", [8])]
    slate = funnel(sources=sources, factors=[], ranker=AskRanker(ByRow())).run(ask([1, 3]), 5).slate
    assert dict(zip(slate.columns["tweet_row"].tolist(), slate.columns["propensity"].tolist(), strict=True)) == {
        2: 1.0, 4: 1.0, 6: 0.25, 8: 1.0,
    }  # fmt: skip


def test_more_sources_than_bits_are_refused() -> None:
    many = [Lists(f"s{at}", [at]) for at in range(64)]
    with pytest.raises(ConfigError, match="64 sources"):
        funnel(sources=many)
    last = funnel(sources=many[:63], factors=[], ranker=AskRanker(ByRow())).run(ask([0]), 63)
    assert last.trace.why(1062).sources == {"s62": 0}
    assert (last.trace.merged.columns["sources"] > 0).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 5))
def test_a_request_gets_the_same_slate_alone_and_in_a_batch(users: list[int], k: int) -> None:
    one = funnel(rerankers=[Repeat()])
    together = rows(one.run(ask(users), k))
    assert together == [rows(one.run(ask([user]), k))[0] for user in users]
