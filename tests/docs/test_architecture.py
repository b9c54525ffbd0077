"""docs/architecture.md is true: its map, the code that it names, and what it says about adding a part."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.dataset import Dataset

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()

MAP = re.findall(r"^\| `([\w/]+)/` \| (.+) \|$", PAGE.partition("## The map")[2].partition("\n## ")[0], re.MULTILINE)
FOLDERS = [folder for folder, _ in MAP]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = [name for name in reversed(CONTRACTS[0]["layers"]) if (ROOT / name).is_dir()]
"""The packages, the lowest first."""

NAMED = sorted(set(re.findall(r"`([\w/]+\.py):([\w.]+)`", PAGE)))
"""What the page names of the code: file, and class, function or method in it."""

PART = re.compile(
    r"^## Add an? (\w+)\n\nOne file, `([^`]+)`:\n\n```python\n(.*?)```\n\n"
    r"One line in `([^`]+)`, in `([^`]+)`:\n\n```(?:python)?\n([^\n]+\n)```\n"
    r"(?:\nIts import, at the top of that file:\n\n```python\n([^\n]+\n)```\n)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Part:
    """What the page says about adding one kind of part."""

    kind: str
    file: str
    code: str
    list_file: str
    list_name: str
    entry: str
    imported: str
    """Empty where the list names the part by its path."""


PARTS = [Part(*found) for found in PART.findall(PAGE)]


def packages() -> set[str]:
    found = {path.parent.relative_to(ROOT).as_posix() for top in LAYERS for path in (ROOT / top).rglob("__init__.py")}
    return found | {"tests"}


def test_the_map_has_every_package_and_no_other() -> None:
    assert set(FOLDERS) == packages()
    assert len(FOLDERS) == len(set(FOLDERS))


def test_the_map_is_in_the_order_of_the_layers() -> None:
    tops = list(dict.fromkeys(folder.partition("/")[0] for folder in FOLDERS))
    assert tops == [*LAYERS, "tests"]


def names_of(body: list[ast.stmt], before: str = "") -> set[str]:
    """Classes, functions, methods and module variables, as `name` or `Class.name`."""
    found = set()
    for one in body:
        if isinstance(one, ast.ClassDef):
            found |= {before + one.name} | names_of(one.body, f"{before}{one.name}.")
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(before + one.name)
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            found.add(before + one.target.id)
        elif isinstance(one, ast.Assign):
            found |= {before + target.id for target in one.targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda one: one)
def test_what_the_page_names_is_there(path: str, name: str) -> None:
    assert name in names_of(ast.parse((ROOT / path).read_text()).body)


def overlay(target: Path) -> None:
    """The packages under `target`, as links to the real files, with the parts of the page added.

    Folders that change nothing are linked whole, so that compiled code is found beside them.
    """
    changed = {Path(one) for part in PARTS for one in (part.file, part.list_file)}
    real = {parent for one in changed for parent in one.parents}
    for folder in sorted(real):
        (target / folder).mkdir(exist_ok=True)
        for one in (ROOT / folder).iterdir():
            at = folder / one.name
            wanted = one.name in (*LAYERS, "tests") if folder == Path() else one.name != "__pycache__"
            if wanted and at not in real and at not in changed:
                (target / at).symlink_to(one)
    for part in PARTS:
        assert not (ROOT / part.file).exists()
        (target / part.file).write_text(part.code)
        listed = target / part.list_file
        text = (listed if listed.exists() else ROOT / part.list_file).read_text()
        listed.write_text(with_lines(text, part))


def with_lines(text: str, part: Part) -> str:
    """A module with the page's import at the top, and its line as the last of the list."""
    lines = text.splitlines(keepends=True)
    opens = re.compile(rf"^( *){re.escape(part.list_name)}(\b.*)?=.*[\[{{(]$")
    starts = [at for at, line in enumerate(lines) if opens.match(line.rstrip())]
    assert len(starts) == 1, f"{part.list_file} has {len(starts)} lists {part.list_name}"
    indent = len(lines[starts[0]]) - len(lines[starts[0]].lstrip())
    end = next(at for at in range(starts[0] + 1, len(lines)) if re.match(rf"^ {{{indent}}}[\]}})]", lines[at]))
    lines[end:end] = [part.entry]
    first = next(
        at for at, line in enumerate(lines) if line.startswith(("from ", "import ")) and "__future__" not in line
    )
    lines[first:first] = [part.imported]
    return "".join(lines)


@pytest.mark.slow
def test_each_kind_of_part_can_be_added_by_the_words_of_the_page(tmp_path: Path, tiny_dataset: Dataset) -> None:
    assert [part.kind for part in PARTS] == ["scorer", "metric", "feature", "source", "filter", "consumer"]
    overlay(tmp_path)
    script = Path(__file__).with_name("new_parts.py").read_text()
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "ROOKERY_HOME": str(tmp_path / "home")}
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tiny_dataset.folder)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout)

    assert found["code"] == str(tmp_path)
    assert "freshness" in found["scorers"]
    # It ranks by likes as well, and so differs from the order by age alone.
    freshness, recency = (found["evaluated"][name] for name in ("freshness", "recency"))
    assert freshness != recency
    assert 0 < freshness["ndcg"] < 1
    assert 0 <= freshness["top_hit"] <= 1
    assert "tweet.impressions_6h" in found["features"]
    assert found["equal_logs"] >= 20
    assert 0 < found["fetched"]["newest"] <= 50
    assert found["sources_of_the_feed"].get("newest", 0) > 0
    assert found["removed"]["quote"] > 0
    assert found["quotes_in_the_feed"] == 0
    assert sum(found["languages"].values()) == tiny_dataset.rows("tweets")
