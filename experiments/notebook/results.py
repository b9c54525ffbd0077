"""Results of training, evaluating, comparing and auditing, as a notebook shows them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from experiments.datasets.audit import Audit
from experiments.evaluation.compare import Comparison
from experiments.evaluation.comparison_page import label, name_of
from experiments.evaluation.results import Report, ScorerResult
from experiments.notebook.display import Result, shown
from experiments.reports.plots import intervals, new_figure, whiskers
from experiments.runs.train import TrainResult
from experiments.statistics.paired import Difference, Interval

_NOT_OF_THE_MODEL = ("epoch", "seconds", "examples_per_s")
"""Columns of training that are not drawn."""


@dataclass(frozen=True, repr=False)
class Training(Result):
    """A model that was trained, logged in MLflow and registered."""

    scorer: str
    """Its kind, as `two_tower`."""
    result: TrainResult

    @property
    def reference(self) -> str:
        """What names the model to `evaluate`, `compare` and `load_model`: `v3`."""
        return f"v{self.result.version}"

    def to_polars(self) -> pl.DataFrame:
        """One row an epoch, or a combination of settings that was tried; its columns are what was measured."""
        frame = pl.DataFrame(self.result.epochs)
        return frame.with_columns(pl.col("epoch").cast(pl.Int64)) if "epoch" in frame.columns else frame

    def plot(self) -> Any:
        """A Matplotlib figure: what was measured of the model, one panel a number."""
        frame = self.to_polars()
        names = [name for name in self.result.columns if name not in _NOT_OF_THE_MODEL]
        figure = new_figure(max(3.2 * len(names), 3.2), 2.8)
        for at, name in enumerate(names):
            axes = figure.add_subplot(1, len(names), at + 1)
            axes.plot(range(1, len(frame) + 1), frame[name].to_list(), marker="o", markersize=3)
            axes.set(title=name, xlabel="epoch" if "epoch" in self.result.columns else "combination of settings")
            axes.grid(alpha=0.3)
        return figure

    def _repr_html_(self) -> str:
        found = self.result
        rows = [[_cell(name, one[name]) for name in found.columns] for one in found.epochs]
        notes = [f"run {found.run_id}: version {found.version} of {found.registered_as}, "
                 f"now {' and '.join(found.aliases)}"]  # fmt: skip
        if found.chosen:
            notes.append("chosen: " + ", ".join(f"{name} {value:g}" for name, value in found.chosen.items()))
        return shown(f"{self.scorer} {self.reference}", found.columns, rows, notes)


def _cell(column: str, value: float) -> str:
    """A number of training: whole epochs and speeds, four places of the others."""
    return f"{value:,.0f}" if column in ("epoch", "examples_per_s") else f"{value:.4f}"


@dataclass(frozen=True, repr=False)
class Evaluation(Result):
    """Scorers measured on the same requests."""

    report: Report

    def to_polars(self) -> pl.DataFrame:
        """One row a scorer and number: `scorer`, `reference`, `metric`, `action`, `value`, `low`, `high`, `users`.

        `low` and `high` bound the 95% interval; null for a number of all requests together. `action` is null but for
        numbers of an action's probabilities.
        """
        rows = [one for row in self.report.rows for one in _numbers(row)]
        text, number = pl.String, pl.Float64
        schema = {"scorer": text, "reference": text, "metric": text, "action": text}
        return pl.DataFrame(
            rows, schema={**schema, "value": number, "low": number, "high": number, "users": pl.Int64}, orient="row"
        )

    def plot(self, metric: str = "ndcg") -> Any:
        """A Matplotlib figure: each scorer's `metric` with its 95% interval, best first."""
        frame = self.to_polars().filter((pl.col("metric") == metric) & pl.col("action").is_null())
        frame = frame.with_columns(pl.col("low", "high").fill_null(pl.col("value")))
        rows = {
            name: (value, low, high)
            for name, value, low, high in frame.sort("value", descending=True)
            .select("reference", "value", "low", "high")
            .iter_rows()
        }
        return intervals(rows, title=self._heading(metric), xlabel="mean and 95% interval")

    def _heading(self, metric: str) -> str:
        """As the command line heads its table."""
        if metric == "auc":
            return "AUC"
        return self.report.heading(metric) if metric in self.report.kinds else name_of(metric, self.report.k)

    def _repr_html_(self) -> str:
        frame = self.to_polars().filter(pl.col("action").is_null())
        metrics = frame["metric"].unique(maintain_order=True).to_list()
        cells: dict[str, dict[str, str]] = {}
        for scorer, reference, metric, value, low, high in frame.drop("action", "users").iter_rows():
            row = cells.setdefault(reference, {"scorer": scorer})
            row[metric] = f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
        best = sorted(self.report.rows, key=lambda row: -row.ndcg.mean)
        rows = [(row.reference, *(cells[row.reference].get(metric, "") for metric in metrics)) for row in best]
        heads = ["scorer", *(self._heading(metric) for metric in metrics)]
        return shown("Scorers", heads, rows, [self.report.protocol, *self.report.notes])


