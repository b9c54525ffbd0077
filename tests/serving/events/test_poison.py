"""Poison in the event log of a real server: set aside once, passed over after kill -9, redriven and dropped."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from data.events import EventBatch
from experiments.cli.__main__ import main
from serving.events.outbox import encode, event
from serving.network import Network
from serving.settings import Settings
from serving.timelines.home import home_now
from tests.serving.server_process import ServerProcess, within
from tests.serving.small_network import ALICE, BOB, END_US, write_small

pytestmark = pytest.mark.slow

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("poison")


@pytest.fixture
def server(serve_home: Path, room: Path) -> Iterator[ServerProcess]:
    write_small(room / "data")
    # No impressions: what is read here is to be there for the next read.
    made = ServerProcess(serve_home, room / "data", room / "network", ROOKERY_RECORD_IMPRESSIONS="false")
    yield made
    made.close()


@pytest.fixture
def cli(room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs `rookery events dlq WORDS --json`; gives what it printed, or the one line of its refusal."""

    def command(*words: object) -> Any:
        verb, *more = map(str, words)
        given = ["rookery", "events", "dlq", verb, "--network", str(room / "network"), *more, "--json"]
        monkeypatch.setattr(sys, "argv", given)
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        assert code == (2 if err.startswith("rookery: ") else 0), err
        return json.loads(out) if not code else err

    return command


def tweet(number: int, **changes: object) -> EventBatch:
    values = {"tweet_id": 9_000 + number, "time_us": END_US + 1_000_000, "author_id": BOB, "kind": "original"}
    return event("tweets", **{**values, "text": f"written into the log {number}", "media_count": 0, **changes})


def altered(**changes: object) -> bytes:
    """A tweet's payload with columns replaced."""
    columns = {name: values.tolist() for name, values in tweet(1).columns.items()}
    return msgspec.msgpack.encode({**columns, **changes})


LIKE = event("engagements", engagement_id=1, time_us=END_US + 1_000_000, user_id=ALICE, tweet_id=1001, action="adores")
UNREADABLE = {
    "bytes that are no msgpack": ("tweets", b"\xc1 no msgpack"),
    "nothing": ("tweets", b""),
    "msgpack that is no table": ("tweets", msgspec.msgpack.encode([1, 2])),
    "a table that there is not": ("twets", encode(tweet(2))),
    "a column that there is not": ("tweets", altered(colour=["red"])),
    "a column that is missing": ("deletions", msgspec.msgpack.encode({"time_us": [END_US]})),
    "a text for a number": ("tweets", altered(author_id=["Bob"])),
    "a number for a text": ("tweets", altered(text=[5])),
    "a fraction for an id": ("tweets", altered(author_id=[1.5])),
    "an id below 0": ("tweets", altered(tweet_id=[-7])),
    "a moment that has no id": ("tweets", altered(time_us=[1 << 62])),
    "a number that its column cannot hold": ("tweets", altered(media_count=[1 << 40])),
    "columns of unequal length": ("tweets", altered(author_id=[BOB, BOB])),
    "no rows": ("tweets", msgspec.msgpack.encode({name: [] for name in tweet(1).columns})),
    "a payload that is text": ("tweets", "hello"),
    "a payload that is a number": ("tweets", 7),
}
"""Rows that hold no events: what each is, its table and its payload."""


def put_poison(server: ServerProcess) -> set[tuple[int, str]]:
    """Writes every kind into the log; gives the letters, by offset and group, that are to come of it."""
    rows = [*UNREADABLE.values(), ("engagements", encode(LIKE)), ("tweets", encode(tweet(3, kind="shout")))]
    add = "INSERT INTO events (name, time_us, rows, payload) VALUES (?, ?, 1, ?)"
    with server.sql() as connection:
        offsets = [connection.execute(add, (name, END_US + 1_000_000, payload)).lastrowid for name, payload in rows]
        # A table's name and a moment that are not even a text and a number.
        odd = "INSERT INTO events (name, time_us, rows, payload) VALUES (CAST(x'ff' AS TEXT), 'then', 1, x'80')"
        offsets.append(connection.execute(odd).lastrowid)
        connection.execute("UPDATE events SET time_us = ? WHERE offset = ?", (1 << 62, offsets[0]))
    *unreadable, action, kind, last = [int(one or 0) for one in offsets]
    # What the state could not take, fan-out finds no row for.
    return {(one, "log") for one in (*unreadable, last)} | {(action, "state"), (kind, "state"), (kind, "fanout")}


