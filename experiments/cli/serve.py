"""The verbs `serve` and `token`."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.console import JsonFlag, id_of, say, show

if TYPE_CHECKING:
    from serving.network import Network


def serve(
    data: Annotated[Path | None, typer.Option("--data", help="Load this data set into the network first.")] = None,
    model: Annotated[str, typer.Option(help="Alias, version, run id or folder of the ranker.")] = "champion",
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 when left out.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on; 8000 when left out.")] = None,
    network: Annotated[
        Path | None, typer.Option(help="Folder of the network's database; one a data set under home when left out.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting: feed.preset=x_2026_10. May be repeated.")
    ] = None,
) -> None:
    """Run the network: API, fan-out, timelines, search, trends and the scoring endpoint, ranked by a registered model.

    Settings come from --set and from ROOKERY_* variables (docs/serving.md). A loaded data set's clock goes on where its
    log ended. SIGINT (Ctrl+C) and SIGTERM stop it in order.

    Example: rookery serve --data var/world
    """
    with _stopped_by_signals():
        from data.home_folder import home_folder

        given = _given(set_ or [])
        given |= {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        serve_network(data, model, home_folder(), folder=network, **given)
    say("stopped")
    # Else the process would walk through all that the libraries ever made, for seconds on a busy machine, to free it.
    gc.freeze()


def _given(overrides: list[str]) -> dict[str, Any]:
    """The settings of `--set`.

    Raises:
        ConfigError: one is no `key=value`, or no setting of the network.
    """
    from data.errors import ConfigError
    from experiments.runs.config import merge_settings
    from serving.settings import Settings

    given = merge_settings(None, overrides)
    # The folder is --network's and ROOKERY_HOME's.
    known = [name for name in Settings.model_fields if name != "home"]
    for name in given:
        if name not in known:
            raise ConfigError(f"--set {name}: no such setting", remedy=f"use {', '.join(known)}; see docs/serving.md")
    return given


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Either signal ends the block, wherever it is, and is no error."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    for one in before:
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def token(
    user: Annotated[
        int | None,
        typer.Option(
            parser=id_of, metavar="ID", help="The user to act as; a token without reads, and what --scope says."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="rank, operator, or tweet.read and the like; as the user it may then do these alone."),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=876_000.0, help="Hours that it is valid.")] = 720.0,
    as_json: JsonFlag = False,
) -> None:
    """Print a bearer token for the network's API, signed with this home's secret (or ROOKERY_SECRET).

    Example: curl -H "Authorization: Bearer $(rookery token --user 12)" http://127.0.0.1:8000/2/users/me
    """
    import os
    import sys

    from data.home_folder import home_folder
    from serving.auth.tokens import Tokens, load_secret

    tokens = Tokens(load_secret(home_folder(), os.environ.get("ROOKERY_SECRET")))
    made = tokens.issue(user, scope or [], ttl_s=int(hours * 3600))
    if as_json:
        show({"token": made, "user_id": user, "scopes": scope or [], "hours": hours}, as_json=True)
        return
    sys.stdout.write(made + "\n")
    say(f"good for {hours:g} hours" + (f", acts as user {user}" if user is not None else ", reads"))


def serve_network(data: Path | None, model: str, home: Path, *, folder: Path | None, **settings: Any) -> None:
    """Serves until it is interrupted, from before anything is loaded; says where, what ranks, and how to get a token.

    Raises:
        KeyboardInterrupt: it was, before it began to serve.
        ConfigError: another process serves this network, or listens at the port.
    """
    from experiments.live.open_network import resolve
    from serving.app import bind, run

    plan = resolve(data, model, home, folder, settings)
    network = plan.network()
    try:
        with ExitStack() as stack:
            sockets = [stack.enter_context(one) for one in bind(plan.settings.host, plan.settings.port)]
            url = f"http://{plan.settings.host}:{sockets[0].getsockname()[1]}"

            def load() -> None:
                say(f"loading; {url}/readyz says how far it is")
                plan.load(network)
                _greet(network, url)

            run(network, sockets, load)
    finally:
        # Another signal must not keep the network from being closed.
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        network.close()


def _greet(network: Network, url: str) -> None:
    from serving.ops.service import stats

    some = stats(network.context)
    card = some["model"]
    say(f"{some['users']:,} users and {some['tweets']:,} tweets, ranked by {card['name']} version {card['version']}")
    say(f"{url}/docs is the API's page; a token to read: rookery token; to act: rookery token --user ID")
    say(how_to_sign_in(network))


def how_to_sign_in(network: Network) -> str:
    """Tells a password that was made for this start; this is the only time that it is shown."""
    if network.context.settings.auth.password is not None:
        return "people sign in to apps with the password of ROOKERY_AUTH__PASSWORD (docs/signing-in.md)"
    if network.context.password is None:
        return "nobody can sign in to apps: other machines reach this host, and ROOKERY_AUTH__PASSWORD is not set"
    return f"people sign in to apps with the password {network.context.password} (docs/signing-in.md)"


VERBS = {"serve": serve, "token": token}
