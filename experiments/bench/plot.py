"""A picture of how cost grows with size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.errors import ConfigError
from experiments.bench.harness import BenchResult


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
