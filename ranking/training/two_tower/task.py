"""The two-tower model as a task of the engine: samples in, the corrected softmax loss out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from data.batch import F32, I64
from data.errors import ConfigError
from data.progress import Progress, no_progress
from ranking.models.bags import picked
from ranking.models.tables import RowAdam
from ranking.models.towers import TowerPairs, TwoTowerConfig
from ranking.models.two_tower import TwoTower
from ranking.processes import Processes, gathered, pick_device, processes
from ranking.training.checkpoint import Checkpoint
from ranking.training.engine import Plan, deterministic, train
from ranking.training.losses import positives_in_top, sampled_logits, sampled_softmax_loss, softmax_loss
from ranking.training.neighbours import Exact, Indexer, Neighbours
from ranking.training.two_tower.batches import Inputs, ahead, inputs
from ranking.training.two_tower.examples import Examples
from ranking.training.two_tower.mining import mined
from ranking.training.two_tower.negative_sampling import Sample, Sampler

IN_SAMPLE_K = 20
"""Cut-off of the recall reported an epoch."""

MISSED = f"validation_missed@{IN_SAMPLE_K}"
"""1 - the recall, which falls as the loss does."""


def train_two_tower(
    config: TwoTowerConfig,
    examples: Examples,
    *,
    seed: int,
    index: Indexer = Exact,
    checkpoint: Checkpoint | None = None,
    progress: Progress = no_progress,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> TwoTower:
    """Trains on `examples` and returns the model of the epoch with the lowest validation loss (the first of equals).

    The same seed, examples and number of threads give the same weights. `index` finds the hard negatives, where the
    config needs some. `progress`, `on_epoch` and `checkpoint` as in `engine.train`; each epoch reports
    `train_loss` (nats; the members' mean, positives weighted), `validation_loss` (nats; of the members together, all
    held-out positives alike), and `validation_recall@20` (share of held-out positives with fewer than
    20 of their sample above them).

    Raises:
        ConfigError: `examples` were built for other columns or another way of sampling, or the checkpoint is another's.
        ModelError: the loss is not finite.
    """
    wanted = config.fitted(text_dim=examples.config.text_dim, topic_count=examples.config.topic_count)
    _check(wanted, examples.config)
    training = wanted.training
    with deterministic(seed, training.threads):
        task = TwoTowerTask(wanted, examples, seed=seed, index=index)
    plan = Plan(epochs=training.epochs, seed=seed, threads=training.threads, patience=training.patience)
    train(task, plan, checkpoint=checkpoint, progress=progress, on_epoch=on_epoch)
    return TwoTower(wanted, task.module.cpu())


class Prepared(NamedTuple):
    """A sample as tensors: one process's share of it."""

    sample: Sample
    mine: slice
    """The share's positives."""
    inputs: Inputs
    at: torch.Tensor
    """[n] which of the share's distinct readers each positive's is."""
    log_q: torch.Tensor
    """[C] of all columns."""
    hits: tuple[torch.Tensor, torch.Tensor]
    """Accidental hits, their rows counted from the share's first."""
    weight: torch.Tensor
    """[n] what each positive of the share counts."""


class Hard(NamedTuple):
    """Mined negatives of each positive alone, as a member sees them."""

    vectors: torch.Tensor
    """[n, H, D]."""
    gone: torch.Tensor
    """[n, H] True where nothing was found."""


