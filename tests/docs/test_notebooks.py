"""The notebooks of docs/notebooks run from a clean kernel, and hold no output."""

import json
import os
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))

CELL_S = 280
"""Seconds that one cell may take: the first one of all compiles kernels and distils the text encoder."""


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """The folder that all of them run in, and their home."""
    return tmp_path_factory.mktemp("notebooks")


def test_there_are_three():
    assert [one.stem for one in NOTEBOOKS] == ["first_hour", "own_scorer", "public_log"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_is_stored_that_a_run_makes(path):
    notebook = json.loads(path.read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert all(cell["metadata"] == {} for cell in notebook["cells"])


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_a_clean_kernel(path, room, monkeypatch, record_property):
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("ROOKERY_HOME", str(room / "home"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("IPYTHONDIR", str(room / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    NotebookClient(
        notebook, timeout=CELL_S, kernel_name="python3", resources={"metadata": {"path": str(room)}}
    ).execute()
    record_property("seconds", round(time.perf_counter() - began, 1))
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    kinds = {kind for one in shown for kind in one.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    told = [one["text"] for one in shown if one["output_type"] == "stream" and one["name"] == "stderr"]
    assert told == []
