"""Models in MLflow: a bundle is logged with its signature, registered, given aliases, and fetched by any reference.

A reference is an alias (`champion`, `challenger`), a version of the registered model (`3` or `v3`), a run id, or the
path of an artifact folder. With `?value=` after it the same model ranks by another value: `v3?value=x_2026_08`.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batch import Array
from data.errors import ConfigError, ModelError, NotFoundError
from data.import_by_name import did_you_mean
from ranking.artifact import CARD, VALUE, Bundle, read_card
from ranking.catalogue import trained_scorers
from ranking.store import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "rookery-ranker"
"""The registered model whose versions all rankers are."""

_VERSION, _RUN, _ALIAS = re.compile(r"v?\d{1,9}"), re.compile(r"[0-9a-f]{32}"), re.compile(r"[\w-]+")


def log_bundle(bundle: Bundle, columns: Mapping[str, Array], numbers: Mapping[str, float] | None = None) -> str:
    """Logs `bundle` in the active MLflow run and registers it; returns the new version.

    `columns` are a few rows of what the model reads: the signature states their types and shapes. The version has a
    description, and as tags its scorer, data set and split, and `numbers` of its training.
    """
    import mlflow
    from mlflow import MlflowClient

    # MLflow prints each step on stderr; what fails still raises.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        card = bundle.save(Path(folder) / "bundle")
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module="ranking.artifact",
            data_path=str(Path(folder) / "bundle"),
            signature=_signature(bundle, columns),
            registered_model_name=MODEL_NAME,
            pip_requirements=[],
        )
    client, version = MlflowClient(), str(info.registered_model_version)
    learned = f"trained on {card.data_name}, split {card.split}" if card.split else f"made for {card.data_name}"
    client.update_model_version(MODEL_NAME, version, f"{bundle.name}, {learned}, by rookery {card.code_version}")
    about = {
        "scorer": bundle.name, "data": card.data_name, "data_hash": card.data_hash, "split": card.split,
        "code_version": card.code_version,
    }  # fmt: skip
    tag_version(client, version, about | {name: f"{number:.6g}" for name, number in (numbers or {}).items()})
    return version


def save_for_mlflow(bundle: Bundle, columns: Mapping[str, Array], folder: Path) -> None:
    """Writes `bundle` as a model that `mlflow models serve -m FOLDER` serves, without any registry."""
    import mlflow

    with tempfile.TemporaryDirectory() as room, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bundle.save(Path(room) / "bundle")
        mlflow.pyfunc.save_model(
            str(folder),
            loader_module="ranking.artifact",
            data_path=str(Path(room) / "bundle"),
            signature=_signature(bundle, columns),
            pip_requirements=[],
        )


def tag_version(client: MlflowClient, version: str, tags: Mapping[str, str]) -> None:
    """Tags a registered version; an empty value sets nothing."""
    for name, value in tags.items():
        if value:
            client.set_model_version_tag(MODEL_NAME, version, name, value)


def _signature(bundle: Bundle, columns: Mapping[str, Array]) -> Any:
    """What the model reads and gives, in MLflow's words; `columns` [N, ...] are rows of what it reads."""
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import Schema, TensorSpec

    inputs = [TensorSpec(c.dtype, (-1, *c.shape[1:]), n) for n, c in columns.items() if n in bundle.scorer.reads]
    return ModelSignature(Schema(inputs), Schema([TensorSpec(np.dtype("float32"), (-1,), "score")]))


def set_alias(client: MlflowClient, alias: str, version: str) -> None:
    """Points an alias at a version.

    Raises:
        ConfigError: the name cannot be an alias.
    """
    from mlflow.exceptions import MlflowException

    if _VERSION.fullmatch(alias) or _RUN.fullmatch(alias) or not _ALIAS.fullmatch(alias):
        problem = f"alias {alias!r} would be read as no alias"
        raise ConfigError(problem, remedy="name it champion, challenger or the like: letters, digits, _ and -")
    try:
        client.set_registered_model_alias(MODEL_NAME, alias, version)
    except MlflowException as error:
        reason = " ".join(error.message.split())
        raise ConfigError(f"alias {alias!r}: {reason}", remedy="name it champion, challenger or the like") from error


