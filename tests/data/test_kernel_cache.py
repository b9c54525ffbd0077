"""Compiled loops are compiled again when source that they depend on changes, in another module too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import data.kernel_cache
from data.kernel_cache import ROOT, depends_on

SHAPE = """
from typing import NamedTuple

class {name}(NamedTuple):
    {first}: float
    {second}: float

STEP = {step}
"""
LOOP = """
from data.kernel import kernel
from data.shapes_for_test import STEP, {name}

@kernel
def area(shape: {name}) -> float:
    return shape.width * 10.0 + shape.height + STEP
"""
CALL = "from data.loops_for_test import {name}, area; print(area({name}(width=2.0, height=3.0)))"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A copy of what `data.kernel` needs, in which two modules are written."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("__init__.py", "kernel.py", "kernel_cache.py"):
        (folder / name).write_bytes((ROOT / "data" / name).read_bytes())
    return tmp_path


def _run(packages: Path, *, name: str = "Shape", order: tuple[str, str] = ("width", "height"), step: int = 0) -> str:
    """What the loop gives after the named tuple was written anew."""
    shape = SHAPE.format(name=name, first=order[0], second=order[1], step=step)
    (packages / "data" / "shapes_for_test.py").write_text(shape)
    (packages / "data" / "loops_for_test.py").write_text(LOOP.format(name=name))
    return _printed(packages, name)


def _printed(packages: Path, name: str) -> str:
    """What the loop gives."""
    # Two versions of a module written within a second have one time: Python would take the first's byte code.
    environment = {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", CALL.format(name=name)]
    ran = subprocess.run(
        command, cwd=packages, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    return ran.stdout.strip() or ran.stderr


@pytest.mark.slow
def test_a_change_in_another_module_compiles_a_loop_again(packages: Path) -> None:
    assert _run(packages) == "23.0"
    before = set((packages / "data" / "__pycache__").glob("loops_for_test.area*.nbc"))
    assert _run(packages) == "23.0"
    assert set((packages / "data" / "__pycache__").glob("loops_for_test.area*.nbc")) == before != set()
    # Fields in another order have the same types: machine code that was kept would swap them.
    assert _run(packages, order=("height", "width")) == "23.0"
    # A constant is part of the machine code, and a renamed class cannot be read from what was kept.
    assert _run(packages, step=1) == "24.0"
    assert _run(packages, name="Form") == "23.0"
    # What no run would read again is gone: files do not pile up.
    left = set((packages / "data" / "__pycache__").glob("loops_for_test.area*.nbc"))
    assert len(left) == len(before)
    assert not left & before


@pytest.mark.slow
def test_a_loop_reached_through_a_link_is_not_compiled_again(
    packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert _run(packages) == "23.0"
    before = set((packages / "data" / "__pycache__").iterdir())
    linked = tmp_path_factory.mktemp("linked")
    (linked / "data").mkdir()
    for file in (packages / "data").glob("*.py"):
        (linked / "data" / file.name).symlink_to(file)
    assert _printed(linked, "Shape") == "23.0"
    assert not (linked / "data" / "__pycache__").exists()
    assert set((packages / "data" / "__pycache__").iterdir()) == before


def test_a_loop_depends_on_the_loops_tuples_and_constants_that_it_imports_and_on_nothing_else() -> None:
    found = {str(one.relative_to(ROOT)) for one in depends_on(ROOT / "data/synthetic/behaviour.py")}
    assert {"data/synthetic/behaviour.py", "data/synthetic/behaviour_parameters.py", "data/kernel.py"} <= found
    assert "data/dataset.py" not in found
    assert Path(data.kernel_cache.__file__).is_relative_to(ROOT)
