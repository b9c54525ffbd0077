"""A picture of which shocks scorers find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.studies.trend_alarms import Detection


def draw_recall(found: Sequence[Detection], path: Path) -> None:
    """Recall of every scorer by kind of shock, a panel a rate of false alarms."""
    from matplotlib.figure import Figure

    levels = list(dict.fromkeys(one.false_alarms for one in found))
    canvas = Figure(figsize=(11, 3.2 * len(levels)), layout="constrained")
    for panel, allowed in zip(canvas.subplots(len(levels), 1, squeeze=False)[:, 0], levels, strict=True):
        rows = [one for one in found if one.false_alarms == allowed]
        cells = list(rows[0].cells)
        for at, one in enumerate(rows):
            oracle = one.scorer.startswith("oracle")
            spots = [cell + (at - len(rows) / 2 + 0.5) * 0.8 / len(rows) for cell in range(len(cells))]
            color = {"color": "#333"} if oracle else {}
            panel.bar(spots, [one.cells[name] for name in cells], 0.8 / len(rows), label=one.scorer, **color)
        panel.set(
            xticks=range(len(cells)), xticklabels=cells, ylim=(0, 1),
            ylabel="recall", title=f"{allowed:g} false alarms a day",
        )  # fmt: skip
    canvas.axes[0].legend(fontsize=7, ncols=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(path)
