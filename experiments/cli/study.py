"""The verbs `study search`, `rankers`, `funnel`, `objectives`, `coefficients` and `trends`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.console import DataFolder, JsonFlag, progress_bar, show

app = typer.Typer(no_args_is_help=True, help="Studies over several worlds, one command each.")

_File = Annotated[Path | None, typer.Option(help="TOML file of the study's settings.")]
_Set = Annotated[list[str] | None, typer.Option("--set", help="One setting, as seeds=[1,2]. Repeatable.")]
_Workers = Annotated[int, typer.Option(min=1, help="Processes that run worlds at the same time.")]


@app.command()
def rankers(config: _File = None, set_: _Set = None, as_json: JsonFlag = False) -> None:
    """Which ranker shows users most of what they would engage with, by the truth, over several worlds.

    Goes on where it was stopped. On the preset `small`, three seeds take over an hour on two cores.

    Example: rookery study rankers --set preset=small --set seeds=[1,2,3]
    """
    from data.home_folder import home_folder
    from experiments.cli.study_tables import rankers_table
    from experiments.runs.config import load_config
    from experiments.studies.rankers import RankersConfig, rank_rankers

    settings = load_config(RankersConfig, config, set_ or [])
    with progress_bar("study rankers") as progress:
        result = rank_rankers(settings, home_folder(), progress)
    one = len(result.seeds) == 1
    worlds = "the world of seed" if one else f"each of {len(result.seeds)} worlds, of seeds"
    words = f"Of {worlds} {', '.join(map(str, result.seeds))}: {result.protocol}"
    show(result, as_json=as_json, tables=[rankers_table(result), words, *result.notes])


@app.command()
def funnel(config: _File = None, set_: _Set = None, as_json: JsonFlag = False) -> None:
    """What each source, reranker, selector and preset of the home feed brings to readers, by the truth.

    The same requests of several worlds are answered by every feed. Goes on where it was stopped; worlds and models are
    those of `study rankers`.

    Example: rookery study funnel --set preset=small --set seeds=[1,2,3] --set requests=200
    """
    from data.home_folder import home_folder
    from experiments.cli.study_tables import funnel_tables
    from experiments.runs.config import load_config
    from experiments.studies.funnel import FunnelStudyConfig, study_funnel

    settings = load_config(FunnelStudyConfig, config, set_ or [])
    with progress_bar("study funnel") as progress:
        result = study_funnel(settings, home_folder(), progress)
    show(result, as_json=as_json, tables=funnel_tables(result))


@app.command()
def objectives(config: _File = None, set_: _Set = None, workers: _Workers = 2, as_json: JsonFlag = False) -> None:
    """What feeds that rank for engagement, welfare, both, popularity or recency do to a network in a closed loop.

    Every policy runs for the same days from the same start: engagement, welfare and return of people, authors who stay
    active, inequality of exposure, bait and outrage seen, each with its interval and its difference from the first
    policy. Goes on where it was stopped. With feedback=0 nobody's return answers to a feed.

    Example: rookery study objectives --set preset=small --set seeds=[1,2,3] --set days=28
    """
    from data.home_folder import home_folder
    from experiments.cli.study_tables import objectives_tables
    from experiments.runs.config import load_config
    from experiments.studies.objectives import ObjectivesConfig, study_objectives

    settings = load_config(ObjectivesConfig, config, set_ or [])
    with progress_bar("study objectives") as progress:
        result = study_objectives(settings, home_folder(), progress, workers=workers)
    show(result, as_json=as_json, tables=objectives_tables(result))


@app.command()
def coefficients(config: _File = None, set_: _Set = None, workers: _Workers = 2, as_json: JsonFlag = False) -> None:
    """How strongly each coefficient of feedback matters: engagement oracle against welfare oracle with it changed.

    Goes on where it was stopped.

    Example: rookery study coefficients --set factors=[0,2]
    """
    from data.home_folder import home_folder
    from experiments.cli.study_tables import coefficients_tables
    from experiments.runs.config import load_config
    from experiments.studies.coefficients import CoefficientsConfig, study_coefficients

    settings = load_config(CoefficientsConfig, config, set_ or [])
    with progress_bar("study coefficients") as progress:
        result = study_coefficients(settings, home_folder(), progress, workers=workers)
    show(result, as_json=as_json, tables=coefficients_tables(result))


@app.command()
def trends(
    data: Annotated[Path | None, typer.Option(help="A made world, whose bursts are looked for instead.")] = None,
    config: _File = None,
    set_: _Set = None,
    plot: Annotated[Path | None, typer.Option(help="Draw recall by false alarms and shocks, as SVG or PNG.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Which scorer of trends finds planted shocks, and how fast, beside an oracle that knows every true rate.

    Uses of terms of all sizes are drawn with shocks of 2, 5 and 20 times the rate, weekly hashtags and pushes by single
    accounts and rings. Three seeds take some minutes on one core. With --data, a world's own bursts are looked for.

    Example: rookery study trends --set seeds=[1,2,3] --plot trends.svg
    """
    from data.folders import check_file
    from experiments.cli.study_tables import trends_tables, trends_words, world_trends_words
    from experiments.runs.config import load_config
    from experiments.studies.trends import TrendsConfig, study_trends
    from experiments.studies.trends_plot import draw_recall
    from experiments.studies.world_trends import WorldTrendsConfig, WorldTrendsResult, study_world_trends

    if plot is not None:
        check_file(plot)
    with progress_bar("study trends") as progress:
        result = (
            study_trends(load_config(TrendsConfig, config, set_ or []), progress)
            if data is None
            else study_world_trends(data, load_config(WorldTrendsConfig, config, set_ or []), progress)
        )
    if plot is not None:
        draw_recall(result.rows, plot)
    words = world_trends_words(result) if isinstance(result, WorldTrendsResult) else trends_words(result)
    show(result, as_json=as_json, tables=[*trends_tables(result.rows), words])


@app.command()
def search(data: DataFolder, config: _File = None, set_: _Set = None, as_json: JsonFlag = False) -> None:
    """Whether hybrid search finds more on the topic than words alone or meaning alone, by the truth of a world.

    Queries in three strata: words that a tweet has, phrases in other words, and both.

    Example: rookery study search --data var/world --set seed=2
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.cli.study_tables import search_table
    from experiments.runs.config import load_config
    from experiments.studies.search import SearchConfig, study_search

    settings = load_config(SearchConfig, config, set_ or [])
    with progress_bar("study search") as progress:
        result = study_search(Dataset.open(data), settings, home_folder(), progress)
    found = ", ".join(f"{language} {share:.1%}" for language, share in result.words_found.items())
    words = f"Words drawn from inside texts find of the tweets that have them: {found}. "
    words += f"Of hybrid's hits for English queries {result.on_language:.1%} are English."
    show(result, as_json=as_json, tables=[search_table(result), words])
