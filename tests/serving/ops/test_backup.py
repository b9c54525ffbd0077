"""Backups hold all that was acknowledged before, whatever is written meanwhile; a changed one is never restored."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from serving.kit.clock import WallClock
from serving.network import Network
from serving.ops.backup import ABOUT, FILE, restore, take, verify
from serving.tweets import service as tweets
from tests.serving.checkpoints.digest import digest
from tests.serving.checkpoints.test_checkpoints import act
from tests.serving.conftest import MakeNetwork
from tests.serving.server_process import within
from tests.serving.small_network import BOB


def post(network: Network, text: str) -> int:
    return int(network.context.write_now(lambda tx: tweets.post(tx, BOB, text))["tweet_id"])


def test_a_restored_network_is_the_one_that_was_saved(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path
) -> None:
    network = make_network(small)
    act(network, 1)
    before = digest(network)
    made = take(network.context.database.path, tmp_path / "backup", WallClock())
    post(network, "after it")
    network.close()
    assert verify(tmp_path / "backup") == made
    assert (made.users, made.tweets) == (5, 16)
    restore(tmp_path / "backup", tmp_path / "again" / network.context.database.path.name)
    again = make_network(home="again")
    assert digest(again) == before
    # It goes on: later ids are greater.
    assert post(again, "and on") > max(before["tweets"])


def test_what_was_acknowledged_before_is_in_every_backup(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path
) -> None:
    network = make_network(small)
    path, posted, done = network.context.database.path, list[int](), threading.Event()

    def write() -> None:
        while not done.is_set():
            posted.append(post(network, f"tweet {len(posted)}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            assert within(lambda enough=20 * n: len(posted) >= enough)  # type: ignore[misc]
            acknowledged = set(posted)
            take(path, tmp_path / f"{n}", WallClock())
            with sqlite3.connect(tmp_path / f"{n}" / FILE) as copy:
                held = {row[0] for row in copy.execute("SELECT tweet_id FROM tweets")}
                logged = copy.execute("SELECT count(*) FROM events WHERE name = 'tweets'").fetchone()[0]
            assert acknowledged <= held
            # A tweet and its event, or neither.
            assert logged == len(held) - 7
    finally:
        done.set()
        writer.join()


@pytest.mark.parametrize("fault", ["cut", "flipped", "gone", "about", "counts"])
def test_a_changed_backup_is_refused_and_leaves_nothing(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path, fault: str
) -> None:
    network = make_network(small)
    folder, target = tmp_path / "backup", tmp_path / "again" / "network.db"
    take(network.context.database.path, folder, WallClock())
    file, about = folder / FILE, folder / ABOUT
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:-4096])
    elif fault == "flipped":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif fault == "gone":
        file.unlink()
    elif fault == "about":
        about.write_text("{")
    else:
        about.write_text(json.dumps(json.loads(about.read_text()) | {"tweets": 8}))
    with pytest.raises(DataError):
        restore(folder, target)
    assert not target.exists()


def test_nothing_is_overwritten(make_network: MakeNetwork, small: Dataset, tmp_path: Path) -> None:
    network = make_network(small)
    path = network.context.database.path
    take(path, tmp_path / "backup", WallClock())
    with pytest.raises(ConfigError, match="there already"):
        take(path, tmp_path / "backup", WallClock())
    with pytest.raises(ConfigError, match=r"in use|open in this process"):
        restore(tmp_path / "backup", path)
    network.close()
    with pytest.raises(ConfigError, match="there already"):
        restore(tmp_path / "backup", path)
    with pytest.raises(ConfigError, match="no network"):
        take(tmp_path / "nothing.db", tmp_path / "other", WallClock())
    with pytest.raises(ConfigError, match="holds no backup"):
        restore(tmp_path / "nothing", tmp_path / "other" / "network.db")
    assert sorted(one.name for one in (tmp_path / "backup").iterdir()) == [ABOUT, FILE]