class TwoTowerTask:
    """See `engine.Task`."""

    def __init__(self, config: TwoTowerConfig, examples: Examples, *, seed: int, index: Indexer = Exact) -> None:
        """A new network whose weights follow from torch's random numbers."""
        self.examples, self.sampler = examples, Sampler(examples)
        self._training, self._seed, self._index_of = config.training, seed, index
        self.device = pick_device(config.training.device)
        towers = TowerPairs(config)
        examples.fit_scales(towers)
        self.module = towers.to(self.device)
        learns = [parameter for parameter in towers.parameters() if parameter.requires_grad]
        lr, decay = config.training.learning_rate, config.training.weight_decay
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(learns, lr=lr, weight_decay=decay, fused=True)
        ]
        if towers.tables:
            self.optimizers.append(RowAdam(towers.tables, lr=lr, weight_decay=decay))
        self._catalogue: Neighbours | None = None
        self._draws = np.random.default_rng()

    @property
    def watched(self) -> str:
        """See `engine.Task`."""
        return "validation_loss" if self._training.watch == "loss" else MISSED

    @property
    def steps(self) -> int:
        """See `engine.Task`."""
        return len(self.sampler)

    def batches(self, epoch: int) -> Iterator[Prepared]:
        """See `engine.Task`; a catalogue is searched with the vectors that it has when the epoch begins."""
        self._draws = np.random.default_rng([self._seed, epoch, 5])
        if self._training.hard and len(self.examples.catalogue):
            self._catalogue = self._index_of(self._vectors(self.examples.catalogue))
        salts = np.random.default_rng([self._seed, epoch, 6])
        samples = self.sampler.epoch(np.random.default_rng([self._seed, epoch]))
        made = (self._prepared(sample, processes(), int(salts.integers(2**62))) for sample in samples)
        # A thread that makes batches beside torch's own only pays where a core is left for it.
        spare = (os.cpu_count() or 1) > self._training.threads or self.device.type != "cpu"
        yield from ahead(made) if spare else made

    def rows(self, batch: Prepared) -> int:
        """See `engine.Task`."""
        return len(batch.sample.positives)

    def loss(self, batch: Prepared) -> torch.Tensor:
        """See `engine.Task`: each process encodes its share of the readers and of the tweets, and takes the others'
        tweets from them, so that a positive meets the same negatives however many processes there are."""
        users, columns = self._encoded(batch)
        parts, every = self.module.parts(users), self.module.parts(gathered(columns, len(batch.log_q)))
        hard = self._hard(batch, users) if self._training.hard else [None] * len(parts)
        members = zip(parts, every, self.module.scales, hard, strict=True)
        losses = [self._member_loss(batch, part * scale, own, mined) for part, own, scale, mined in members]
        return torch.stack(losses).mean() / len(batch.sample.positives)

    def _member_loss(
        self, batch: Prepared, readers: torch.Tensor, columns: torch.Tensor, hard: Hard | None
    ) -> torch.Tensor:
        """Summed over the share's positives, from vectors of readers [R, D], divided by the temperature."""
        scaled = picked(readers, batch.at)
        if hard is None:
            return sampled_softmax_loss(scaled, columns, batch.log_q, batch.hits, batch.weight, batch.mine.start)
        # Mined negatives are certain to appear: log q = 0.
        mined = torch.einsum("nd,nhd->nh", scaled, hard.vectors).masked_fill(hard.gone, -torch.inf)
        logits = torch.cat([sampled_logits(scaled @ columns.T, batch.log_q, batch.hits), mined], dim=1)
        return softmax_loss(logits, batch.weight, batch.mine.start)

    def validate(self) -> dict[str, float]:
        """See `engine.Task`."""
        loss, in_top, rows = 0.0, 0, 0
        for sample in self.sampler.validation():
            batch = self._prepared(sample, Processes(), None)
            users, columns = self._encoded(batch)
            similarity = (users * self.module.scales.mean())[batch.at] @ columns.T
            in_top += int(positives_in_top(similarity, batch.hits, IN_SAMPLE_K).sum())
            loss += float(softmax_loss(sampled_logits(similarity, batch.log_q, batch.hits)))
            rows += len(batch.at)
        found = in_top / max(rows, 1)
        values = {"validation_loss": loss / max(rows, 1), f"validation_recall@{IN_SAMPLE_K}": found}
        return values | ({MISSED: 1 - found} if self.watched == MISSED else {})

    def _prepared(self, sample: Sample, of: Processes, salt: int | None) -> Prepared:
        """The share of `of`, in tensors; with `salt` as in training."""
        examples, device = self.examples, self.device
        columns = np.r_[examples.tweet_row[sample.positives], sample.negatives]
        mine = of.share(len(sample.positives))
        requests, at = np.unique(examples.request[sample.positives[mine]], return_inverse=True)
        rows, hit = sample.hits
        here = slice(*np.searchsorted(rows, [mine.start, mine.stop]))
        taken = inputs(examples, requests, columns[of.share(len(columns))], salt=salt, device=device)
        hits = (rows[here] - mine.start, hit[here])
        at, log_q, weight, row, column = (
            torch.from_numpy(array).to(device)
            for array in (at, sample.log_q, examples.weight[sample.positives[mine]], *hits)
        )
        return Prepared(sample, mine, taken, at, log_q, (row, column), weight)

    def _encoded(self, batch: Prepared) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors of the share's distinct readers [R, M D] and of its columns."""
        users, tweets, entities = batch.inputs
        vectors = self.module.entities(entities)
        return self.module.encode_users(users, vectors), self.module.encode_tweets(tweets, vectors)

    def _hard(self, batch: Prepared, users: torch.Tensor) -> list[Hard]:
        """Each positive's own mined negatives, for each member."""
        examples, training, sample, mine = self.examples, self._training, batch.sample, batch.mine
        index = self._catalogue or self._index_of(self._vectors(sample.pool))
        searched = examples.catalogue if self._catalogue is not None else sample.pool
        queries = users.detach().cpu().numpy()
        draws = np.random.default_rng(self._draws.integers(2**62))
        # Each process draws for all positives, so that a positive's draw is its own.
        everyone = np.zeros(len(sample.positives), np.int64)
        everyone[mine] = batch.at.cpu().numpy()
        found = mined(index, queries, everyone, training.hard, training.hard_depth, draws)[mine]
        rows = searched[np.maximum(found, 0)]
        gone = (found < 0) | ~self.sampler.suits(sample.positives[mine], rows)
        distinct, where = np.unique(rows, return_inverse=True)
        _, tweets, entities = inputs(examples, np.empty(0, np.int64), distinct, device=self.device)
        vectors = self.module.parts(self.module.encode_tweets(tweets, self.module.entities(entities)))
        at, none = (torch.from_numpy(array).to(self.device) for array in (where.reshape(rows.shape), gone))
        return [Hard(picked(part, at), none) for part in vectors]

    def _vectors(self, rows: I64) -> F32:
        """[N, M D] of rows of the tweets, as they are now."""
        no_requests = np.empty(0, np.int64)
        parts = []
        with torch.no_grad():
            for some in np.array_split(rows, -(-len(rows) // 8192) or 1):
                _, tweets, entities = inputs(self.examples, no_requests, some, device=self.device)
                parts.append(self.module.encode_tweets(tweets, self.module.entities(entities)).cpu().numpy())
        return np.concatenate(parts)


def _check(wanted: TwoTowerConfig, built: TwoTowerConfig) -> None:
    plain = {"epochs", "patience", "watch", "learning_rate", "weight_decay", "threads", "device"}
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
