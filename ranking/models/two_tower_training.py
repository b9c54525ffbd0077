"""How a model is trained."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field


class TrainingConfig(BaseModel):
    """Batches, negatives and steps."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    most: int = Field(600_000, ge=2)
    """Positives that are learned from at most; of more, the newest, which are most like the requests to come."""
    epochs: int = Field(10, ge=1)
    """Passes over the training positives; the weights of the best epoch are kept."""
    patience: int = Field(0, ge=0)
    """Epochs without a better one after which the training stops; 0 goes through all."""
    watch: Literal["loss", "recall"] = "loss"
    """What makes an epoch the best: the lowest validation loss, or the highest validation recall."""
    batch_size: int = Field(1024, ge=2)
    """Positives a step; the others of a batch are each one's negatives."""
    negatives: int = Field(1024, ge=0)
    """Sampled tweets a step that all its positives share as negatives, beside those in the batch."""
    sampling: Literal["alive", "catalogue"] = "alive"
    """`alive`: batches are blocks of neighbouring time and negatives are tweets alive then, as they were then.
    `catalogue`: batches are random and negatives are any items."""
    alive_h: float = Field(48.0, gt=0)
    """Hours that a tweet lives, for `alive`."""
    hard: int = Field(0, ge=0)
    """Mined negatives of each positive alone: tweets that the model itself ranks high for the reader."""
    hard_depth: int = Field(200, ge=1)
    """They are drawn from this many nearest tweets."""
    hard_pool: int = Field(4096, ge=1)
    """Living tweets a step to mine among, for `alive`; in a catalogue every item is mined."""
    learning_rate: float = Field(2e-3, gt=0)
    """Adam's step size at its highest; it rises over the first half epoch and falls along a cosine."""
    weight_decay: float = Field(0.01, ge=0)
    """Adam's decoupled weight decay."""
    reader_power: float = Field(0.0, ge=0, le=1)
    """A positive counts n^-this, n being how many its reader has, held-out ones among them: at 0 all positives count
    alike, at 1 all readers."""
    validation_share: float = Field(0.2, gt=0, lt=1)
    """Share of the positives held out to choose the epoch."""
    validation: Literal["time", "last", "random"] = "time"
    """Which are held out: `time`, the last of all; `last`, the last of each reader; `random`, any."""
    histories: Literal["past", "others"] = "past"
    """What is known of a reader at a positive: `past`, what came before; `others`, all other engagements, for splits in
    which time plays no part."""
    threads: int = Field(2, ge=1)
    """CPU threads; the sums of another number round differently."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where it is trained; `auto` takes CUDA where there is one."""

    @classmethod
    def items(cls) -> Self:
        """For catalogues of lasting items."""
        return cls(
            sampling="catalogue",
            validation="last",
            validation_share=0.05,
            epochs=9,
            learning_rate=1e-3,
            weight_decay=0.05,
            negatives=2048,
            watch="recall",
            most=20_000_000,
        )
