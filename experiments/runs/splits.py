"""The split a command names, and the text understanding fitted to its training part."""

from __future__ import annotations

from pathlib import Path

from data.dataset import Dataset
from data.split import Split, default_split, parse_split
from features.text.encoder import resolve_encoder
from features.text.understanding import Understanding

_KEPT = 4
"""Understandings that are kept: some megabytes each."""
_TRAINED: dict[tuple[str, str, str, int | None], Understanding] = {}


def split_of(dataset: Dataset, text: str) -> Split:
    """The split that a text names: `auto`, or a kind with its settings as `data.split.parse_split` takes them.

    Raises:
        ConfigError: no such split or setting.
    """
    return (default_split(dataset) if text == "auto" else parse_split(text)).apply(dataset)


def understanding_of(dataset: Dataset, split: Split, encoder: str, home: Path) -> Understanding:
    """The text encoder, and heads trained on the annotations from before the test.

    Training is a function of the annotations and the encoder: within a process the last few are not trained again.
    """
    resolved = resolve_encoder(encoder, cache=home / "cache")
    key = str(dataset.folder.resolve()), dataset.content_hash, resolved.identity, split.train_before_us
    if key not in _TRAINED:
        while len(_TRAINED) >= _KEPT:
            _TRAINED.pop(next(iter(_TRAINED)))
        _TRAINED[key] = Understanding.train(dataset, resolved, split.train_before_us)
    return _TRAINED[key]
