"""The split a command names, and the text understanding fitted to its training part."""

from __future__ import annotations

from pathlib import Path

from data.dataset import Dataset
from data.split import Split, default_split, parse_split
from features.text.encoder import resolve_encoder
from features.text.understanding import Understanding


def split_of(dataset: Dataset, text: str) -> Split:
    """The split that a text names: `auto`, or a kind with its settings as `data.split.parse_split` takes them.

    Raises:
        ConfigError: no such split or setting.
    """
    return (default_split(dataset) if text == "auto" else parse_split(text)).apply(dataset)


def understanding_of(dataset: Dataset, split: Split, encoder: str, home: Path) -> Understanding:
    """The text encoder, and heads trained on the annotations from before the test."""
    return Understanding.train(dataset, resolve_encoder(encoder, cache=home / "cache"), split.train_before_us)
