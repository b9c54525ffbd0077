"""The notebooks of docs/notebooks run from a clean kernel, and hold no output."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))

CELL_S = 280
"""Seconds that one cell may take: the first one of all compiles kernels and distils the text encoder."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory, with_encoder):
    """The notebooks as run: those of the world after each other in one home, the other meanwhile in its own."""
    room = tmp_path_factory.mktemp("notebooks")
    homes = [with_encoder(room / name) for name in ("home", "public")]
    with ThreadPoolExecutor(1) as worlds, ThreadPoolExecutor(1) as public:
        yield {
            path.stem: (public if path.stem == "public_log" else worlds).submit(
                run, path, room, homes[path.stem == "public_log"]
            )
            for path in NOTEBOOKS
        }


def run(path, room, home):
    """A notebook with its outputs."""
    import nbformat
    from nbclient import NotebookClient

    environment = os.environ | {
        "ROOKERY_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "IPYTHONDIR": str(home / "ipython"),
    }
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=CELL_S, kernel_name="python3", resources={"metadata": {"path": str(room)}}
    ).execute(env=environment)
    return notebook


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
def test_a_notebook_runs_from_a_clean_kernel(path, ran):
    notebook = ran[path.stem].result()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    kinds = {kind for one in shown for kind in one.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    told = [one["text"] for one in shown if one["output_type"] == "stream" and one["name"] == "stderr"]
    assert told == []
