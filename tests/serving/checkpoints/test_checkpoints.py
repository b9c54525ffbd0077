"""A start from a checkpoint is one from the beginning, whatever was killed, damaged, dropped or tried again when."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, update

from data.dataset import Dataset
from data.events import EventBatch
from features.online import FeatureState
from serving.checkpoints import store as checkpoint_store
from serving.checkpoints.config import CheckpointConfig
from serving.consumers.state import StateConsumer
from serving.engagements import service as engagements
from serving.events.dead_letters import REDRIVE, find, mark
from serving.events.outbox import encode, event, events_table
from serving.events.sample import ImpressionConfig, in_sample, thinned
from serving.fanout.config import FanoutConfig
from serving.fanout.consumer import FanoutConsumer
from serving.network import Network
from serving.timelines.home import home_now
from serving.tweets import service
from tests.serving.checkpoints.digest import digest
from tests.serving.server_process import within
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, END_US, ERIN

MakeNetwork = Callable[..., Network]

PEOPLE = (ALICE, BOB, CAROL, DAVE, ERIN)


def act(network: Network, seed: int, rounds: int = 10) -> None:
    """Posts, likes and readings of home timelines, each with its impressions."""
    draw, context = random.Random(seed), network.context
    for number in range(rounds):
        author, reader = draw.sample(PEOPLE, 2)
        text = f"round {seed}.{number} of the tournament #chess #r{draw.randrange(5)}"
        posted = context.write_now(lambda tx, by=author, said=text: service.post(tx, by, said))  # type: ignore[misc]
        context.write_now(lambda tx, by=reader, one=posted: engagements.like(tx, by, one["tweet_id"]))  # type: ignore[misc]
        network.settle()
        read(network, reader)
    network.settle()


def read(network: Network, reader: int) -> None:
    """A home timeline, whose impressions are recorded as the API does."""
    import asyncio

    from serving.timelines.home import record

    asyncio.run(record(network.context, home_now(network.context, reader, 20).events))


def checkpoints(network: Network) -> list[Path]:
    return list(network._checkpoints.offsets())


def from_the_beginning(make_network: MakeNetwork, folder: Path, **settings: object) -> dict[str, Any]:
    """The digest of a copy of `folder` that has no checkpoint."""
    copy = folder.with_name(f"{folder.name}-copy-{time.monotonic_ns()}")
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("checkpoints", "*.lock"))
    network = make_network(home=copy.name, **settings)
    assert not network.context.projections.restored
    found = digest(network)
    network.close()
    return found


def test_a_start_takes_the_last_checkpoint_and_the_events_since(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network(small)
    act(network, 1)
    before = digest(network)
    network.close()
    assert len(checkpoints(network)) == 1
    assert from_the_beginning(make_network, tmp_path / "home") == before

    def again(*_: object) -> None:
        raise AssertionError("the state was replayed")

    with monkeypatch.context() as patch:
        patch.setattr(StateConsumer, "replay", again)
        patch.setattr(FeatureState, "update", again)
        network = make_network()
        assert len(network.context.projections.restored) == 4
        assert digest(network) == before
    # And again, with more in between.
    act(network, 2)
    before = digest(network)
    network.close()
    for _ in range(2):
        network = make_network()
        assert network.context.projections.restored
        assert digest(network) == before
        network.close()
    assert len(checkpoints(network)) == 1
    assert from_the_beginning(make_network, tmp_path / "home") == before


def test_checkpoints_are_made_while_posts_arrive(make_network: MakeNetwork, small: Dataset, tmp_path: Path) -> None:
    """At every moment what is on the disk starts as what it was made from; nothing is closed in order."""
    network = make_network(small, checkpoints=CheckpointConfig(every_events=5))
    offsets = set()
    for seed in range(4):
        act(network, seed, rounds=4)
        copy = tmp_path / f"killed-{seed}"
        # A copy is not of one moment: nothing may be renamed or removed meanwhile.
        assert within(lambda: network.context.call(_at_rest, network))
        shutil.copytree(tmp_path / "home", copy, ignore=shutil.ignore_patterns("*.lock"))
        there = digest(network)
        one = make_network(home=copy.name)
        if one.context.projections.restored:
            offsets.add(one._keeper._last[0])  # type: ignore[index]
        assert digest(one) == there
        one.close()
    assert len(offsets) > 1


def _at_rest(network: Network) -> bool:
    keeper = network._keeper
    writing = keeper._writing
    return writing is not None and writing.done() and not keeper.due(network.context.runner)


WORKER = """
import sys
from pathlib import Path
from data.dataset import Dataset
from serving.network import Network
from serving.settings import Settings
from tests.serving.checkpoints.test_checkpoints import act
from serving.fanout.config import FanoutConfig

