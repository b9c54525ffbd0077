"""The model artifact: a folder that holds all that is needed to score, and nothing that can run code.

    model.json           kind, config, columns read and their hash, data hash, code version, hash of the weights
    model.safetensors    the weights
    rows.safetensors     hashes of the rows that it learned from, of a model that learned
    understanding/       the text encoder's name and the heads that the columns were made with, when there is text

MLflow loads the same folder as a pyfunc model: this module is its `loader_module`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
import safetensors.numpy
from pydantic import BaseModel, ConfigDict, ValidationError

from data.batch import F32, Array, CandidateBatch, Requests
from data.errors import ConfigError, ModelError
from data.folders import written_whole
from data.home_folder import home_folder
from features.text.understanding import Understanding
from ranking.catalogue import SCORERS, scorer_class
from ranking.scorer import ConfiguredScorer, Scorer, ValuedScorer
from ranking.trained_rows import TrainedRows
from ranking.value import parse_value

CARD, WEIGHTS, ROWS, TEXT = "model.json", "model.safetensors", "rows.safetensors", "understanding"
VALUE = "?value="
"""What stands between a model and the value that is chosen for it."""


class ModelCard(BaseModel):
    """What `model.json` states."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    """The scorer's name in `ranking.catalogue`."""
    config: dict[str, Any]
    """The scorer's configuration."""
    reads: tuple[str, ...]
    """Columns that it reads."""
    reads_hash: str
    """sha256 of the columns' names; differs when the code's scorer reads other columns than the saved one did."""
    data_name: str
    """The data set that it was trained on."""
    data_hash: str
    """That data set's content hash."""
    code_version: str
    """Version of rookery that wrote it."""
    weights_sha256: str
    """sha256 of `model.safetensors`."""
    understanding: str
    """Identity of the text encoder and heads; empty where none is needed."""
    split: str
    """Name of the split whose training part it learned from; empty for a scorer that learned nothing."""
    tables: tuple[str, ...] = ()
    """Tables of the data that it learned from; empty for a scorer that learned nothing."""
    rows_sha256: str = ""
    """sha256 of `rows.safetensors`; empty where there is none."""


@dataclass(frozen=True)
class Bundle:
    """A scorer with the text understanding that its columns come from. `version` is set by the registry."""

    name: str
    """The scorer's name in `ranking.catalogue`, and after it `?value=` and a value where a reference chose one."""
    scorer: Scorer = field(repr=False)
    understanding: Understanding | None = field(repr=False)
    data_name: str
    data_hash: str
    split: str = ""
    """Name of the split whose training part it learned from; empty for a scorer that learned nothing."""
    tables: tuple[str, ...] = ()
    """Tables of the data that it learned from; empty for a scorer that learned nothing."""
    version: str = ""
    run_id: str = ""
    learned: TrainedRows | None = field(default=None, repr=False)
    """The rows that it learned from; None for a scorer that learned nothing, and where they were not recorded."""

    def valued(self, value: str) -> Self:
        """The same model by another value, as `ranking.value.parse_value` reads it; its name states which.

        What is measured of it is not of the run that trained it, so it has no run.

        Raises:
            ConfigError: the model has no value to choose, or the value weighs none of its actions.
        """
        if not isinstance(self.scorer, ValuedScorer):
            remedy = "rankers that predict actions have one: logistic, boosting, heavy, sequence"
            raise ConfigError(f"model {self.name!r} has no value to choose", remedy=remedy)
        scorer = self.scorer.with_value(parse_value(value))
        return replace(self, name=f"{self.name}{VALUE}{value}", scorer=scorer, run_id="")

    def save(self, folder: Path) -> ModelCard:
        """Writes the artifact; a failure leaves nothing at `folder`."""
        config, weights = describe(self.scorer)
        with written_whole(folder) as staging:
            plain = {name: np.ascontiguousarray(array) for name, array in weights.items()}
            safetensors.numpy.save_file(plain, staging / WEIGHTS)
            if self.learned is not None:
                safetensors.numpy.save_file(self.learned.arrays(), staging / ROWS)
            if self.understanding is not None:
                self.understanding.save(staging / TEXT)
            card = ModelCard(
                kind=self.name.partition(VALUE)[0],
                config=dict(config),
                reads=tuple(self.scorer.reads),
                reads_hash=_hash_names(self.scorer.reads),
                data_name=self.data_name,
                data_hash=self.data_hash,
                code_version=version("rookery"),
                weights_sha256=_sha256(staging / WEIGHTS),
                understanding=self.understanding.identity if self.understanding is not None else "",
                split=self.split,
                tables=self.tables,
                rows_sha256="" if self.learned is None else _sha256(staging / ROWS),
            )
            (staging / CARD).write_text(card.model_dump_json(indent=1), encoding="utf-8")
        return card

    @classmethod
    def load(cls, folder: Path, *, cache: Path, version: str = "", run_id: str = "") -> Self:
        """Reads an artifact; `cache` is where text encoders are kept.

        Raises:
            ModelError: no artifact, damaged weights, an unknown kind, or columns that differ from the code's.
        """
        card = read_card(folder)
        stated = {WEIGHTS: card.weights_sha256} | ({ROWS: card.rows_sha256} if card.rows_sha256 else {})
        for name, sha256 in stated.items():
            if not (folder / name).is_file() or _sha256(folder / name) != sha256:
                raise ModelError(f"{folder / name} is damaged: its sha256 is not the card's", remedy="train it again")
        if card.kind not in SCORERS:
            raise ModelError(f"model kind {card.kind!r} is unknown", remedy=f"this code knows {', '.join(SCORERS)}")
        scorer = restore(card.kind, card.config, safetensors.numpy.load_file(folder / WEIGHTS))
        if _hash_names(scorer.reads) != card.reads_hash:
            changed = sorted(set(scorer.reads) ^ set(card.reads)) or ["their order"]
            raise ModelError(
                f"model {card.kind!r} was saved with other columns than this code reads: {', '.join(changed)}",
                remedy="train it again with this version",
            )
        text = Understanding.load(folder / TEXT, cache=cache) if (folder / TEXT).is_dir() else None
        learned = TrainedRows.from_arrays(safetensors.numpy.load_file(folder / ROWS)) if card.rows_sha256 else None
        about = (card.data_name, card.data_hash, card.split, card.tables)
        return cls(card.kind, scorer, text, *about, version, run_id, learned)


