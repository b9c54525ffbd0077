"""The model that a command or a server names, from the registry."""

from __future__ import annotations

from pathlib import Path

from data.errors import NotFoundError
from ranking.artifact import Bundle
from ranking.model_registry import fetch, has_models
from ranking.store import connect


def served_model(model: str, home: Path) -> Bundle | None:
    """The model to serve; None where none was trained yet and the default is requested."""
    try:
        return fetch(model, home=home)
    except NotFoundError:
        if model == "champion" and not has_models(connect(home)):
            return None
        raise