home, data, seed = sys.argv[1:]
settings = {"home": home, "checkpoints": {"every_events": 15}, "impressions": {"sample": 0.5, "keep_h": 0},
            "fanout": FanoutConfig(settings={"push_below": 2, "pull_from": 3, "active_within_h": 24})}
network = Network(Settings.model_validate(settings))
network.load(Dataset.open(Path(data)))
print("ready", flush=True)
for number in range(1000):
    act(network, int(seed) * 1000 + number, rounds=2)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_time_loses_and_doubles_nothing(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path
) -> None:
    """Killed while checkpoints are written and the log is compacted; compared with the process before the drop."""
    draw = random.Random(7)
    home = tmp_path / "home"
    for seed in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(home), str(small.folder), str(seed)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(draw.randrange(3, 8)):
            process.stdout.readline()
        # The first may still be being written: without one there is nothing to start from, whatever was done.
        assert within(lambda: any((home / "checkpoints").glob("[0-9]*/about.json")))
        time.sleep(draw.random() / 5)
        process.kill()
        process.wait()
        copy = tmp_path / f"killed-{seed}"
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns("*.lock"))
        one = make_network(home=copy.name)
        assert one.context.projections.restored
        found = digest(one)
        one.close()
        # What was dropped is showings alone: a state from the beginning lacks those, and nothing else.
        whole = from_the_beginning(make_network, home)
        showings = {name for name in found["features"] if found["features"][name] != whole["features"][name]}
        assert all("impression" in name or "shown" in name or "seen" in name or "rate" in name for name in showings)
        for key in ("users", "tweets", "readers", "authors", "merged", "trends", "search", "people", "tags"):
            assert found[key] == whole[key], key


@pytest.mark.parametrize("fault", ["cut", "flipped", "gone", "no about"])
def test_a_damaged_checkpoint_is_passed_over(
    make_network: MakeNetwork, small: Dataset, fault: str, tmp_path: Path
) -> None:
    network = make_network(small)
    act(network, 1)
    before = digest(network)
    network.close()
    (path,) = checkpoints(network)
    file = path / "state" / "history.npz"
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:-7])
    elif fault == "flipped":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif fault == "gone":
        (path / "fanout" / "readers.npz").unlink()
    else:
        (path / "about.json").unlink()
    network = make_network()
    assert not network.context.projections.restored
    assert digest(network) == before


def test_a_checkpoint_of_something_else_is_passed_over(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network(small)
    act(network, 1, rounds=3)
    network.close()
    (path,) = checkpoints(network)

    def restored(**settings: object) -> bool:
        network = make_network(**settings)
        restored = bool(network.context.projections.restored)
        network.close()
        shutil.rmtree(path.parent)
        shutil.copytree(kept, path.parent)
        return restored

    kept = tmp_path / "kept"
    shutil.copytree(path.parent, kept)
    assert restored()
    assert not restored(fanout=FanoutConfig(settings={"push_below": 1, "pull_from": 1}))
    assert not restored(trends={"new_account_h": 1.0})
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_store, "code_version", lambda: "another")
        assert not restored()
    # The same folder under another database, which has other events at the same offsets.
    other = make_network(small, home="other")
    act(other, 5, rounds=3)
    other.close()
    shutil.rmtree(tmp_path / "other" / "checkpoints")
    shutil.copytree(kept, tmp_path / "other" / "checkpoints")
    assert not restored(home="other")
    assert restored()


def logged(network: Network, name: str) -> int:
    with network.context.database.read() as connection:
        wanted = select(func.count()).where(events_table.c.name == name)
        return int(connection.scalar(wanted) or 0)


def test_the_log_is_compacted_behind_the_checkpoint(make_network: MakeNetwork, small: Dataset) -> None:
    settings: dict[str, Any] = {"impressions": ImpressionConfig(sample=0.0, keep_h=0.0)}
    network = make_network(small, **settings)
    act(network, 1)
    before, tweets = digest(network), logged(network, "tweets")
    assert logged(network, "impressions") == logged(network, "requests") == 10
    network.close()
    # The event at the checkpoint's offset stays: it tells this log from others.
    network = make_network(**settings)
    assert network.context.projections.restored
    assert logged(network, "impressions") + logged(network, "requests") <= 1
    assert logged(network, "tweets") == tweets
    assert digest(network) == before
    network.close()


