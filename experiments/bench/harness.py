"""Ratios beside a peer, one run: seconds depend on the machine and on who else uses it, ratios much less.

A bench is a class with a name, a peer described in words, and cases; a case is the same work done by our code and by
the peer. The two take turns, so that both meet the same disturbances, and the median of their times is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from os import sysconf
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from threading import Event, Thread
from time import perf_counter, process_time
from typing import Any, Protocol

from data.import_by_name import lookup
from data.progress import Progress, no_progress

BENCHES: dict[str, str] = {
    "rank": "experiments.bench.rank:RankBench",
    "rerank": "experiments.bench.rerank:RerankBench",
    "features": "experiments.bench.features:FeaturesBench",
    "world": "experiments.bench.world:WorldBench",
    "growth": "experiments.bench.world:GrowthBench",
    "train": "experiments.bench.train:TrainBench",
    "retrieval": "experiments.bench.retrieval:RetrievalBench",
    "fanout": "experiments.bench.fanout:FanoutBench",
    "fanout-celebrity": "experiments.bench.fanout_celebrity:CelebrityBench",
    "text": "experiments.bench.text:TextBench",
    "trends": "experiments.bench.trends:TrendsBench",
    "search": "experiments.bench.search:SearchBench",
    "ann": "experiments.bench.ann:AnnBench",
    "serve": "experiments.bench.serve:ServeBench",
    "funnel": "experiments.bench.funnel:FunnelBench",
    "funnel-medium": "experiments.bench.funnel:MediumFunnelBench",
}
"""One line a bench."""
LONG = frozenset(
    {
        "serve",
        "growth",
        "features",
        "train",
        "trends",
        "search",
        "ann",
        "funnel",
        "funnel-medium",
        "fanout",
        "fanout-celebrity",
    }
)
"""Benches of minutes, run only when they are named."""

SECONDS = 1.5
"""How long a case goes on taking turns, its warm-up not counted."""

_ROUNDS = (3, 200)
_SAMPLE_S = 0.002


@dataclass(frozen=True)
class Case:
    """One piece of work. Both functions take nothing and may be called any number of times."""

    name: str
    ours: Callable[[], Any]
    peer: Callable[[], Any]
    count: int | Callable[[Any], int]
    """Units that one call works through, or how to read them from what it returns."""
    unit: str
    """What is counted: candidates, impressions, deliveries."""
    size: int | None = None
    """What the cases of a bench grow by, for a plot."""
    once: bool = False
    """Too long to take turns: each side is called once, without a warm-up."""
    parts: Callable[[], Mapping[str, float]] | None = None
    """Milliseconds of the parts of one call of ours, asked for after the measurement."""
    figures: Callable[[], Mapping[str, float]] | None = None
    """What else our calls showed, by name with its unit, asked for after the measurement."""


@dataclass(frozen=True)
class Row:
    """A case measured."""

    name: str
    ours_s: float
    """Median seconds of one call."""
    peer_s: float
    ratio: float
    """How many times as fast ours is: peer's seconds / ours."""
    rate: float
    """Units a second, ours."""
    unit: str
    rounds: int
    """Turns that each took."""
    size: int | None = None
    """What the cases of a bench grow by."""
    peak_gib: float | None = None
    """The most memory that the process held while ours ran; measured only for cases that are called once."""
    parts_ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds of the parts of one call of ours, where the case tells."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What else our calls showed, where the case tells."""
    busy_s: float = 0.0
    """Median seconds of processor time of one call of ours, of all its threads: others who compute do not count."""

    @property
    def rate_text(self) -> str:
        """The rate for people."""
        for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if self.rate >= size:
                return f"{self.rate / size:.3g}{letter} {self.unit}/s"
        return f"{self.rate:.3g} {self.unit}/s"


@dataclass(frozen=True)
class BenchResult:
    """A bench measured."""

    bench: str
    peer: str
    rows: tuple[Row, ...]


class Bench(Protocol):
    """A part held beside a peer."""

    @property
    def peer(self) -> str:
        """What the other side is, in words, with what it leaves out."""
        ...

    def cases(self) -> Iterator[Case]:
        """The work; prepared when it is its turn, deterministic."""
        ...


def measure(case: Case, *, seconds: float = SECONDS) -> Row:
    """Times both sides of a case in turns for about `seconds`; the first call of each (compilation) is not counted."""
    if case.once:
        return _measured_once(case)
    made = case.ours()
    case.peer()
    calls = tuple(max(1, int(_SAMPLE_S / max(_once(side, 1), 1e-7))) for side in (case.ours, case.peer))
    ours, busy, peer = list[float](), list[float](), list[float]()
    start = perf_counter()
    while len(ours) < _ROUNDS[0] or (len(ours) < _ROUNDS[1] and perf_counter() - start < seconds):
        begun = process_time()
        ours.append(_once(case.ours, calls[0]))
        busy.append((process_time() - begun) / calls[0])
        peer.append(_once(case.peer, calls[1]))
    ours_s, peer_s = median(ours), median(peer)
    return _row(case, ours_s, median(busy), peer_s, made, len(ours))


def _measured_once(case: Case) -> Row:
    start, begun = perf_counter(), process_time()
    with _peak() as peak:
        made = case.ours()
    ours_s, busy_s = perf_counter() - start, process_time() - begun
    return replace(_row(case, ours_s, busy_s, _once(case.peer, 1), made, 1), peak_gib=max(peak))


@contextmanager
def _peak() -> Iterator[list[float]]:
    """GiB resident, looked at twenty times a second from a thread of its own."""
    seen, done = [_resident()], Event()

    def look() -> None:
        while not done.wait(0.05):
            seen.append(_resident())

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        seen.append(_resident())
        done.set()
        thread.join()


def _resident() -> float:
    """GiB that the process holds now, or its peak where the system reports only that."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * sysconf("SC_PAGE_SIZE") / 2**30
    except OSError:
        return getrusage(RUSAGE_SELF).ru_maxrss / 2**20


def _row(case: Case, ours_s: float, busy_s: float, peer_s: float, made: Any, rounds: int) -> Row:
    count = case.count if isinstance(case.count, int) else case.count(made)
    parts = {} if case.parts is None else case.parts()
    ratio, rate = peer_s / ours_s, count / ours_s
    return Row(
        case.name, ours_s, peer_s, ratio, rate, case.unit, rounds, case.size,
        parts_ms=parts, figures={} if case.figures is None else case.figures(), busy_s=busy_s,
    )  # fmt: skip


def run_benches(
    names: Sequence[str] = (), *, seconds: float = SECONDS, progress: Progress = no_progress
) -> list[BenchResult]:
    """Runs the benches named, all but the long ones when none is, and returns their results in that order.

    Raises:
        ConfigError: no bench of a name.
    """
    kinds = [
        (name, lookup("bench", BENCHES, name)) for name in (names or [name for name in BENCHES if name not in LONG])
    ]
    results = []
    for done, (name, kind) in enumerate(kinds):
        bench: Bench = kind()
        rows: list[Row] = []
        for case in bench.cases():
            progress(done, len(kinds), f"{name}: {case.name}")
            rows.append(measure(case, seconds=seconds))
        results.append(BenchResult(name, bench.peer, tuple(rows)))
    return results


def _once(work: Callable[[], Any], calls: int) -> float:
    """Seconds a call, over `calls` calls."""
    start = perf_counter()
    for _ in range(calls):
        work()
    return (perf_counter() - start) / calls
