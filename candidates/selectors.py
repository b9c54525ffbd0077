"""The selectors of a funnel as one setting: which rule picks the slate, and its numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from candidates.hydrators.item_vectors import ITEM_VECTOR
from ranking.scorer import Selector
from ranking.slate.diverse import DiversityConfig
from ranking.slate.dpp import DPP
from ranking.slate.mmr import MMR
from ranking.slate.topk import TopK


class TopKConfig(BaseModel):
    """The best by score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["top_k"] = "top_k"


class MMRConfig(DiversityConfig):
    """Maximal marginal relevance (`ranking.slate.mmr`)."""

    kind: Literal["mmr"] = "mmr"
    vectors: str = ITEM_VECTOR
    """Column [N, D]: the retrieval vectors or, without those, text embeddings."""


class DPPConfig(DiversityConfig):
    """Greedy determinantal point process (`ranking.slate.dpp`)."""

    kind: Literal["dpp"] = "dpp"
    vectors: str = ITEM_VECTOR
    """Column [N, D]: the retrieval vectors or, without those, text embeddings."""


SelectorConfig = Annotated[TopKConfig | MMRConfig | DPPConfig, Field(discriminator="kind")]
"""Told apart by `kind`."""


def selector_of(config: SelectorConfig) -> Selector:
    """What picks by `config`."""
    match config:
        case MMRConfig():
            return MMR(config)
        case DPPConfig():
            return DPP(config)
        case TopKConfig():
            return TopK()
