"""The verbs `backup` and `restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.cli.console import JsonFlag, show

if TYPE_CHECKING:
    from serving.ops.backup import Backup

Network = Annotated[Path | None, typer.Option(help="Folder of the network's database.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data set that the network was loaded with.")]


def backup(
    out: Annotated[Path, typer.Argument(help="The folder to make.")],
    network: Network = None,
    data: Data = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy a network as it is at this moment, and verify the copy. A server that runs goes on.

    The data set that was loaded is not in it, nor the secret that tokens are signed with. Without --network or --data:
    of the only network under ROOKERY_HOME.

    Example: rookery backup backups/monday --data var/world
    """
    from data.home_folder import home_folder
    from experiments.live.open_network import find_database
    from serving.kit.clock import WallClock
    from serving.ops.backup import take

    made = take(find_database(data, home_folder(), network), out, WallClock())
    next_ = f"next: rookery restore {out} --network DIR, then rookery serve --network DIR"
    show(made, as_json=as_json, tables=[f"{out}: {_held(made)}", next_])


def restore(
    folder: Annotated[Path, typer.Argument(help="The backup.")],
    network: Annotated[Path, typer.Option(help="The new folder of the network.")],
    as_json: JsonFlag = False,
) -> None:
    """Verify a backup and make a network of it, which a server can then be started with.

    Example: rookery restore backups/monday --network var/restored
    """
    from serving.ops.backup import restore as put_back
    from serving.settings import DATABASE

    found = put_back(folder, network / DATABASE)
    next_ = f"next: rookery serve --network {network}"
    show(found, as_json=as_json, tables=[f"{network}: {_held(found)}", next_])


def _held(one: Backup) -> str:
    return f"{one.users:,} users, {one.tweets:,} tweets, events to {one.events:,}, {one.bytes / 2**20:.1f} MiB"


VERBS = {"backup": backup, "restore": restore}
