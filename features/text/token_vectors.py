"""Static text encoders: a text's vector is the mean of the vectors of its tokens.

A folder of sentence-transformers that holds a `StaticEmbedding` is read here by its two files, because to import that
library takes longer than to read tens of thousands of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from data.batch import F32, offsets_of

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
BATCH = 4096
"""Texts that are in memory as tokens at a time."""


class TokenVectors:
    """The token vectors of a folder, [V, D] float32, and the tokenizer that goes with them."""

    def __init__(self, folder: Path) -> None:
        """Reads `folder`."""
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from torch.nn import EmbeddingBag

        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._bag = EmbeddingBag.from_pretrained(load_file(folder / WEIGHTS)["embedding.weight"])

    def encode(self, texts: Sequence[str]) -> F32:
        """[N, D] means over tokens; zeros for a text without any."""
        import torch

        parts = []
        for first in range(0, len(texts), BATCH):
            some = texts[first : first + BATCH]
            tokens = [one.ids for one in self._tokenizer.encode_batch_fast(some, add_special_tokens=False)]
            ids = torch.tensor(list(chain.from_iterable(tokens)), dtype=torch.long)
            begins = torch.from_numpy(offsets_of([len(one) for one in tokens])[:-1])
            parts.append(self._bag(ids, begins).numpy())
        return np.concatenate(parts)
