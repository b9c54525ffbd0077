"""The verbs `app create`, `list` and `revoke`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.console import JsonFlag, id_of, say, show, table

if TYPE_CHECKING:
    from contextlib import closing

    from sqlalchemy import Connection

    from serving.kit.db import Database

app = typer.Typer(
    no_args_is_help=True,
    help="Apps that may ask people of a network for access (docs/signing-in.md). These commands work while a server "
    "runs and while none does.",
)

Network = Annotated[Path | None, typer.Option(help="Folder of the network's database.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data set that the network was loaded with.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What people see when the app asks them.")],
    redirect: Annotated[
        list[str] | None, typer.Option(help="A URI that answers may be sent to, the whole of it. May be repeated.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Without a secret: for a phone or a page in a browser.")
    ] = False,
    scope: Annotated[list[str] | None, typer.Option(help="What it may ask for; everything when left out.")] = None,
    user: Annotated[
        int | None,
        typer.Option(parser=id_of, metavar="ID", help="Give it the four strings of OAuth 1.0a to act as this user."),
    ] = None,
    network: Network = None,
    data: Data = None,
    as_json: JsonFlag = False,
) -> None:
    """Register an app; its secrets are shown this once.

    Without --network or --data: in the only network under ROOKERY_HOME.

    Example: rookery app create "Rook reader" --redirect http://127.0.0.1:5000/callback
    """
    import time

    from data.errors import ConfigError
    from serving.auth import apps

    if public and user is not None:
        raise ConfigError("OAuth 1.0a signs with a secret, and --public is without one", remedy="leave one of them out")
    with _opened(network, data) as database, database.write() as connection:
        made, secret = apps.register(
            connection,
            name,
            redirect_uris=redirect or [],
            scopes=scope or [],
            confidential=not public,
            now_s=int(time.time()),
        )
        said: dict[str, Any] = {"client_id": made.client_id}
        if secret is not None:
            said["client_secret"] = secret
        if user is not None:
            said |= _four_strings(connection, made.client_id, user)
    said |= {"redirect_uris": list(made.redirect_uris), "scopes": list(made.scopes)}
    lines = [f"{key}: {' '.join(value) if isinstance(value, list) else value}" for key, value in said.items()]
    show(said, as_json=as_json, tables=lines)
    if secret is not None:
        say("keep what is secret: it is not shown again")


def _four_strings(connection: Connection, client_id: str, user_id: int) -> dict[str, str]:
    """What a client of OAuth 1.0a is made with."""
    import os

    from data.errors import NotFoundError
    from data.home_folder import home_folder
    from serving.auth import oauth1
    from serving.auth.tokens import load_secret
    from serving.users import store

    if not store.exists(connection, user_id):
        raise NotFoundError(f"there is no user {user_id}", remedy="name one of this network")
    key = load_secret(home_folder(), os.environ.get("ROOKERY_SECRET"))
    token = oauth1.issue(connection, client_id, user_id)
    return {
        "consumer_key": client_id,
        "consumer_secret": oauth1.consumer_secret(key, client_id),
        "access_token": token,
        "access_token_secret": oauth1.access_secret(key, token),
    }


@app.command("list")
def list_(network: Network = None, data: Data = None, as_json: JsonFlag = False) -> None:
    """Print the registered apps.

    Example: rookery app list --data var/world
    """
    from serving.auth import apps

    with _opened(network, data) as database, database.read() as connection:
        found = apps.listed(connection)
    rows: list[dict[str, Any]] = [
        {
            "client_id": one.client_id,
            "name": one.name,
            "kind": "confidential" if one.confidential else "public",
            "redirect_uris": list(one.redirect_uris),
            "scopes": list(one.scopes),
        }
        for one in found
    ]
    cells = [
        (one.client_id, one.name, row["kind"], "\n".join(one.redirect_uris))
        for one, row in zip(found, rows, strict=True)
    ]
    out = table("Apps", ["client_id", "name", "kind", "redirect URIs"], cells)
    for column in out.columns[1:]:
        column.justify = "left"
    show(rows, as_json=as_json, tables=[out] if rows else ["there are none; next: rookery app create NAME"])


@app.command()
def revoke(
    client_id: Annotated[str, typer.Argument(help="The app (see: app list).")],
    network: Network = None,
    data: Data = None,
    as_json: JsonFlag = False,
) -> None:
    """End an app: its registration, and at once every token that it holds.

    Example: rookery app revoke CLIENT_ID
    """
    from data.errors import NotFoundError
    from serving.auth import apps, grants, oauth1

    with _opened(network, data) as database, database.write() as connection:
        found = apps.find(connection, client_id)
        if found is None:
            raise NotFoundError(f"there is no app {client_id!r}", remedy="see: rookery app list")
        apps.remove(connection, client_id)
        grants.end_all(connection, client_id)
        oauth1.end_all(connection, client_id)
    show({"client_id": client_id, "name": found.name}, as_json=as_json, tables=[f"{found.name} is revoked"])


def _opened(network: Path | None, data: Path | None) -> closing[Database]:
    from data.home_folder import home_folder
    from experiments.live.open_network import open_database

    return open_database(data, home_folder(), network)
