"""The verb `text analyze`."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.cli.screen import JsonFlag, show, table

app = typer.Typer(no_args_is_help=True, help="What the lab reads in a text.")


@app.command()
def analyze(
    text: Annotated[str, typer.Argument(help="The text.")],
    model: Annotated[
        str, typer.Option(help="Whose heads to use: an alias, a version, a run id or a folder.")
    ] = "champion",
    as_json: JsonFlag = False,
) -> None:
    """Language, sentiment, topics, hashtags, mentions, URLs and names in a text.

    Topics and sentiment come from heads that were trained with a model; language and entities need none.
    """
    from data.home import home_folder
    from experiments.words import analyze as run

    facts, note = run(text, model, home_folder())
    rows = [(name.replace("_", " "), to_line(value)) for name, value in facts.items() if name != "text"]
    show(facts, as_json=as_json, tables=[table(text, ["field", "value"], rows), *([note] if note else [])])


def to_line(value: object) -> str:
    """A field's value in one line."""
    if isinstance(value, tuple):
        return ", ".join(f"{one[0]} {one[1]:.2f}" if isinstance(one, tuple) else str(one) for one in value) or "none"
    return "not learned" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
