"""How a model is trained."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field


class TrainingConfig(BaseModel):
    """Batches, negatives and steps."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    epochs: int = Field(10, ge=1)
    """Passes over the training positives; the weights of the best epoch are kept."""
    batch_size: int = Field(1024, ge=2)
    """Positives a step; the others of a batch are each one's negatives."""
    negatives: int = Field(1024, ge=0)
    """Sampled tweets a step that all its positives share as negatives, beside those in the batch."""
    sampling: Literal["alive", "catalogue"] = "alive"
    """`alive`: batches are blocks of neighbouring time and negatives are tweets alive then, as they were then.
    `catalogue`: batches are random and negatives are any items."""
    alive_h: float = Field(48.0, gt=0)
    """Hours that a tweet lives, for `alive`."""
    learning_rate: float = Field(2e-3, gt=0)
    """AdamW's step size at its highest; it rises over the first half epoch and falls along a cosine."""
    weight_decay: float = Field(0.01, ge=0)
    """AdamW's decoupled weight decay."""
    validation_share: float = Field(0.2, gt=0, lt=1)
    """Share of the positives held out to choose the epoch."""
    validation: Literal["time", "last"] = "time"
    """Which are held out: `time`, the last of all; `last`, the last of each reader."""
    threads: int = Field(2, ge=1)
    """CPU threads; the sums of another number round differently."""

    @classmethod
    def items(cls) -> Self:
        """For catalogues of lasting items."""
        return cls(sampling="catalogue", validation="last", validation_share=0.05)