def describe(scorer: Scorer) -> tuple[Mapping[str, Any], Mapping[str, Array]]:
    """A scorer's plain configuration and weights: by its own `artifact()`, or by its fields where it is a dataclass.

    Raises:
        ModelError: it is neither.
    """
    if isinstance(scorer, ConfiguredScorer):
        return scorer.artifact()
    if is_dataclass(scorer) and not isinstance(scorer, type):
        return asdict(scorer), {}
    raise ModelError(f"{type(scorer).__name__} cannot be saved", remedy="make it a dataclass or a ConfiguredScorer")


def restore(kind: str, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Scorer:
    """The scorer that `describe` described."""
    made = scorer_class(kind)
    scorer: Scorer = made.from_artifact(config, weights) if issubclass(made, ConfiguredScorer) else made(**config)
    return scorer


def read_card(folder: Path) -> ModelCard:
    """The card of an artifact.

    Raises:
        ModelError: there is none, or it cannot be read.
    """
    path = folder / CARD
    if not path.is_file() or not (folder / WEIGHTS).is_file():
        raise ModelError(f"{folder} is not a model: it lacks {CARD} or {WEIGHTS}", remedy="train one: rookery train")
    try:
        return ModelCard.model_validate_json(path.read_text())
    except (ValidationError, ValueError) as error:
        raise ModelError(f"{path} is damaged: {str(error).splitlines()[0]}", remedy="train it again") from error


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hash_names(names: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(list(names)).encode()).hexdigest()


class _PyfuncModel:
    """What MLflow's `pyfunc.load_model` returns: columns in, scores out."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, model_input: Mapping[str, Array], params: Mapping[str, Any] | None = None) -> dict[str, F32]:
        """`{"score": [N] float32}` for columns `[N, ...]`, one request a row."""
        columns = {name: np.asarray(column) for name, column in model_input.items()}
        rows = len(next(iter(columns.values())))
        requests = Requests({"user_row": np.zeros(rows, np.int64), "time_us": np.zeros(rows, np.int64)} | columns)
        batch = CandidateBatch(requests, np.arange(rows + 1, dtype=np.int64), {})
        return {"score": self.bundle.scorer.score(batch)}


def _load_pyfunc(path: str) -> _PyfuncModel:
    """Called by MLflow."""
    return _PyfuncModel(Bundle.load(Path(path), cache=home_folder() / "cache"))
