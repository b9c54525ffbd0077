"""What keeps `rookery serve` from starting is one line and exit code 2, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from data.errors import ConfigError, DataError
from experiments.cli.__main__ import main
from experiments.live.open_network import empty_folder
from serving.kit.database_lock import WriterLock
from serving.loading import recorded
from serving.network import Network
from serving.settings import Settings
from tests.serving.small_network import write_small

Serve = Callable[..., str]


@pytest.fixture
def serve(serve_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Serve:
    """Runs `rookery serve WORDS`, which cannot start; gives the line that says why."""
    monkeypatch.setenv("ROOKERY_HOME", str(serve_home))
    # Any port, unless the test names one: somebody may listen at the usual one.
    monkeypatch.setenv("ROOKERY_PORT", "0")

    def command(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["rookery", "serve", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert (end.value.code, out) == (2, "")
        assert "Traceback" not in err
        lines = [line for line in err.splitlines() if line.startswith("rookery: ")]
        assert len(lines) == 1, err
        return lines[0]

    return command


def settings(folder: Path) -> Settings:
    return Settings.model_validate({"home": folder})


def test_a_port_in_use_is_told_before_anything_is_loaded(serve: Serve, tmp_path: Path) -> None:
    write_small(tmp_path / "data")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = serve("--data", tmp_path / "data", "--network", tmp_path / "network", "--port", port)
    assert f"cannot listen at 127.0.0.1:{port}: Address already in use" in line
    network = Network(settings(tmp_path / "network"))
    assert recorded(network.context.database) is None
    network.close()


def test_a_host_that_there_is_not(serve: Serve, tmp_path: Path) -> None:
    assert "cannot listen at 203.0.113.7:" in serve("--network", tmp_path / "network", "--host", "203.0.113.7")


def test_a_data_set_that_is_gone(serve: Serve, tmp_path: Path) -> None:
    network = Network(settings(tmp_path / "network"))
    network.load(write_small(tmp_path / "data"))
    network.close()
    shutil.rmtree(tmp_path / "data")
    assert "put it back, or load it from where it is now" in serve("--network", tmp_path / "network")
    assert "is not a data set" in serve("--network", tmp_path / "network", "--data", tmp_path / "data")
    WriterLock(tmp_path / "network" / "network.sqlite").release()


def test_a_database_that_is_none(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "network.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 400)
    assert f"{tmp_path}/network.sqlite cannot be used: file is not a database" in serve("--network", tmp_path)
    WriterLock(tmp_path / "network.sqlite").release()


def test_a_database_with_damage_inside(serve: Serve, tmp_path: Path) -> None:
    network = Network(settings(tmp_path))
    network.start()
    network.close()
    with closing(sqlite3.connect(tmp_path / "network.sqlite")) as connection, connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()[0]
    with (tmp_path / "network.sqlite").open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xaa" * 4096)
    assert f"{tmp_path}/network.sqlite cannot be used: database disk image is malformed" in serve("--network", tmp_path)
    WriterLock(tmp_path / "network.sqlite").release()


def test_a_folder_that_cannot_be_made(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    assert str(tmp_path / "file") in serve("--network", tmp_path / "file")
    assert str(tmp_path / "file") in serve("--network", tmp_path / "file" / "below")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere; somebody else may not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    Network(settings(tmp_path)).close()
    for one in tmp_path.iterdir():
        one.chmod(0o444)
    tmp_path.chmod(0o555)
    # Folders of the run, and of its worker, that root alone may enter.
    for parent in tmp_path.parents[:3]:
        if not parent.stat().st_mode & stat.S_IXOTH:
            parent.chmod(0o755)
    chosen = Settings.model_validate({"home": tmp_path, "secret": "s" * 48})
    with as_nobody(), pytest.raises(OSError, match="Permission denied") as refused:
        Network(chosen)
    assert str(refused.value.filename).startswith(str(tmp_path))
    # With the lock's file to be had, it is the database that cannot be written.
    (tmp_path / "network.sqlite.lock").chmod(0o666)
    with as_nobody(), pytest.raises(DataError, match=r"network\.sqlite cannot be used: .*(readonly|unable to open)"):
        Network(chosen)
    WriterLock(tmp_path / "network.sqlite").release()


def test_a_network_in_use_is_neither_opened_nor_emptied(tmp_path: Path) -> None:
    network = Network(settings(tmp_path / "one"))
    try:
        line = r"one/network\.sqlite is open in this process; close the network that has it open"
        with pytest.raises(ConfigError, match=line):
            Network(settings(tmp_path / "one"))
        with pytest.raises(ConfigError, match=line):
            empty_folder(tmp_path)
        assert network.context.database.path.is_file()
    finally:
        network.close()
    # Closed, it is free; closed twice, it harms nobody who has it now.
    again = Network(settings(tmp_path / "one"))
    network.close()
    with pytest.raises(ConfigError, match="is open in this process"):
        Network(settings(tmp_path / "one"))
    again.close()
    assert list(empty_folder(tmp_path).iterdir()) == []


def test_a_network_may_be_closed_by_another_thread(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as other:
        network = other.submit(Network, settings(tmp_path)).result()
        network.close()
        Network(settings(tmp_path)).close()


def test_a_network_that_could_not_be_opened_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from serving import network as module

    def broken(*_given: object) -> None:
        raise DataError("no lease")

    with monkeypatch.context() as patch:
        patch.setattr(module, "Lease", broken)
        with pytest.raises(DataError, match="no lease"):
            Network(settings(tmp_path))
    Network(settings(tmp_path)).close()