def mend(server: ServerProcess, offset: int) -> None:
    """Makes the event at an offset a tweet that the store holds, too."""
    store = (
        "INSERT INTO tweets (tweet_id, time_us, author_id, kind, text, language, media_count, deleted, likes, "
        "retweets, replies, quotes, bookmarks) VALUES (9001, ?, ?, 'original', 'mended', 'en', 0, 0, 0, 0, 0, 0, 0)"
    )
    with server.sql() as connection:
        connection.execute(store, (END_US + 1_000_000, BOB))
        connection.execute("UPDATE events SET payload = ? WHERE offset = ?", (encode(tweet(1)), offset))


Letters = dict[tuple[int, str], dict[str, Any]]


def test_poison_of_every_kind(server: ServerProcess, cli: Cli) -> None:
    def letters() -> Letters:
        return {(one["offset"], one["group"]): one for one in cli("list")}

    usual = server.start()
    posted = [server.post(BOB, "before the poison")]
    expected = put_poison(server)
    posted.append(server.post(BOB, "after the poison"))
    assert within(lambda: len(letters()) >= len(expected) and server.caught_up())
    before = letters()
    assert before.keys() == expected
    assert server.health()["dead_letters"] == len(expected)
    assert set(posted) <= set(server.home_of(ALICE))

    server.kill()
    # No letter is tried again: each would cost a rebuilding of the state. Generous, for a busy machine.
    assert server.start() < 3 * usual + 10
    assert letters() == before
    assert server.caught_up()
    posted.append(server.post(BOB, "after the restart"))
    assert posted == sorted(posted)
    assert within(lambda: set(posted) <= set(server.home_of(ALICE)))

    # The cause of one is mended, of another it is not; the running server tries both again, in their places.
    first, action = min(expected)[0], max(one for one, group in expected if group == "state") - 1
    mend(server, first)
    told = cli("show", first)
    assert told["event"]["text"] == ["written into the log 1"]
    assert [one["group"] for one in told["letters"]] == ["log"]
    assert 9_001 not in server.home_of(ALICE)
    assert {one["offset"] for one in cli("redrive", first, action)} == {first, action}
    assert within(lambda: 9_001 in server.home_of(ALICE))
    after = letters()
    assert after.keys() == expected - {(first, "log")}
    assert {one["state"] for one in after.values()} == {"dead"}
    assert after[action, "state"]["time_us"] > before[action, "state"]["time_us"]

    # What is dropped is passed over for good, and the others' letters stay.
    unreadable = {one for one in after if one[1] == "log"}
    assert {(one["offset"], one["group"]) for one in cli("drop", "--all", "--group", "log")} == unreadable
    # SIGINT is no error, and frees the database.
    assert server.stop(signal.SIGINT)[0] == 0, server.said.read_text()
    network = Network(Settings.model_validate({"home": server.folder, "record_impressions": False}))
    try:
        network.start()
        assert {*posted, 9_001} <= set(home_now(network.context, ALICE, 100).tweet_ids)
        assert letters() == {key: one for key, one in after.items() if key not in unreadable}
    finally:
        network.close()


def test_what_the_commands_refuse(cli: Cli, room: Path) -> None:
    Network(Settings.model_validate({"home": room / "network"})).close()
    assert "there is no dead letter at offset 4711" in cli("show", 4_711)
    assert "there is no dead letter at offset 4712 of fanout" in cli("redrive", 4_712, "--group", "fanout")
    assert "take --all" in cli("drop")
    assert "take --all" in cli("redrive", 1, "--all")
    assert "holds no network" in cli("list", "--network", room / "nowhere")
    assert not (room / "nowhere").exists()
