"""What many tests share: one tiny world, one home folder with its text encoder, one trained model."""

from __future__ import annotations

import os

# Before any library reads them: each test process computes on one thread, so that one process a core runs tests. Numba
# may take a second thread where a test says so: what is made must not depend on it.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    POLARS_MAX_THREADS="1",
    RAYON_NUM_THREADS="1",
    NUMBA_NUM_THREADS="2",
)

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import pytest
from filelock import FileLock
from hypothesis import settings
from matplotlib.figure import Figure

from data.dataset import Dataset
from experiments.reports.figure import Picture

# How long an example takes depends on who else uses the machine. CI draws the same examples each time.
settings.register_profile("rookery", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("rookery")

numba.set_num_threads(1)


def _in_small(figure: Picture, *args: Any, **settings: Any) -> None:
    figure.set_layout_engine("none")
    Figure.savefig(figure, *args, **{**settings, "dpi": 25})


Picture.savefig = _in_small  # type: ignore[method-assign]
"""Most of the time of an evaluation goes into the layout of its pictures. `full_pictures` is for tests of pictures."""


FIRST = ("tests/docs/test_notebooks.py", "tests/ranking/")
"""The notebooks take longest and compile what makes worlds; what runs beside them at first needs hardly any world."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that short ones are left for the end, when one process waits for others."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item: pytest.Item) -> tuple[int, bool]:
        at = next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))
        return (at, False) if item.path in slow else (len(FIRST), item.path not in slow)

    items.sort(key=place)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a run have."""
    run = tmp_path_factory.getbasetemp()
    return run.parent if "PYTEST_XDIST_WORKER" in os.environ else run


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Path]:
    """`ROOKERY_HOME` of the whole session. All processes of a run share one text encoder, which is distilled once."""
    folder = tmp_path_factory.mktemp("home")
    encoders = shared / "encoders"
    encoders.mkdir(exist_ok=True)
    (folder / "cache").mkdir()
    (folder / "cache" / "encoders").symlink_to(encoders, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROOKERY_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def with_encoder(home: Path) -> Callable[[Path], Path]:
    """Makes another home, which has the session's text encoder."""

    def make(folder: Path) -> Path:
        (folder / "cache").mkdir(parents=True)
        (folder / "cache" / "encoders").symlink_to(home / "cache" / "encoders", target_is_directory=True)
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_dataset(shared: Path) -> Dataset:
    """A world of 300 people and four days, made by the logging feed, once for all processes; nobody writes to it."""
    from experiments.simulation.worlds import make_data, world_config

    with FileLock(shared / "tiny.lock"):
        if not (shared / "tiny").exists():
            make_data(world_config("tiny", None, ["people=300", "days=4", "tweets_per_day=0.7"]), shared / "tiny")
    return Dataset.open(shared / "tiny")


@pytest.fixture(scope="module")
def full_pictures() -> Iterator[None]:
    """Pictures as people get them."""
    Picture.savefig = Figure.savefig  # type: ignore[method-assign]
    yield
    Picture.savefig = _in_small  # type: ignore[method-assign]
