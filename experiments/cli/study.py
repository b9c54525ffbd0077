"""The verb `study rankers`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.console import JsonFlag, progress_bar, show

app = typer.Typer(no_args_is_help=True, help="Studies over several worlds, one command each.")


@app.callback()
def _group() -> None:
    """Keeps `rankers` a verb of its own: Typer would make a single command the group itself."""


@app.command()
def rankers(
    config: Annotated[Path | None, typer.Option(help="TOML file of the study's settings.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="One setting, as seeds=[1,2]. Repeatable.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Which ranker shows users most of what they would engage with, by the truth, over several worlds.

    Goes on where it was stopped. On the preset `small`, three seeds take over an hour on two cores.

    Example: rookery study rankers --set preset=small --set seeds=[1,2,3]
    """
    from data.home_folder import home_folder
    from experiments.cli.tables import rankers_table
    from experiments.runs.config import load_config
    from experiments.studies.rankers import RankersConfig, rank_rankers

    settings = load_config(RankersConfig, config, set_ or [])
    with progress_bar("study rankers") as progress:
        result = rank_rankers(settings, home_folder(), progress)
    one = len(result.seeds) == 1
    worlds = "the world of seed" if one else f"each of {len(result.seeds)} worlds, of seeds"
    words = f"Of {worlds} {', '.join(map(str, result.seeds))}: {result.protocol}"
    show(result, as_json=as_json, tables=[rankers_table(result), words, *result.notes])