@contextlib.contextmanager
def registry_errors() -> Iterator[None]:
    """Raises a failure of the registry as an error of ours, for a server that goes on without it.

    Raises:
        ModelError: MLflow raised it.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        reason = " ".join(error.message.split())[:200]
        raise ModelError(f"the registry fails: {reason}", remedy="see that MLflow's server answers") from error


def has_models(client: MlflowClient) -> bool:
    """Whether any model was registered yet."""
    return bool(client.search_model_versions(f"name = '{MODEL_NAME}'", max_results=1))


def resolve_reference(client: MlflowClient, reference: str, *, also: Sequence[str] = ()) -> Any:
    """The registered version that an alias, a version number or a run id stands for.

    Raises:
        NotFoundError: there is no such model; the message lists those that there are, and suggests the nearest name
            among them and those that the caller `also` takes.
    """
    from mlflow.exceptions import MlflowException

    try:
        if _VERSION.fullmatch(reference):
            return client.get_model_version(MODEL_NAME, reference.removeprefix("v"))
        if _RUN.fullmatch(reference):
            found = client.search_model_versions(f"run_id = '{reference}'")
            if found:
                return found[0]
        elif _ALIAS.fullmatch(reference):
            return client.get_model_version_by_alias(MODEL_NAME, reference)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
    there = _known(client)
    known = [*also, *there, *(alias for aliases in there.values() for alias in aliases)]
    trained = reference in trained_scorers()
    remedy = f"train it: rookery train --data DIR --set scorer={reference}; or " if trained else ""
    remedy = remedy or did_you_mean(reference, known)
    others = f", or one of {', '.join(also)}" if also else ""
    raise NotFoundError(
        f"no model answers to {reference!r}",
        remedy=f"{remedy}name an alias, a version or a run id{others}; there is: {_in_words(there)}",
    )


def fetch(reference: str, *, home: Path, also: Sequence[str] = ()) -> Bundle:
    """The bundle that a reference stands for; `also` are names that the caller takes beside references.

    Raises:
        NotFoundError: there is no such model.
        ModelError: its artifact is damaged or does not fit this code.
        ConfigError: the model cannot rank by that value.
    """
    model, chosen, value = reference.partition(VALUE)
    bundle = _fetched(model, home, also)
    return bundle.valued(value) if chosen else bundle


def _fetched(reference: str, home: Path, also: Sequence[str]) -> Bundle:
    cache = home / "cache"
    if (Path(reference) / CARD).is_file():
        return Bundle.load(Path(reference), cache=cache)
    client = connect(home)
    try:
        found = resolve_reference(client, reference, also=also)
    except NotFoundError:
        if Path(reference).exists():
            read_card(Path(reference))  # raises what is wrong with the folder
        raise
    import mlflow
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as room:
        try:
            folder = Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL_NAME}/{found.version}", dst_path=room))
        except (MlflowException, OSError):
            folder = Path(room)
        # The copy has the folder's name from when it was logged.
        cards: Sequence[Path] = sorted(folder.rglob(CARD))
        if not cards:
            raise NotFoundError(
                f"the files of model version {found.version} are gone from MLflow's store",
                remedy=f"train it again, or name another; there is: {_in_words(_known(client))}",
            )
        return Bundle.load(cards[0].parent, cache=cache, version=str(found.version), run_id=str(found.run_id))


def _known(client: MlflowClient) -> dict[str, list[str]]:
    """The newest versions, as `v3`, with their aliases."""
    versions = client.search_model_versions(f"name = '{MODEL_NAME}'", max_results=20)
    known: dict[str, list[str]] = {f"v{one.version}": [] for one in versions}
    if known:
        # A search gives versions without their aliases.
        for alias, version in client.get_registered_model(MODEL_NAME).aliases.items():
            known.setdefault(f"v{version}", []).append(alias)
    return known


def _in_words(known: Mapping[str, Sequence[str]]) -> str:
    rows = [version + (f" ({', '.join(sorted(aliases))})" if aliases else "") for version, aliases in known.items()]
    return ", ".join(rows) or "none yet: rookery train"
