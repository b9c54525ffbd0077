"""MLflow's store when it is not as it was left: half there, moved, full, read-only, or wanted by several at once."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import ConfigError, DataError, ModelError, NotFoundError
from data.home_folder import check_home, database_url
from experiments.runs.tracking import require_run
from ranking.artifact import Bundle
from ranking.model_registry import fetch, log_bundle, resolve_reference, set_alias
from ranking.scorers.recency import Recency
from ranking.store import connect
from ranking.store_file import EXPERIMENT, FILE

pytestmark = pytest.mark.slow

COLUMNS = {"tweet.age_h": np.zeros(2, np.float32)}
_CONNECT = "import sys; from pathlib import Path; from ranking.store import connect; connect(Path(sys.argv[1]))"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one registered model, made by another process; tests take copies of it."""
    home = tmp_path_factory.mktemp("kept") / "home"
    code = f"{_CONNECT}; from tests.ranking.test_store import register; register(Path(sys.argv[1]))"
    assert _python(code, home, cwd=home.parent).returncode == 0
    return home


def register(home: Path) -> None:
    """A run with a file and a model."""
    import mlflow

    client = connect(home)
    with mlflow.start_run():
        version = log_bundle(Bundle("recency", Recency(), None, "none", "hash"), COLUMNS)
        mlflow.log_text("something", "notes/about.txt")
    set_alias(client, "champion", version)


@pytest.fixture
def home(kept: Path, tmp_path: Path) -> Path:
    """A home that was renamed since its last command."""
    return Path(shutil.copytree(kept, tmp_path / "renamed"))


_THREE_CONNECT = """
import os, sys, traceback
from pathlib import Path
import mlflow.store.tracking.sqlalchemy_store  # once, so that the three begin together
from ranking.store import connect

for _ in range(3):
    if not os.fork():
        try:
            connect(Path(sys.argv[1]))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
sys.exit(sum(os.wait()[1] != 0 for _ in range(3)))
"""
"""Three processes that are each the first; ends with the number of those that failed."""


def test_several_first_commands_at_once_make_one_store(tmp_path: Path) -> None:
    home = tmp_path / "new"
    done = _python(_THREE_CONNECT, home, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(home / FILE)) as store:
        rows = store.execute("SELECT name, artifact_location FROM experiments ORDER BY name").fetchall()
    # Nothing of it leads, or lies, anywhere else.
    assert rows == [("Default", f"{(home / 'mlartifacts').as_uri()}/0"), (EXPERIMENT, (home / "mlartifacts").as_uri())]
    assert [one.name for one in tmp_path.iterdir()] == ["new"]


def test_a_store_that_was_killed_while_it_was_made_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "new"
    code = _CONNECT.replace(
        "connect(Path", "import os, signal, sqlalchemy.event as e, sqlalchemy; c = [0]\n"
        "def die(*_):\n c[0] += 1\n if c[0] == 60: os.kill(os.getpid(), signal.SIGKILL)\n"
        "e.listen(sqlalchemy.Engine, 'before_cursor_execute', die)\nconnect(Path",
    )  # fmt: skip
    assert _python(code, home, cwd=tmp_path).returncode == -9
    assert not (home / FILE).exists()
    assert connect(home).get_experiment_by_name(EXPERIMENT).lifecycle_stage == "active"


def test_what_is_kept_by_its_path_follows_a_renamed_home(home: Path, kept: Path) -> None:
    import mlflow

    before = sorted(kept.rglob("*"))
    assert isinstance(fetch("champion", home=home).scorer, Recency)
    client = connect(home)
    run_id = resolve_reference(client, "champion").run_id
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/about.txt") == "something"
    client.log_text(run_id, "more", "notes/more.txt")
    assert [one.read_text() for one in home.rglob("more.txt")] == ["more"]
    with closing(sqlite3.connect(home / FILE)) as store:
        assert str(kept) not in "\n".join(store.iterdump())
    assert sorted(kept.rglob("*")) == before


def test_artifacts_that_were_put_elsewhere_stay_there(home: Path) -> None:
    elsewhere = "file:///somewhere/else"
    with closing(sqlite3.connect(home / FILE)) as store, store:
        store.execute("UPDATE experiments SET artifact_location = ? WHERE name = ?", (elsewhere, EXPERIMENT))
    assert connect(home).get_experiment_by_name(EXPERIMENT).artifact_location == elsewhere


def test_a_deleted_experiment_is_refused_with_what_brings_it_back(home: Path) -> None:
    client = connect(home)
    number = client.get_experiment_by_name(EXPERIMENT).experiment_id
    client.delete_experiment(number)
    with pytest.raises(ConfigError, match=r"'rookery' was deleted in MLflow; bring it back: ") as told:
        connect(home)
    # What a person is told to type does it.
    command = told.value.remedy.removeprefix("bring it back: ").partition("; or ")[0]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, shell=True, check=True, capture_output=True, env=os.environ | {"PATH": path})
    assert connect(home).get_experiment_by_name(EXPERIMENT).experiment_id == number


def test_a_deleted_run_is_refused_with_what_brings_it_back(home: Path) -> None:
    client = connect(home)
    run_id = resolve_reference(client, "champion").run_id
    client.delete_run(run_id)
    with pytest.raises(NotFoundError, match=f"run {run_id} of model 'champion' was deleted") as told:
        require_run(client, run_id, "model 'champion'", home, otherwise="train again")
    assert f"mlflow runs restore --run-id {run_id}; or train again" in told.value.remedy
    client.restore_run(run_id)
    require_run(client, run_id, "model 'champion'", home, otherwise="train again")
    with pytest.raises(NotFoundError, match="is not in MLflow's store; train again"):
        require_run(client, "0" * 32, "model 'champion'", home, otherwise="train again")


