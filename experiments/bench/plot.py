"""Pictures of how cost grows with size, and of what is traded for what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.errors import ConfigError
from experiments.bench.fanout_policies import PARETO
from experiments.bench.harness import BenchResult, Row


def draw(results: Sequence[BenchResult], path: Path) -> None:
    """What there is to draw: the trade of fan-out policies, else how cost grows.

    Raises:
        ConfigError: neither was measured.
    """
    rows = [row for result in results for row in result.rows if set(PARETO) <= row.figures.keys()]
    if rows:
        draw_pareto(rows, path)
    else:
        draw_growth(results, path)


def draw_pareto(rows: Sequence[Row], path: Path) -> None:
    """Writes a tweet against the p99 of a read, a point a policy; a hollow one loses tweets. Lower left is better.

    A line joins those whom no other policy that loses nothing betters in both.
    """
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(6, 4), layout="constrained")
    axes = canvas.subplots()
    for row in rows:
        writes, read_ms = (row.figures[name] for name in PARETO)
        whole = row.figures["complete"] == 1.0
        axes.plot(writes, read_ms, "o", color="#1d6fa5", markerfacecolor="#1d6fa5" if whole else "white")
        axes.annotate(row.name, (writes, read_ms), xytext=(6, 4), textcoords="offset points", fontsize=9)
    best = frontier(
        [(row.figures[PARETO[0]], row.figures[PARETO[1]]) for row in rows if row.figures["complete"] == 1.0]
    )
    axes.plot(*zip(*best, strict=True), "--", color="#888", linewidth=1)
    axes.set(xlabel=PARETO[0], ylabel=PARETO[1])
    axes.set_ylim(0, 1.15 * max(row.figures[PARETO[1]] for row in rows))
    axes.margins(x=0.15)
    axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(path)


def frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other one betters in one number without being worse in the other, by the first number."""
    best: list[tuple[float, float]] = []
    for point in sorted(points):
        if not best or point[1] < best[-1][1]:
            best.append(point)
    return best


def draw_growth(results: Sequence[BenchResult], path: Path) -> None:
    """Seconds by size of the benches that have sizes, both axes logarithmic, with a line of linear growth.

    Raises:
        ConfigError: no case that was measured has a size.
    """
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(6, 4), layout="constrained")
    axes = canvas.subplots()
    for result in results:
        rows = [row for row in result.rows if row.size is not None]
        if len(rows) < 2:
            continue
        sizes, seconds = [float(row.size or 0) for row in rows], [row.ours_s for row in rows]
        axes.plot(sizes, seconds, "o-", color="#1d6fa5", label=result.bench)
        linear = [seconds[-1] * size / sizes[-1] for size in sizes]
        axes.plot(sizes, linear, "--", color="#888", label="linear")
    if not axes.lines:
        raise ConfigError("no bench that grows was run", remedy="name one: rookery bench growth --plot growth.svg")
    axes.set(xscale="log", yscale="log", xlabel="people", ylabel="seconds")
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(path)
