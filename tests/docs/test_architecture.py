"""docs/architecture.md is true: its map, and what it says about adding a part."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()

MAP = re.findall(r"^\| `([\w/]+)/` \| (.+) \|$", PAGE.partition("## The map")[2].partition("\n## ")[0], re.MULTILINE)
FOLDERS = [folder for folder, _ in MAP]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = [name for name in reversed(CONTRACTS[0]["layers"]) if (ROOT / name).is_dir()]
"""The packages, the lowest first."""


def packages() -> set[str]:
    found = {path.parent.relative_to(ROOT).as_posix() for top in LAYERS for path in (ROOT / top).rglob("__init__.py")}
    return found | {"tests"}


def test_the_map_has_every_package_and_no_other() -> None:
    assert set(FOLDERS) == packages()
    assert len(FOLDERS) == len(set(FOLDERS))


def test_the_map_is_in_the_order_of_the_layers() -> None:
    tops = list(dict.fromkeys(folder.partition("/")[0] for folder in FOLDERS))
    assert tops == [*LAYERS, "tests"]