def _numbers(row: ScorerResult) -> list[tuple[Any, ...]]:
    """The numbers of one scorer, as rows of `Evaluation.to_polars`."""
    named: dict[str, Interval | None] = {"ndcg": row.ndcg, "recall": row.recall, "auc": row.auc}
    named |= {"true_value": row.true_value, "true_welfare": row.true_welfare, **row.metrics}
    who = (row.name, row.reference)
    out: list[tuple[Any, ...]] = [
        (*who, name, None, one.mean, one.low, one.high, one.users) for name, one in named.items() if one is not None
    ]
    out += [(*who, name, None, value, None, None, None) for name, value in row.shares.items()]
    for action, numbers in row.by_action.items():
        out += [(*who, name, action, value, None, None, None) for name, value in numbers.items()]
    return out


@dataclass(frozen=True, repr=False)
class Compared(Result):
    """Evaluated runs against the first of them, request by request."""

    report: Comparison

    def to_polars(self) -> pl.DataFrame:
        """One row a run and metric: its value and how far it is from the base, with 95% intervals and p-values.

        The p-values have Holm's correction; the base's differences are null.
        """
        rows: list[dict[str, Any]] = [
            {"reference": row.reference, "scorer": row.scorer, "metric": row.metric}
            | _interval("value", row.value)
            | _interval("difference", row.difference)
            | {"effect": row.effect.size if row.effect else None, "p": row.corrected_p,
               "wilcoxon_p": row.corrected_wilcoxon_p, "run_id": row.run_id}
            for row in self.report.rows
        ]  # fmt: skip
        return pl.DataFrame(rows)

    def segments(self) -> pl.DataFrame:
        """The same by segment of users: one row a segment, run and metric."""
        rows: list[dict[str, Any]] = [
            {"dimension": row.dimension, "segment": row.segment, "reference": row.reference, "metric": row.metric}
            | _interval("value", row.value)
            | _interval("difference", row.difference)
            | {"users": row.difference.users, "p": row.corrected_p}
            for row in self.report.segments
        ]
        return pl.DataFrame(rows)

    def plot(self) -> Any:
        """A Matplotlib figure: differences from the base with their 95% intervals, one panel a metric."""
        metrics = list(dict.fromkeys(row.metric for row in self.report.rows))
        rows = [row for row in self.report.rows if row.difference is not None]
        names = list(dict.fromkeys(label(row) for row in rows))
        figure = new_figure(2.4 + 2.8 * len(metrics), 1.2 + 0.4 * len(names))
        panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False).ravel()
        for axes, metric in zip(panels, metrics, strict=True):
            found = [row.difference for row in rows if row.metric == metric and row.difference is not None]
            whiskers(axes, [(one.mean, one.low, one.high) for one in found])
            axes.axvline(0, color="#999999", linewidth=1)
            axes.set(xlabel=f"{name_of(metric, self.report.k)} minus {self.report.base}")
            axes.grid(axis="x", alpha=0.3)
        panels[0].set_yticks(range(len(names)), names)
        return figure

    def _repr_html_(self) -> str:
        rows = [
            (name_of(row.metric, self.report.k), label(row), row.value, *(
                (row.difference, row.effect, f"{row.corrected_p:.3g}", f"{row.corrected_wilcoxon_p:.3g}")
                if row.difference else ("base", "", "", "")
            ))
            for row in self.report.rows
        ]  # fmt: skip
        heads = ["metric", "run", "value", f"minus {self.report.base}", "effect (d)", "p (Holm)", "Wilcoxon's p (Holm)"]
        notes = [self.report.protocol, *self.report.notes]
        return shown(f"Compared with {self.report.base} on {self.report.data}", heads, rows, notes)


def _interval(name: str, one: Interval | Difference | None) -> dict[str, Any]:
    """Columns of a value and its bounds, null where there is none."""
    found = (None, None, None) if one is None else (one.mean, one.low, one.high)
    return dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))


@dataclass(frozen=True, repr=False)
class Audited(Result):
    """What an audit of a data set found."""

    data: str
    """Name of the data set."""
    report: Audit

    @property
    def clean(self) -> bool:
        """Nothing was found; notes and what cannot be checked are no fault."""
        return self.report.clean

    def to_polars(self) -> pl.DataFrame:
        """One row a check: `check`, `where`, `verdict` (clean, found, note or absent), `count`, `detail`."""
        return pl.DataFrame([asdict(one) for one in self.report.findings])

    def plot(self) -> Any:
        """A Matplotlib figure: how many checks came to each verdict."""
        counts = self.to_polars()["verdict"].value_counts().sort("verdict")
        figure = new_figure(4, 2.4)
        axes = figure.subplots()
        axes.barh(counts["verdict"].to_list(), counts["count"].to_list())
        axes.set(title=f"{self.data}: checks by verdict", xlabel="checks")
        return figure

    def _repr_html_(self) -> str:
        rows = [(one.check, one.where, one.verdict, f"{one.count:,}", one.detail) for one in self.report.findings]
        words = "nothing found" if self.clean else "something found"
        return shown(f"{self.data}: {words}", ["check", "where", "verdict", "rows", "what"], rows)
