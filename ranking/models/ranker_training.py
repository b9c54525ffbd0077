"""How a ranker is trained on impressions."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RowsConfig(BaseModel):
    """Which impressions are learned from."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    most: int = Field(600_000, ge=100)
    """Most rows; without as many impressions, all of them."""
    evened: float = Field(0.5, ge=0, lt=1)
    """Share of the rows at most that are chosen by propensity, as if every tweet had been shown alike, where the log
    has more actions than are learned from and knows its propensities."""
    skip_share: float = Field(0.0, ge=0, lt=1)
    """Share of the training part's time that is skipped at its beginning, where little is known of any user yet."""
    validation_share: float = Field(0.15, gt=0, lt=1)
    """Share of the requests, the last by time, that are held out to choose the epoch and to calibrate."""


class RankerTraining(BaseModel):
    """Rows, steps and precision."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rows: RowsConfig = RowsConfig()
    """Which impressions are learned from."""
    epochs: int = Field(3, ge=1)
    """Passes over the rows at most; the weights of the best epoch are kept. The learning rate falls to its end over
    all of them: with more, the best epoch comes long before."""
    patience: int = Field(2, ge=0)
    """Epochs without a better one after which training stops; 0 goes through all."""
    batch_size: int = Field(2048, ge=1)
    """Rows a step."""
    learning_rate: float = Field(2e-3, gt=0)
    """AdamW's step size at its highest."""
    weight_decay: float = Field(0.01, ge=0)
    """AdamW's decoupled weight decay."""
    distil: float = Field(3.0, ge=0)
    """What gradient boosting's probabilities count as labels, beside the 1 of what happened, in the mean that
    `train_loss` is; its trees are fitted to the same rows first. 0 for none: see `ranking.training.rankers.distil`."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of a training step; weights, loss and scoring are float32 in both. Where the device has no bfloat16
    the step is in float32, too, and a warning says so."""
    calibrate: bool = True
    """Fit an isotonic line an action on the held-out rows, after negative down-sampling is undone."""
    threads: int = Field(2, ge=1)
    """CPU threads; the sums of another number round differently."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where it is trained; scoring is on the CPU."""
