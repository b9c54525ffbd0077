"""The report as one HTML page in a single file: the table, then every figure's definition and plots."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.realism.figure import Plot, Row
from experiments.reports import html as page

if TYPE_CHECKING:
    from experiments.realism.report import Report


def write_page(report: Report, path: Path) -> None:
    """Writes the page; folders on the way are made."""
    lines = "".join(_line(at, row) for at, row in enumerate(report.rows))
    sections = "".join(_section(at, row, report) for at, row in enumerate(report.rows))
    body = (
        f"<h1>How real {escape(report.name)} looks</h1>"
        f"<p>{report.counted}. Content hash {report.content_hash[:16]}. Measured on the tables of the log "
        "alone. A figure is met where each of its numbers is within its tolerance, missed where one is not. Tolerances "
        "are the published ranges, else 20% either way, unless the definition says otherwise.</p>"
        "<table><tr><th>figure<th>value<th>target<th>tolerance<th>verdict<th>source"
        f"{lines}</table>{sections}"
    )
    page.write_page(path, f"Realism of {report.name}", body)


def _line(at: int, row: Row) -> str:
    return (
        f'<tr class="{row.verdict.split()[0]}"><td><a href="#f{at}">{escape(row.name)}</a><td>{escape(row.shown)}'
        f"<td>{escape(row.target)}<td>{escape(row.tolerance)}<td class=v>{row.verdict}<td>{escape(row.source)}"
    )


def _section(at: int, row: Row, report: Report) -> str:
    pictures = "".join(page.picture(draw(plot), plot.title) for plot in report.plots.get(row.name, ()))
    outside = f" Outside: {', '.join(row.missed)}." if len(row.missed) and row.missed != (row.name,) else ""
    note = f"{row.note}.{outside}" if row.note else outside
    return (
        f'<section id="f{at}" class="{row.verdict.split()[0]}">'
        f"<h2>{escape(row.name)}: <span class=v>{row.verdict}</span></h2>"
        f"<p>{escape(row.definition)}</p><p class=note>{escape(note)}</p>{pictures}</section>"
    )


def draw(plot: Plot) -> Any:
    """A plot as a Matplotlib figure."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(5, 3), layout="constrained", dpi=110)
    axes = canvas.subplots()
    for line in plot.lines:
        if line.style == "bar":
            width = 0.8 * float(min(line.x[1:] - line.x[:-1])) if len(line.x) > 1 else 0.8
            axes.bar(line.x, line.y, width=width, label=line.label, alpha=0.6)
        elif line.style == "o":
            axes.plot(line.x, line.y, "o", markersize=3, label=line.label, alpha=0.7)
        else:
            axes.plot(line.x, line.y, line.style, label=line.label)
    if plot.names:
        axes.set_xticks(range(len(plot.names)), plot.names)
    if "x" in plot.scale:
        axes.set_xscale("log")
    if "y" in plot.scale:
        axes.set_yscale("log")
    axes.set(title=plot.title, xlabel=plot.xlabel, ylabel=plot.ylabel)
    axes.grid(alpha=0.3)
    if any(line.label for line in plot.lines):
        axes.legend(fontsize=8)
    return canvas