def test_what_is_younger_or_in_the_sample_is_not_dropped(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, impressions=ImpressionConfig(sample=0.0, keep_h=1.0))
    act(network, 1)
    network.close()
    assert logged(make_network(impressions=ImpressionConfig(sample=0.0, keep_h=1.0)), "impressions") == 10
    whole = {"impressions": ImpressionConfig(sample=1.0, keep_h=0.0)}
    network = make_network(small, home="whole", **whole)
    act(network, 1)
    network.close()
    assert logged(make_network(home="whole", **whole), "impressions") == 10


def adores(network: Network) -> None:
    """Writes an engagement that no consumer can apply."""
    about = {"user_id": ALICE, "tweet_id": 1001, "author_id": BOB, "action": "adores"}
    network.context.write_now(
        lambda tx: tx.emit(event("engagements", engagement_id=77, time_us=tx.now_us, **about))  # type: ignore[misc]
    )


def redrive_as_like(network: Network) -> None:
    """Mends the only dead letter, and has it tried again."""
    (letter,) = find(network.context.database)
    about = {"user_id": ALICE, "tweet_id": 1001, "author_id": BOB, "action": "like"}
    with network.context.database.write() as connection:
        when = connection.scalar(select(events_table.c.time_us).where(events_table.c.offset == letter.offset))
        mended = encode(event("engagements", engagement_id=77, time_us=when, **about))
        row = events_table.c
        connection.execute(update(events_table).where(row.offset == letter.offset).values(payload=mended))
    mark(network.context.database, [letter], REDRIVE)


def test_after_a_redrive_the_checkpoint_of_the_same_offset_is_replaced(
    make_network: MakeNetwork, small: Dataset
) -> None:
    network = make_network(small)
    act(network, 1, rounds=3)
    adores(network)
    act(network, 2, rounds=3)
    network.close()
    old, *_ = checkpoints(network)
    # It sorts after any other of this offset.
    old = old.rename(old.with_name(f"{old.name.split('-')[0]}-ffffffff"))
    network = make_network()
    redrive_as_like(network)
    before = digest(network)
    network.close()
    (kept,) = checkpoints(network)
    assert kept != old
    assert kept.name.split("-")[0] == old.name.split("-")[0]
    network = make_network()
    assert network.context.projections.restored
    assert digest(network) == before


def test_a_checkpoint_of_a_later_time_gives_way(make_network: MakeNetwork, small: Dataset) -> None:
    """As where the database was put back from an older copy, and the folder was not."""
    network = make_network(small)
    act(network, 1, rounds=3)
    network.close()
    (path,) = checkpoints(network)
    later = path.rename(path.with_name("000000000999999-ffffffff"))
    network = make_network()
    act(network, 2, rounds=3)
    before = digest(network)
    network.close()
    assert not later.exists()
    assert len(checkpoints(network)) == 1
    network = make_network()
    assert network.context.projections.restored
    assert digest(network) == before


def test_a_checkpoint_that_holds_less_than_the_state_replaces_nothing(
    make_network: MakeNetwork, small: Dataset
) -> None:
    """A letter is taken while the state without it is written."""
    settings: dict[str, Any] = {"impressions": ImpressionConfig(sample=0.0, keep_h=0.0)}
    network = make_network(small, **settings)
    act(network, 1, rounds=3)
    network.close()
    network = make_network(**settings)
    (older,) = checkpoints(network)
    adores(network)
    act(network, 2, rounds=3)
    shown, context, keeper = logged(network, "impressions"), network.context, network._keeper
    # The thread that writes waits behind this until the letter was taken.
    taken = threading.Event()
    keeper._thread.submit(taken.wait)
    context.call(keeper.take, context.runner, network._origin(), context.clock.now_us())
    redrive_as_like(network)
    found = digest(network)
    taken.set()
    assert keeper._writing is not None
    keeper._writing.result()
    assert older in checkpoints(network)
    assert logged(network, "impressions") == shown
    network.close()
    assert len(checkpoints(network)) == 1
    network = make_network(**settings)
    assert network.context.projections.restored
    assert digest(network) == found


