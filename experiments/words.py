"""What is read in one text, with the heads of a trained model where there is one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.network import served_model
from features.text.encoder import resolve_encoder
from features.text.understanding import Understanding


def analyze(text: str, model: str, home: Path) -> tuple[dict[str, Any], str]:
    """All fields of a text, and a note on what is missing and how to get it.

    Raises:
        NotFoundError: nothing answers to `model`.
    """
    bundle = served_model(model, home)
    understanding = bundle.understanding if bundle is not None else None
    if understanding is None:
        understanding = Understanding(resolve_encoder("static", cache=home / "cache"))
    note = "" if understanding.topics else "Topics and sentiment need heads: rookery train --data DIR trains them."
    return asdict(understanding.analyze([text])[0]), note
