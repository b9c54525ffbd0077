"""The model that a command or a server names, from the registry."""

from __future__ import annotations

from pathlib import Path

from data.dataset import Dataset
from data.errors import NotFoundError
from ranking.artifact import CARD, VALUE, Bundle
from ranking.model_registry import fetch, has_models, registry_errors, resolve_reference
from ranking.ranker import check_columns, optional_columns
from ranking.store import connect
from serving.aliases import CHAMPION


def served_model(model: str, home: Path) -> Bundle | None:
    """The model to serve; None where none was trained yet and the default is requested."""
    try:
        return fetch(model, home=home)
    except NotFoundError:
        if model == CHAMPION and not has_models(connect(home)):
            return None
        raise


class RegistryModels:
    """The registry as a server sees it: its champion is the model that it was told to serve."""

    def __init__(self, served: str, home: Path, dataset: Dataset | None) -> None:
        """Models that can rank `dataset`; `served` is the reference that the champion stands for."""
        self._served, self._home, self._dataset = served, home, dataset

    def version(self, reference: str) -> str:
        """The version that a reference stands for now; "" for a folder, and while there is no champion.

        Raises:
            NotFoundError: no model answers to it.
            ModelError: the registry fails.
        """
        model = self._of(reference).partition(VALUE)[0]
        if (Path(model) / CARD).is_file():
            return ""
        with registry_errors():
            client = connect(self._home)
            if model == CHAMPION and not has_models(client):
                return ""
            return str(resolve_reference(client, model).version)

    def fetch(self, reference: str) -> Bundle:
        """The model that a reference stands for now.

        Raises:
            NotFoundError: no model answers to it.
            ModelError: the registry fails, or the model cannot be loaded or reads what the data set cannot fill.
        """
        with registry_errors():
            bundle = fetch(self._of(reference), home=self._home)
        if self._dataset is not None:
            check_readable(bundle, reference, self._dataset)
        return bundle

    def _of(self, reference: str) -> str:
        return self._served if reference == CHAMPION else reference


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
