"""Commands that read a data set give the same of a world whose truth is gone, or say in one line that it is missing."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from data.dataset import Dataset
from experiments.cli.__main__ import app
from tests.experiments.cli.conftest import Run

ROOT = Path(__file__).parents[3]
TRUE = {"true_value", "true_welfare", "oracle", "welfare_oracle", "regret"}
"""Columns and rows that show the truth."""
OWN = {
    "run_id",
    "version",
    "reference",
    "folder",
    "aliases",
    "seconds",
    "examples_per_s",
    "registered_as",
    "id",
    "stage_ms",
}
"""What differs between two runs of one command."""
RAN = {
    "data describe": ("data", "describe", "FOLDER", "--verify"),
    "data audit": ("data", "audit", "FOLDER", "--encoder", "none", "--rows", "60", "--cuts", "1"),
    "world report": ("world", "report", "FOLDER", "--html", "PAGE"),
    "trends": ("trends", "--data", "FOLDER"),
    "search": ("search", "the", "--data", "FOLDER"),
    "train": (
        "train", "--data", "FOLDER", "--set", "scorer=logistic", "--set", "settings.rows.most=2000",
        "--set", "settings.iterations=5",
    ),
    "evaluate": ("evaluate", "popularity", "MODEL", "--data", "FOLDER", "--requests", "40", "--metric", "coverage"),
    "why": ("why", "--data", "FOLDER", "--user", "USER", "--model", "MODEL"),
    "score-post": (
        "score-post", "a word", "--data", "FOLDER", "--author", "USER", "--readers", "10", "--model", "MODEL",
    ),
    # Unasked it compares true value, too, and p-values are corrected for the number of metrics.
    "compare": ("compare", "popularity", "MODEL", "--metric", "ndcg", "--metric", "recall"),
}  # fmt: skip
"""Commands and their words, in an order in which each has what it needs."""
NO_TRUTH_IN_THEIR_CODE = {"sweep", "serve", "text train", "recommend", "evaluate-labels"}
"""Others that read a data set: `test_the_truth_is_opened_where_it_is_shown_alone` is about them."""
SHOW_TRUTH = {"study search", "study trends"}
"""Commands that hold what is found against the truth of a data set."""
OPENS_TRUTH = {
    "experiments/evaluation/oracle.py", "experiments/live/run.py", "experiments/simulation/worlds.py",
    "experiments/studies/search.py", "experiments/studies/world_trends.py",
}  # fmt: skip
"""The oracles of evaluations; the authors' voices of the demo; whether a world that is kept is whole; the studies."""


def commands(one: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Every command with the names of its parameters."""
    if not isinstance(one, typer.core.TyperGroup):
        yield " ".join(words), {parameter.name for parameter in one.params}
        return
    for name, inner in one.commands.items():
        yield from commands(inner, (*words, name))


def test_no_command_that_reads_a_data_set_is_forgotten() -> None:
    reads = {name for name, given in commands(typer.main.get_command(app)) if {"data", "folder"} & given}
    # `--data` names the network of these; `restore` reads a backup.
    of_networks = {name for name in reads if name.startswith(("events dlq ", "app ")) or name in ("backup", "restore")}
    assert reads - of_networks == (RAN.keys() | NO_TRUTH_IN_THEIR_CODE | SHOW_TRUTH) - {"compare"}


def test_the_truth_is_opened_where_it_is_shown_alone() -> None:
    """Who does not name the truth's folder of a data set cannot read it."""
    found = set()
    for top in ("features", "ranking", "candidates", "serving", "experiments"):
        for path in (ROOT / top).rglob("*.py"):
            for one in ast.walk(ast.parse(path.read_text())):
                if isinstance(one, ast.Attribute) and one.attr == "truth":
                    owner = ast.unparse(one.value).rpartition(".")[2].lstrip("_")
                    if owner in ("dataset", "data", "found", "made", "log"):
                        found.add(path.relative_to(ROOT).as_posix())
                elif isinstance(one, ast.Constant) and one.value in ("truth", "truth/"):
                    found.add(path.relative_to(ROOT).as_posix())
    assert found == OPENS_TRUTH


def plain(value: Any, names: dict[str, str]) -> Any:
    """An answer without what shows the truth and what differs between runs."""
    if isinstance(value, dict):
        return {name: plain(one, names) for name, one in value.items() if name not in TRUE | OWN}
    if isinstance(value, list):
        shown = [
            one
            for one in value
            if not (isinstance(one, dict) and TRUE & {one.get("name"), one.get("reference"), one.get("metric")})
        ]
        return [plain(one, names) for one in shown if not (isinstance(one, str) and "true" in one.lower())]
    if isinstance(value, str):
        for name, word in names.items():
            value = value.replace(name, word)
    return value


@pytest.mark.slow
def test_every_command_gives_the_same_without_the_truth(run: Run, tiny_dataset: Dataset, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(tiny_dataset.folder, bare, ignore=shutil.ignore_patterns("truth"))
    answers: dict[str, list[Any]] = {name: [] for name in RAN}
    user = str(tiny_dataset.scan("requests").select("user_id").last().collect().item())
    pages = []
    for folder in (tiny_dataset.folder, bare):
        model = ""
        for name, words in RAN.items():
            given = {"FOLDER": str(folder), "MODEL": model, "PAGE": str(tmp_path / "page.html"), "USER": user}
            code, out, err = run(*(given.get(word, word) for word in words), "--json")
            assert code == 0, (name, err)
            answer = json.loads(out)
            model = f"v{answer['version']}" if name == "train" else model
            names = {str(folder): "FOLDER"} | ({model: "MODEL"} if model else {})
            answers[name].append(plain(answer, names))
        pages.append((tmp_path / "page.html").read_text().replace(str(folder), "FOLDER"))
    assert {name: one for name, one in answers.items() if one[0] != one[1]} == {}
    assert pages[0] == pages[1]
    for metric in ("true_value", "regret"):
        code, out, err = run("evaluate", "popularity", "--data", bare, "--requests", "40", "--metric", metric)
        (line,) = (one for one in err.splitlines() if one.startswith("rookery: "))
        assert (code, out) == (2, "")
        assert f"metric '{metric}' needs the truth, and {bare} has no folder 'truth'; only a made world has one" in line
    for study in ("search", "trends"):
        code, out, err = run("study", study, "--data", bare)
        (line,) = (one for one in err.splitlines() if one.startswith("rookery: "))
        assert (code, out) == (2, "")
        assert f"{bare} has no truth" in line
    code, out, err = run("compare", "popularity", model, "--metric", "true_welfare")
    (line,) = (one for one in err.splitlines() if one.startswith("rookery: "))
    assert (code, out) == (2, "")
    assert "'true_welfare'" in line
