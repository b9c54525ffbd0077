"""Heads kept in folders, one a task: those that came with the program, and those that people trained on their labels.

head.json            task, labels, the encoder's name and identity, how it was trained and what it got
head.safetensors     the weights
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from data.errors import ConfigError, ModelError, RookeryError
from data.folders import present, written_whole
from features.text.encoder import TextEncoder, resolve_encoder
from features.text.heads import Head

ABOUT, WEIGHTS = "head.json", "head.safetensors"
SHIPPED = Path(__file__).parent / "shipped"
"""Heads for topic, sentiment and toxicity, trained on the annotations of a synthetic world over `static`."""


@dataclass(frozen=True)
class TaskHead:
    """A head that predicts one property of a text, with the encoder whose vectors it reads."""

    task: str
    head: Head
    encoder: TextEncoder
    about: Mapping[str, Any] = field(default_factory=dict)
    """How it was trained and what it got; plain JSON."""

    def save(self, folder: Path) -> None:
        """Writes the head to `folder`, whole or not at all; it replaces one that is there."""
        from safetensors.numpy import save_file

        with written_whole(folder) as staging:
            arrays = {name: np.ascontiguousarray(one) for name, one in self.head.arrays(self.task).items()}
            save_file(arrays, staging / WEIGHTS)
            about = {"task": self.task, "labels": list(self.head.labels), "encoder": self.encoder.name,
                     "encoder_identity": self.encoder.identity, "about": dict(self.about)}  # fmt: skip
            (staging / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False))

    @classmethod
    def load(cls, folder: Path, cache: Path, encoders: dict[str, TextEncoder] | None = None) -> Self:
        """What `save` wrote. Encoders are resolved in `cache` by name, once for all that are in `encoders`.

        Raises:
            ModelError: no head there, a damaged one, or an encoder with other weights than those it was trained on.
        """
        from safetensors.numpy import load_file

        again = f"train it again: rookery text train --task {folder.name}"
        encoders = {} if encoders is None else encoders
        try:
            about = json.loads((present(folder) / ABOUT).read_text())
            task, name, identity = str(about["task"]), str(about["encoder"]), str(about["encoder_identity"])
            head = Head.from_arrays(task, about["labels"], load_file(folder / WEIGHTS))
        except Exception as error:
            # safetensors raises a type of its own; for a user every cause means the same.
            raise ModelError(f"{folder} holds no text head: {error or type(error).__name__}", remedy=again) from error
        if name not in encoders:
            encoders[name] = resolve_encoder(name, cache=cache)
        if encoders[name].identity != identity:
            raise ModelError(f"text encoder {name!r} has other weights than the head in {folder} reads", remedy=again)
        return cls(task, head, encoders[name], about["about"])


def trained_folder(home: Path) -> Path:
    """The folder of the heads that people trained."""
    return home / "text"


def check_task(name: str) -> str:
    """`name`, if a task may be called so.

    Raises:
        ConfigError: it is not lower-case letters, digits, `_` and `-`, begun by a letter, at most 40.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise ConfigError(
            f"task {name!r} is no name", remedy="use a lower-case letter, then letters, digits, _ and -, at most 40"
        )
    return name


def heads_in(folder: Path, cache: Path, encoders: dict[str, TextEncoder] | None = None) -> dict[str, TaskHead]:
    """All heads of a folder by task, in order of their names; none where the folder is missing."""
    encoders = {} if encoders is None else encoders
    folders = sorted(one for one in folder.glob("[a-z]*") if one.is_dir())
    return {head.task: head for head in (TaskHead.load(one, cache, encoders) for one in folders)}


def shipped_heads(cache: Path, encoders: dict[str, TextEncoder] | None = None) -> dict[str, TaskHead]:
    """The heads that came with the program; none where their encoder cannot be had in the version they read."""
    try:
        return heads_in(SHIPPED, cache, encoders)
    except RookeryError:
        return {}
