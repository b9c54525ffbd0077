"""Gradient boosting as a teacher of networks: its probabilities of the training rows are labels beside what happened.

A log shows only a small part of what a ranker chooses from. Where it shows little, a network extrapolates the slopes
that it learned elsewhere, and ranks first what it overrates there; trees predict the mean of the nearest rows. A
network that learns from both (distillation, Hinton, Vinyals and Dean 2015; from trees to a network for ranking, Cohen
et al., SIGIR 2018) stays close to the trees where it has seen little, and is finer where it has seen much.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from data.progress import Progress, part_of
from ranking.models.action_scorer import NetConfig
from ranking.processes import processes, total
from ranking.scorers.tabular import BoostingConfig
from ranking.training.rankers.fit_tabular import train_boosting
from ranking.training.rankers.impressions import Impressions
from ranking.training.shared import SharedRows


def taught(
    config: NetConfig, rows: Impressions, device: torch.device, progress: Progress, shared: SharedRows
) -> torch.Tensor:
    """[N, A] float32 probabilities of the rows where they stood, by trees that learned from those not held out; -1 of
    an action that was taken never or always. Of several processes the first one fits the trees.

    Raises:
        ModelError: an input is infinite.
    """
    if processes().rank > 0:
        return total(torch.zeros((len(rows), len(rows.actions)), device=device))
    always = (rows.labels[~rows.validation] > 0).all(axis=0)
    if always.any():
        rows = replace(rows, labels=np.where(always, np.int8(-1), rows.labels))
    if not rows.known.any():
        return total(torch.full((len(rows), len(rows.actions)), -1.0, device=device))
    trees = BoostingConfig(
        inputs=config.inputs,
        actions=rows.actions,
        value=dict.fromkeys(rows.actions, 1.0),
        seed=config.seed,
        calibrate=False,
    )

    # torchrun leaves each process one thread, and here the others wait.
    with threadpool_limits(os.cpu_count(), user_api="openmp") if processes().count > 1 else nullcontext():
        teacher = train_boosting(trees, rows, part_of(progress, 0, 1, "trees to learn from"), shared=shared)
    labels = np.where(rows.known, teacher.of_inputs(rows.x, rows.position), np.float32(-1))
    return total(torch.from_numpy(labels).to(device))
