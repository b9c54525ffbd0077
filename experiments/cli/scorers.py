"""The verbs `scorers list` and `scorers settings`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.console import JsonFlag, show, table

if TYPE_CHECKING:
    from experiments.runs.scorer_settings import About

app = typer.Typer(no_args_is_help=True, help="What ranks, what each scorer offers and the settings of its training.")

_LONG = 60
"""Letters of a list beyond which it is cut; `--json` has all of it."""


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """Print the scorers: what each is and offers, which are trained, and what a sweep can choose by.

    Example: rookery scorers list
    """
    from experiments.runs.scorer_settings import scorers

    found = scorers()
    rows = [(one.name, _training(one), _offers(one), ", ".join(one.objectives), one.about) for one in found]
    out = table("Scorers", ["scorer", "trained", "offers", "a sweep's objectives", "what it is"], rows)
    for column in out.columns[1:]:
        column.justify = "left"
    show(found, as_json=as_json, tables=[out, "next: rookery scorers settings NAME"])


@app.command()
def settings(
    name: Annotated[str, typer.Argument(help="A scorer, as heavy (see: scorers list).")], as_json: JsonFlag = False
) -> None:
    """Print the settings of a run of a scorer: the key for --set, what it takes, its default and what it does.

    Example: rookery scorers settings heavy
    """
    from experiments.runs.scorer_settings import settings_of

    found = settings_of(name)
    rows = [(one.key, one.takes, _defaults(one.default, one.otherwise), one.about) for one in found.settings]
    out = table(f"Settings of a run of {name}", ["key", "takes", "default", "what it does"], rows)
    out.show_lines = True
    out.columns[0].no_wrap = True
    for column in out.columns[1:]:
        column.justify = "left"
    after = f"next: rookery train --data DIR --set scorer={name} --set KEY=VALUE"
    show(found, as_json=as_json, tables=[found.scorer.about, out, after])


def _training(one: About) -> str:
    """Whether and how it is trained."""
    if not one.trained:
        return "no"
    return "by epoch" if one.by_epoch else "at once"


def _offers(one: About) -> str:
    """What it gives beside scores."""
    offers = {"actions": one.predicts_actions, "vectors": one.retrieves, "catalogues": one.scores_catalogues}
    return ", ".join(name for name, given in offers.items() if given)


def _defaults(value: Any, otherwise: Mapping[str, Any]) -> str:
    """The default, and below it those for other data."""
    return "\n".join([_short(value), *(f"{word}: {_short(one)}" for word, one in otherwise.items())])


def _short(value: Any) -> str:
    """A default as TOML has it; of a long list its beginning and its length."""
    text = "none" if value is None else json.dumps(value)
    return text if len(text) <= _LONG else f"[{json.dumps(value[0])}, ... {len(value)} in all]"