def test_a_model_whose_files_are_gone_is_named(home: Path) -> None:
    shutil.rmtree(home / "mlartifacts")
    with pytest.raises(NotFoundError, match=r"the files of model version 1 are gone.*there is: v1 \(champion\)"):
        fetch("champion", home=home)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(4_000)])
def test_a_file_that_is_no_store_is_named_at_once(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(DataError, match=r"MLflow's store .*mlflow\.db cannot be read"):
        connect(tmp_path)


def test_a_reference_to_nothing_is_answered_with_the_nearest(home: Path, tmp_path: Path) -> None:
    for said, near in (("champ", "champion"), ("chanpion", "champion"), ("pop", "popularity")):
        with pytest.raises(NotFoundError, match=rf"no model answers to '{said}'; did you mean '{near}'\? "):
            fetch(said, home=home, also=("popularity", "recency"))
    with pytest.raises(NotFoundError, match=r"no model answers to 'ease'; train it: rookery train .*scorer=ease"):
        fetch("ease", home=home)
    for folder in (tmp_path, f"{tmp_path}/"):
        with pytest.raises(ModelError, match="is not a model"):
            fetch(str(folder), home=home)


@pytest.mark.parametrize("alias", ["1", "v7", "f" * 32, "a/b", "", "two words"])
def test_an_alias_that_would_be_read_as_something_else_is_refused(home: Path, alias: str) -> None:
    with pytest.raises(ConfigError, match="would be read as no alias; name it champion"):
        set_alias(connect(home), alias, "1")


@pytest.mark.parametrize("name", ["a?b", "a#b", "50% off", "a%3Fb", "hømé"])
def test_any_name_will_do_for_a_home(name: str, tmp_path: Path) -> None:
    """The address is the file's, and what SQLAlchemy opens by it is that file."""
    import sqlalchemy

    path = tmp_path / name / "some.db"
    path.parent.mkdir()
    engine = sqlalchemy.create_engine(database_url(path))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE there (one INTEGER)"))
    engine.dispose()
    assert path.stat().st_size > 0
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_home_with_a_question_mark_keeps_all_that_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "is this? 50% #1"
    register(home)
    assert isinstance(fetch("champion", home=home).scorer, Recency)
    assert [one.name for one in tmp_path.iterdir()] == [home.name]
    moved = home.rename(tmp_path / "or that?")
    assert isinstance(fetch("champion", home=moved).scorer, Recency)
    assert [one.name for one in tmp_path.iterdir()] == [moved.name]


def test_a_home_that_cannot_be_written_is_refused(home: Path) -> None:
    """A file where a folder should be, and no bytes left to write: true for every user, root too."""
    with pytest.raises(ConfigError, match=r"cannot be written to: .*ROOKERY_HOME=DIR"):
        check_home(home / FILE)
    code = (
        "import sys; from pathlib import Path; from data.home_folder import check_home; check_home(Path(sys.argv[1]))"
    )
    done = _python(code, home, cwd=home, preexec_fn=_no_bytes)
    assert "cannot be written to: File too large; name another folder: ROOKERY_HOME=DIR" in done.stderr


@pytest.mark.parametrize("options", ["size=1m", "ro"])
def test_a_full_or_read_only_disk_is_refused_before_anything_is_made(options: str, tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user may mount no disk")
    try:
        with pytest.raises(ConfigError, match="with 1 MiB left" if options == "size=1m" else "Read-only file system"):
            check_home(tmp_path)
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_server_that_does_not_answer_is_named_in_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        began = time.monotonic()
        with pytest.raises(
            DataError, match=rf"^MLflow's server {uri} cannot be used: .*Connection refused; start it, or"
        ):
            connect(tmp_path)
    assert time.monotonic() - began < 60
    assert not (tmp_path / FILE).exists()
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_an_address_in_the_variable_of_earlier_versions_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOKERY_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(ConfigError, match=r"^ROOKERY_TRACKING_URI=\S+ is not read; set MLFLOW_TRACK"):
        connect(tmp_path)
    assert not (tmp_path / FILE).exists()


def test_files_of_a_named_database_lie_under_home_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/named.db")
    home = tmp_path / "home"
    home.mkdir()
    client = connect(home)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    assert experiment.artifact_location == (home / "mlartifacts").as_uri()
    assert list(elsewhere.iterdir()) == []


def test_each_home_has_its_own_store_in_one_process(home: Path, tmp_path: Path) -> None:
    """MLflow writes the address of the last store into the environment; it is no choice of the user's."""
    connect(home)
    assert "MLFLOW_TRACKING_URI" not in os.environ
    with pytest.raises(NotFoundError, match="none yet"):
        fetch("champion", home=tmp_path / "other")
    assert isinstance(fetch("champion", home=home).scorer, Recency)


def test_a_version_says_what_it_is_and_is_a_model_of_mlflow(home: Path) -> None:
    import mlflow

    version = resolve_reference(connect(home), "champion")
    assert version.description.startswith("recency, made for none, by rookery ")
    assert (version.tags["scorer"], version.tags["data"], version.tags["data_hash"]) == ("recency", "none", "hash")
    model = mlflow.pyfunc.load_model("models:/rookery-ranker@champion")
    assert model.metadata.signature.inputs.input_names() == list(COLUMNS)
    assert model.metadata.signature.outputs.input_names() == ["score"]
    ages = np.array([3.0, 1.0, 2.0], np.float32)
    assert np.argsort(model.predict({"tweet.age_h": ages})["score"]).tolist() == [0, 2, 1]


def _no_bytes() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _python(code: str, home: Path, *, cwd: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=False, cwd=cwd,
        env=os.environ | {"PYTHONPATH": root}, **how,
    )  # fmt: skip
