"""`rookery train` killed without warning goes on by itself; under torchrun the first process alone speaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from experiments.cli.__main__ import main
from tests.ranking.training.two_tower.shelves import write_shelves

_SETTINGS = [
    "--set", "settings.training.epochs=4", "--set", "settings.training.batch_size=200", "--set", "settings.dim=8",
    "--set", "settings.text=false", "--set", "settings.topics=false", "--set", "settings.training.threads=1",
]  # fmt: skip
_KILLED = """
import os, signal, sys
from pathlib import Path
import ranking.training.two_tower.task as loop
batches = loop.TwoTowerTask.batches
def dying(task, epoch):
    for at, batch in enumerate(batches(task, epoch)):
        if (epoch, at) == (3, 2):
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch
loop.TwoTowerTask.batches = dying
from experiments.cli.__main__ import main
main()
"""


def _rookery(home, *arguments, launch=("-m", "experiments.cli"), expect=0):
    done = subprocess.run(
        [sys.executable, *launch, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=900,
        cwd=Path(__file__).parents[4], env=os.environ | {"ROOKERY_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == expect, done.stderr[-2000:]
    return done


def _weights(home):
    found = [path for path in Path(home).rglob("model.safetensors") if (path.parent / "model.json").exists()]
    assert len(found) == 1
    return load_file(found[0])


@pytest.fixture
def homes(home, tmp_path):
    """Makes home folders that share the session's text encoder."""
    (home / "cache").mkdir(exist_ok=True)

    def make(name):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cache").symlink_to(home / "cache")
        return tmp_path / name

    return make


@pytest.fixture
def rookery_here(monkeypatch, capsys):
    """The command in this process: what it says on stderr."""

    def command(home, *arguments):
        monkeypatch.setenv("ROOKERY_HOME", str(home))
        monkeypatch.setattr(sys, "argv", ["rookery", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        return capsys.readouterr().err

    return command


@pytest.mark.slow
def test_a_killed_train_goes_on_says_so_and_ends_with_the_same_weights(tmp_path, homes, rookery_here):
    killed, whole = homes("killed"), homes("whole")
    write_shelves(tmp_path / "shelves")
    train = ["train", "--data", tmp_path / "shelves", *_SETTINGS]
    _rookery(killed, *train, launch=("-c", _KILLED), expect=-signal.SIGKILL)
    assert len(list((killed / "checkpoints").iterdir())) == 1
    assert "after its epoch 2" in rookery_here(killed, *train)
    assert not list((killed / "checkpoints").iterdir())
    assert "checkpoint" not in rookery_here(whole, *train)
    mine, theirs = _weights(killed), _weights(whole)
    assert set(mine) == set(theirs)
    assert all((mine[name] == theirs[name]).all() for name in mine)


@pytest.mark.slow
def test_under_torchrun_one_run_is_logged(tmp_path, homes):
    home = homes("home")
    write_shelves(tmp_path / "shelves")
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "experiments.cli")
    done = _rookery(home, "train", "--data", tmp_path / "shelves", *_SETTINGS, launch=launch)
    assert done.stdout.count("next: rookery evaluate v1") == 1
    _weights(home)