def test_a_letter_is_tried_again_in_its_place_behind_a_compacted_log(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {
        "impressions": ImpressionConfig(sample=0.0, keep_h=0.0), "checkpoints": CheckpointConfig(every_events=10),
    }  # fmt: skip
    network = make_network(small, **settings)
    act(network, 1)
    adores(network)
    act(network, 2)
    network.close()
    network = make_network(**settings)
    act(network, 3)
    assert within(lambda: len(checkpoints(network)) == 2)
    redrive_as_like(network)
    found = digest(network)
    assert find(network.context.database) == []
    assert network.context.projections.restored
    network.close()
    # As one that took it in its place: the same log from the beginning, which lacks older showings alone.
    again = make_network(**settings)
    assert digest(again) == found
    shutil.copytree(tmp_path / "home", tmp_path / "copy", ignore=shutil.ignore_patterns("checkpoints", "*.lock"))
    whole = digest(make_network(home="copy"))
    for key in ("users", "tweets", "readers", "authors", "merged", "trends", "search"):
        assert found[key] == whole[key], key
    for name in ("tweet.likes", "pair.engagements"):
        if name in whole["features"]:
            assert found["features"][name] == whole["features"][name]


def test_a_state_that_cannot_be_saved_costs_a_replay_and_no_more(
    make_network: MakeNetwork, small: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    network = make_network(small)
    act(network, 1, rounds=3)
    before = digest(network)
    folder = network.context.settings.checkpoint_folder
    assert within(lambda: bool(checkpoints(network)))
    shutil.rmtree(folder)
    folder.write_text("a file where the folder belongs")
    network.close()
    assert "the state cannot be saved" in caplog.text
    folder.unlink()
    assert digest(make_network()) == before


def test_whatever_stops_the_writing_is_told_and_costs_a_replay(
    make_network: MakeNetwork, small: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    def no_room() -> None:
        raise RuntimeError("no room")

    network = make_network(small)
    assert within(lambda: bool(checkpoints(network)))
    act(network, 1, rounds=3)
    before = digest(network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FanoutConsumer, "freeze", lambda _self, _folder: no_room)
        network.close()
    assert "the state cannot be saved: no room" in caplog.text
    assert not list(network.context.settings.checkpoint_folder.glob(".partial-*"))
    assert digest(make_network()) == before


def test_the_sample_is_by_request_and_nested() -> None:
    ids = [(END_US // 1000 - 1_700_000_000_000 + n) << 22 for n in range(20_000)]
    tenth, half = ({one for one in ids if in_sample(one, share)} for share in (0.1, 0.5))
    assert abs(len(tenth) / len(ids) - 0.1) < 0.01
    assert abs(len(half) / len(ids) - 0.5) < 0.02
    assert tenth < half
    assert not any(in_sample(one, 0.0) for one in ids)
    assert all(in_sample(one, 1.0) for one in ids)


def test_what_is_not_in_the_sample_keeps_what_the_state_needs() -> None:
    draw = np.random.default_rng(1)
    size = 50
    ids = np.sort(draw.integers(1 << 60, (1 << 60) + (1 << 50), size))
    shown = EventBatch("impressions", {
        "impression_id": ids, "time_us": np.full(size, END_US), "request_id": np.full(size, 1 << 60),
        "user_id": np.full(size, ALICE), "tweet_id": draw.permutation(ids), "author_id": draw.integers(1, 9_999, size),
        "position": np.arange(size, dtype=np.int16), "source": np.full(size, "in_network", object),
        "score": draw.random(size, np.float32), "propensity": np.ones(size),
    })  # fmt: skip
    from serving.events.outbox import decode

    for events in (shown, thinned(shown)):
        back = decode("impressions", encode(events))
        for name, column in events.columns.items():
            assert back.columns[name].dtype == column.dtype, name
            np.testing.assert_array_equal(back.columns[name], column)
    less = thinned(shown).columns
    assert all(less[name] is shown.columns[name] for name in ("user_id", "tweet_id", "author_id", "time_us"))
    # What a home timeline of fifty adds to the log.
    assert len(encode(thinned(shown))) < 900 < len(encode(shown)) < 1_300
    assert json.dumps(sorted(less)) == json.dumps(sorted(shown.columns))
    assert list(itertools.islice(less["source"], 1)) == [""]
