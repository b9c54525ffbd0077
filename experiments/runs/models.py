"""The model that a command or a server names, from the registry."""

from __future__ import annotations

from pathlib import Path

from data.dataset import Dataset
from data.errors import NotFoundError
from ranking.artifact import Bundle
from ranking.model_registry import fetch, has_models
from ranking.ranker import check_columns, optional_columns
from ranking.store import connect


def served_model(model: str, home: Path) -> Bundle | None:
    """The model to serve; None where none was trained yet and the default is requested."""
    try:
        return fetch(model, home=home)
    except NotFoundError:
        if model == "champion" and not has_models(connect(home)):
            return None
        raise


def check_readable(bundle: Bundle, model: str, dataset: Dataset) -> None:
    """Refuses a model, named `model`, that reads what `dataset` cannot fill.

    Columns that its value alone reads may be missing; the log names them.

    Raises:
        ModelError: naming the column and the table.
    """
    check_columns(
        bundle.scorer.reads,
        model=model,
        data=dataset.name,
        tables=dataset.tables,
        learned_from=bundle.tables,
        optional=optional_columns(bundle.scorer),
    )
