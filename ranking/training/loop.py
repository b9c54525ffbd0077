"""Epochs, and the weights of the best one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from data.errors import ConfigError, ModelError
from ranking.models.two_tower import Towers, TwoTower, TwoTowerConfig
from ranking.training.examples import Examples
from ranking.training.losses import positives_in_top, sampled_logits, softmax_loss
from ranking.training.negatives import Sample, Sampler

IN_SAMPLE_K = 20
"""Cut-off of the recall reported an epoch."""


def train_two_tower(
    config: TwoTowerConfig,
    examples: Examples,
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> TwoTower:
    """Trains on `examples` and returns the model of the epoch with the lowest validation loss (the first of equals).

    The same seed, examples and number of threads give the same weights. `progress(done, total)` is told of each
    step. `on_epoch` gets `epoch` (from 1), `train_loss`, `validation_loss` (nats), `validation_recall@20` (share of
    held-out positives with fewer than 20 of their sample above them), `seconds` and `examples_per_s` of training.

    Raises:
        ConfigError: `examples` were built for other columns or another way of sampling.
        ModelError: the loss is not finite.
    """
    wanted = config.fitted(text_dim=examples.config.text_dim, topic_count=examples.config.topic_count)
    _check(wanted, examples.config)
    with _deterministic(seed, config.training.threads):
        towers = Towers(wanted)
        examples.fit_scales(towers)
        sampler = Sampler(examples)
        optimizer = torch.optim.AdamW(
            towers.parameters(), lr=config.training.learning_rate, weight_decay=config.training.weight_decay, fused=True
        )
        steps = len(sampler) * config.training.epochs
        rise = max(1, steps // (2 * config.training.epochs))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, rise, steps))
        best_loss, best = math.inf, dict[str, torch.Tensor]()
        done = 0
        for epoch in range(1, config.training.epochs + 1):
            start = time.perf_counter()
            towers.train()
            losses, rows = 0.0, 0
            for sample in sampler.epoch(np.random.default_rng([seed, epoch])):
                loss = _step(towers, examples, sample, optimizer, epoch)
                schedule.step()
                losses, rows, done = losses + loss * len(sample.positives), rows + len(sample.positives), done + 1
                if progress is not None:
                    progress(done, steps)
            seconds = time.perf_counter() - start
            validation_loss, recall = validate(towers, examples, sampler)
            if validation_loss < best_loss:
                best_loss = validation_loss
                best = {name: value.clone() for name, value in towers.state_dict().items()}
            if on_epoch is not None:
                on_epoch({
                    "epoch": float(epoch), "train_loss": losses / max(rows, 1), "validation_loss": validation_loss,
                    f"validation_recall@{IN_SAMPLE_K}": recall, "seconds": seconds,
                    "examples_per_s": rows / max(seconds, 1e-9),
                })  # fmt: skip
        towers.load_state_dict(best)
    return TwoTower(wanted, towers)


def _step(towers: Towers, examples: Examples, sample: Sample, optimizer: torch.optim.Optimizer, epoch: int) -> float:
    similarity, log_q, hits = _similarity(towers, examples, sample)
    loss = softmax_loss(sampled_logits(similarity, log_q, hits))
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ModelError(
            f"the training loss is {value} in epoch {epoch}", remedy="lower training.learning_rate or check the columns"
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return value


def _similarity(
    towers: Towers, examples: Examples, sample: Sample
) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    requests, at = np.unique(examples.request[sample.positives], return_inverse=True)
    entities = towers.entities(examples.entities)
    users = towers.encode_users(examples.user_tensors(requests), *entities)
    rows = np.r_[examples.tweet_row[sample.positives], sample.negatives]
    tweets = towers.encode_tweets(examples.tweet_tensors(rows), *entities)
    hits = (torch.from_numpy(sample.hits[0]), torch.from_numpy(sample.hits[1]))
    scaled = (users * towers.scale)[torch.from_numpy(at)]
    return scaled @ tweets.T, torch.from_numpy(sample.log_q), hits


def validate(towers: Towers, examples: Examples, sampler: Sampler) -> tuple[float, float]:
    """Loss in nats and in-sample recall over the held-out positives; puts `towers` into evaluation mode.

    Raises:
        ModelError: the loss is not finite.
    """
    towers.eval()
    loss, in_top, rows = 0.0, 0, 0
    with torch.no_grad():
        for sample in sampler.validation():
            similarity, log_q, hits = _similarity(towers, examples, sample)
            loss += float(softmax_loss(sampled_logits(similarity, log_q, hits))) * len(sample.positives)
            in_top += int(positives_in_top(similarity, hits, IN_SAMPLE_K).sum())
            rows += len(sample.positives)
    if not math.isfinite(loss):
        raise ModelError(f"the validation loss is {loss}", remedy="lower training.learning_rate or check the columns")
    return loss / max(rows, 1), in_top / max(rows, 1)


def _rate(step: int, rise: int, steps: int) -> float:
    """Share of the learning rate: linear up to `rise`, then a cosine down to a twentieth."""
    if step < rise:
        return (step + 1) / rise
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _check(wanted: TwoTowerConfig, built: TwoTowerConfig) -> None:
    plain = {"epochs", "learning_rate", "weight_decay", "threads"}
    for name, mine, theirs in (
        ("user columns", wanted.user_columns, built.user_columns),
        ("tweet columns", wanted.tweet_columns, built.tweet_columns),
        ("training", wanted.training.model_dump(exclude=plain), built.training.model_dump(exclude=plain)),
    ):
        if mine != theirs:
            raise ConfigError(
                f"examples were built for other {name} ({theirs}) than the model's ({mine})",
                remedy="build the examples with the model's config",
            )


@contextmanager
def _deterministic(seed: int, threads: int) -> Iterator[Any]:
    """Seeds torch, fixes its threads and forbids kernels that are not deterministic; puts all back afterwards."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        # Filling memory before it is written costs a tenth of a step; nothing here reads it unwritten.
        torch.utils.deterministic.fill_uninitialized_memory = False
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(before[1])
            torch.utils.deterministic.fill_uninitialized_memory = filling
