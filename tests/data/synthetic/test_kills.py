"""A run that is killed from outside at any moment, and made again, has the bytes of one that was not."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.events import DAY_US
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.retention import AHEAD, LEFT
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingFeed

pytestmark = pytest.mark.slow

CONFIG = WorldConfig(
    people=300, days=8, follows=20.0, annotated=300, seed=4, tweets_per_day=1.0, tick_min=60, impressions_per_day=15.0,
    state_at=0.55, retention={"joins_per_day": 0.05, "leaving": 0.1, "returning": 0.3},
)  # fmt: skip
DAY = 1440 // CONFIG.tick_min
"""Ticks of a day."""

RUNS = """
import os, signal, sys
from pathlib import Path
from data import dataset_writer
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from experiments.simulation.logging_feed import LoggingFeed

def tell(done, ticks, line=""):
    os.write(1, done.to_bytes(4, "little"))
    if done == int(last):
        signal.pause()

def die(path):
    os.kill(os.getpid(), 9)

config = WorldConfig.model_validate_json(sys.argv[1])
for line in sys.stdin:
    folder, workers, last = line.rsplit(maxsplit=2)
    child = os.fork()
    if not child:
        dataset_writer.file_sha256 = die
        make_world(config, Path(folder), feed=LoggingFeed(), progress=tell, workers=int(workers))
        os._exit(0)
    os.write(2, child.to_bytes(4, "little"))
    os.write(2, os.waitpid(child, 0)[1].to_bytes(4, "little"))
"""
"""Forks a run for each line it reads, so that what runs need is imported once. Ticks go to stdout as they are done; to
stderr each run's process, and what it ended with. A run waits for its kill at the tick that is named, and ends itself
when it is about to put its days together."""


class Runs:
    """Runs of the world in processes of their own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @staticmethod
    def _number(pipe: IO[bytes] | None) -> int:
        assert pipe is not None
        return int.from_bytes(pipe.read(4), "little")

    def killed(self, folder: Path, after: int | None, workers: int = 1) -> int:
        """Starts a run and kills it once it has done tick `after`, half a day later at the latest; where that is None
        the run ends itself. Gives the first tick that it did."""
        assert self._process.stdin is not None
        # Half a day is time enough on a busy machine.
        last = 0 if after is None else after + DAY // 2
        self._process.stdin.write(f"{folder} {workers} {last}\n".encode())
        self._process.stdin.flush()
        child = self._number(self._process.stderr)
        first = done = self._number(self._process.stdout)
        while done < (DAY * CONFIG.days if after is None else after):
            done = self._number(self._process.stdout)
        if after is not None:
            os.kill(child, signal.SIGKILL)
        assert os.WTERMSIG(self._number(self._process.stderr)) == signal.SIGKILL
        # What it did between the tick and the kill.
        os.set_blocking(self._process.stdout.fileno(), False)  # type: ignore[union-attr]
        self._process.stdout.read()  # type: ignore[union-attr]
        os.set_blocking(self._process.stdout.fileno(), True)  # type: ignore[union-attr]
        return first


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    command = [sys.executable, "-c", RUNS, CONFIG.model_dump_json()]
    environment = os.environ | {"NUMBA_NUM_THREADS": "2"}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        yield Runs(process)
        process.kill()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """What a run gives that nobody disturbs, on one thread."""
    return make_world(CONFIG, tmp_path_factory.mktemp("worlds") / "whole", feed=LoggingFeed(), workers=1)


def files(folder: Path) -> dict[str, str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_people_come_and_go_in_the_world_that_is_killed(whole: Dataset) -> None:
    world = World.open(whole.truth)
    status = world.saved().lives.status
    joined = np.bincount((whole.read("users").columns["created_us"][CONFIG.people :] - CONFIG.start_us) // DAY_US)
    assert len(joined) == CONFIG.days
    assert joined.min() > 0
    assert (status == LEFT).sum() > 50
    assert (status == AHEAD).sum() > 20
    days = (
        whole.scan("requests").select("user_id", day=pl.col("time_us") // 86_400_000_000).unique().sort("day").collect()
    )
    gaps = days.group_by("user_id", maintain_order=True).agg(gap=pl.col("day").diff().max())["gap"]
    assert gaps.max() >= 3


def test_a_run_killed_on_every_day_and_made_again_has_the_same_bytes(
    runs: Runs, whole: Dataset, tmp_path: Path
) -> None:
    """At a random tick of each day, on one thread and on two by turns; at the last of some, when a day is written."""
    rng, kept = np.random.default_rng(int.from_bytes(os.urandom(4), "little")), 0
    for day in range(CONFIG.days):
        tick = DAY if day in (2, 6) else int(rng.integers(1, DAY))
        first = runs.killed(tmp_path / "w", day * DAY + tick, workers=1 + day % 2)
        assert first == kept * DAY + 1
        kept = len(json.loads((tmp_path / ".w.partial" / "kept.json").read_text())["kept"]) if day else 0
        # Killed while a day is written, it may or may not be kept.
        assert kept == day or (tick == DAY and kept == day + 1)
        assert not (tmp_path / "w").exists()
        assert (tmp_path / ".w.partial").is_dir()
    began: list[int] = []
    again = make_world(CONFIG, tmp_path / "w", feed=LoggingFeed(), progress=lambda done, *_: began.append(done))
    assert began[0] == (CONFIG.days - 1) * DAY + 1
    assert again.content_hash == whole.content_hash
    assert files(again.folder) == files(whole.folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w"]


def test_a_kill_while_the_finished_days_are_put_together_loses_none(runs: Runs, whole: Dataset, tmp_path: Path) -> None:
    """A run on two threads, which is begun and ended by nobody else."""
    assert runs.killed(tmp_path / "w", None, workers=2) == 1
    began: list[int] = []
    again = make_world(CONFIG, tmp_path / "w", feed=LoggingFeed(), progress=lambda done, *_: began.append(done))
    assert began == []
    assert files(again.folder) == files(whole.folder)
