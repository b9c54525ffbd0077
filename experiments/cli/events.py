"""The verbs `events dlq list`, `show`, `redrive` and `drop`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.console import JsonFlag, say, show, table

if TYPE_CHECKING:
    from serving.events.dead_letters import Letter
    from serving.kit.db import Database

app = typer.Typer(no_args_is_help=True, help="The running network's event log.")
dlq = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: events that a consumer could not apply, or that cannot be read. All else goes on without them."
    " These commands work while a server runs and while none does.",
)
app.add_typer(dlq, name="dlq")

Network = Annotated[Path | None, typer.Option(help="Folder of the network's database.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data set that the network was loaded with.")]
Group = Annotated[str | None, typer.Option(help="One consumer's letters; log: events that cannot be read.")]
Offset = Annotated[int, typer.Argument(min=1, help="Offset of the event (see: events dlq list).")]
Offsets = Annotated[list[int] | None, typer.Argument(min=1, help="Offsets of events (see: events dlq list).")]
All = Annotated[bool, typer.Option("--all", help="All letters, of --group where that is given.")]


@dlq.command("list")
def list_(network: Network = None, data: Data = None, group: Group = None, as_json: JsonFlag = False) -> None:
    """Print the dead letters: the event, the consumer that could not take it, and the error.

    Without --network or --data: of the only network under ROOKERY_HOME.

    Example: rookery events dlq list --data var/world
    """
    from serving.events.dead_letters import find

    with _opened(network, data) as database:
        letters = find(database, group=group)
    rows = [(one.offset, one.group, one.table, one.tries, one.state, one.error) for one in letters]
    out = table("Dead letters", ["offset", "group", "table", "tries", "state", "error"], rows)
    for column in out.columns[1:]:
        column.justify = "left"
    none = "there are none" + (f" of {group}" if group is not None else "")
    after = "next: rookery events dlq show OFFSET" if letters else none
    show(letters, as_json=as_json, tables=[out, after])


@dlq.command("show")
def show_(
    offset: Offset, network: Network = None, data: Data = None, group: Group = None, as_json: JsonFlag = False
) -> None:
    """Print what was set aside at an offset: each letter, and the event as the log holds it.

    An event that cannot be read is shown as its bytes.

    Example: rookery events dlq show 812
    """
    from serving.events.log import stored

    with _opened(network, data) as database:
        letters = _chosen(database, [offset], group, every=False)
        event = stored(database, offset)
    lines = [f"{one.group}: {one.error} ({one.tries} tries, {one.state})" for one in letters]
    held = [f"{name}: {value}" for name, value in event.items()]
    after = f"next: rookery events dlq redrive {offset}, once its cause is gone; or drop {offset}"
    show({"letters": letters, "event": event}, as_json=as_json, tables=[*lines, "", *held, "", after])


@dlq.command()
def redrive(
    offsets: Offsets = None,
    every: All = False,
    network: Network = None,
    data: Data = None,
    group: Group = None,
    as_json: JsonFlag = False,
) -> None:
    """Have dead letters tried again, once their cause is gone.

    A running server builds its state anew within seconds, answering from the old one meanwhile; else the next start
    does. Each event then takes its own place in the order. One that fails again is set aside again.

    Example: rookery events dlq redrive 812 815
    """
    from serving.events.dead_letters import REDRIVE

    marked = _mark(offsets, every, network, data, group, REDRIVE)
    show(marked, as_json=as_json, tables=[f"{len(marked)} marked to be tried again"])
    say("a running server tries them now, else the next start does; see what remains: rookery events dlq list")


@dlq.command()
def drop(
    offsets: Offsets = None,
    every: All = False,
    network: Network = None,
    data: Data = None,
    group: Group = None,
    as_json: JsonFlag = False,
) -> None:
    """Give dead letters up: their events are passed over for good, and listed no more.

    The event stays in the log, for the consumers that took it.

    Example: rookery events dlq drop 812
    """
    from serving.events.dead_letters import DROPPED

    dropped = _mark(offsets, every, network, data, group, DROPPED)
    show(dropped, as_json=as_json, tables=[f"{len(dropped)} dropped"])


def _mark(
    offsets: list[int] | None, every: bool, network: Path | None, data: Path | None, group: str | None, state: str
) -> list[Letter]:
    from serving.events.dead_letters import mark

    with _opened(network, data) as database:
        letters = _chosen(database, offsets or [], group, every=every)
        mark(database, letters, state)
    return [replace(one, state=state) for one in letters]


def _chosen(database: Database, offsets: list[int], group: str | None, *, every: bool) -> list[Letter]:
    """The letters meant; an offset without one, and neither or both of offsets and `every`, are refused."""
    from data.errors import ConfigError, NotFoundError
    from serving.events.dead_letters import find

    if bool(offsets) == every:
        raise ConfigError("name the letters by their offsets, or take --all", remedy="see: rookery events dlq list")
    letters = find(database, group=group, offsets=offsets)
    missing = sorted(set(offsets) - {one.offset for one in letters})
    if missing or not letters:
        about = f" at offset {missing[0]}" if missing else ""
        whose = f" of {group}" if group is not None else ""
        raise NotFoundError(f"there is no dead letter{about}{whose}", remedy="see: rookery events dlq list")
    return letters


def _opened(network: Path | None, data: Path | None) -> Any:
    """The network's database, closed at the end of the block; a server that writes to it goes on."""
    from data.home_folder import home_folder
    from experiments.live.open_network import open_database

    return open_database(data, home_folder(), network)
