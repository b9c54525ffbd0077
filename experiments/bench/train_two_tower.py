"""Two-tower training steps beside a bare torch loop of the same arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from torch.nn import functional

from data.batch import F32
from experiments.bench.harness import Case
from ranking.models.inputs import hash_buckets
from ranking.models.towers import Towers, TwoTowerConfig
from ranking.models.two_tower_training import TrainingConfig
from ranking.training.engine import Plan, deterministic, step_of
from ranking.training.two_tower.examples import Buckets, Examples, Readers, Tweets
from ranking.training.two_tower.negative_sampling import Sample, Sampler
from ranking.training.two_tower.task import TwoTowerTask

USERS, TWEETS, DENSE, BATCH, STEPS = 50_000, 100_000, 32, 1024, 128
_POSITIVES = 10
"""A user."""
_RATE = 1e-4
"""Low, for what is learned here is noise: a network that remembers it ends in logits so far apart that their
exponentials are denormal numbers, slow to multiply."""


def cases() -> Iterator[Case]:
    """Ids and 32 numbers a side, negatives in the batch, logQ correction and masking of accidental hits on."""
    config = _config()
    examples = _examples(config)
    with deterministic(1, config.training.threads):
        ours, bare = _Ours(config, examples), _Bare(config, examples)
    yield Case(
        f"two-tower, dim {config.dim}, batch {BATCH:,}, {USERS:,} users, {TWEETS:,} tweets", ours.run, bare.run,
        STEPS * BATCH, "examples",
    )  # fmt: skip


class _Ours:
    """The engine's own steps: samples drawn, accidental hits found, tensors gathered, towers, loss, both optimizers."""

    def __init__(self, config: TwoTowerConfig, examples: Examples) -> None:
        self._task = TwoTowerTask(config, examples, seed=1)
        self._plan = Plan(epochs=10, seed=1, threads=config.training.threads)
        self._epoch = 0

    def run(self) -> float:
        self._epoch += 1
        self._task.module.train()
        step = step_of(self._task)
        with deterministic(1, self._plan.threads):
            return sum(step(sample, 1) for sample in islice(self._task.batches(self._epoch), STEPS))


class _Bare:
    """Torch's own embeddings with sparse gradients, its Adams, its cross entropy; every batch is made ready before."""

    def __init__(self, config: TwoTowerConfig, examples: Examples) -> None:
        self._towers, dim = Towers(config), config.dim
        self._users = torch.nn.EmbeddingBag(config.user_buckets, dim, mode="sum", sparse=True)
        self._tweets = torch.nn.EmbeddingBag(config.tweet_buckets, dim, mode="sum", sparse=True)
        learns = [p for p in self._towers.parameters() if p.requires_grad]
        tables = [self._users.weight, self._tweets.weight]
        self._optimizers = [torch.optim.AdamW(learns, lr=_RATE, fused=True), torch.optim.SparseAdam(tables, lr=_RATE)]
        self._batches = [self._ready(sample, examples) for sample in islice(Sampler(examples).epoch(_rng()), STEPS)]
        self._threads = config.training.threads

    def _ready(self, sample: Sample, examples: Examples) -> list[torch.Tensor]:
        requests, rows = examples.request[sample.positives], examples.tweet_row[sample.positives]
        arrays = (
            examples.user_buckets[requests], examples.readers.dense[requests], examples.buckets.tweets[rows],
            examples.tweets.dense[rows], sample.log_q, *sample.hits,
        )  # fmt: skip
        return [torch.from_numpy(array) for array in arrays]

    def run(self) -> float:
        with deterministic(1, self._threads):
            return sum(self._step(*batch) for batch in self._batches)

    def _step(self, *batch: torch.Tensor) -> float:
        user, user_dense, tweet, tweet_dense, log_q, rows, columns = batch
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        towers = self._towers
        users = _tower(self._users(user), user_dense, towers.user_gate[0], towers.user_mlp)
        tweets = _tower(self._tweets(tweet), tweet_dense, towers.tweet_gate[0], towers.tweet_mlp)
        logits = (users * towers.scale) @ tweets.T - log_q
        logits[rows, columns] = -torch.inf
        loss = functional.cross_entropy(logits, torch.arange(len(logits)))
        loss.backward()
        for optimizer in self._optimizers:
            optimizer.step()
        return float(loss.detach())


def _tower(field: torch.Tensor, dense: torch.Tensor, gate: torch.Tensor, mlp: torch.nn.Module) -> torch.Tensor:
    return functional.normalize(mlp(torch.cat([field, dense.clamp(-5, 5)], dim=1)) + gate * field, dim=1)


def _config() -> TwoTowerConfig:
    names = tuple(f"column {at}" for at in range(DENSE))
    return TwoTowerConfig(
        dim=64, user_buckets=65_536, tweet_buckets=131_072, author_buckets=0, user_dense=names, tweet_dense=names,
        following=False, history_authors=False, text=False, topics=False, dropout=0.0,
        training=TrainingConfig(sampling="catalogue", batch_size=BATCH, negatives=0, learning_rate=_RATE, device="cpu"),
    )  # fmt: skip


def _rng() -> np.random.Generator:
    return np.random.default_rng(1)


def _examples(config: TwoTowerConfig) -> Examples:
    """Each user's positives are drawn with a popular head: tweet r with probability proportional to 1 / (r + 100)."""
    rng = _rng()
    count = USERS * _POSITIVES
    share = 1 / (np.arange(TWEETS) + 100)
    code = np.searchsorted(np.cumsum(share / share.sum()), rng.random(count)).clip(max=TWEETS - 1)
    reader = np.repeat(np.arange(USERS), _POSITIVES)
    none16, ids = np.empty((TWEETS, 0), np.float16), np.arange(TWEETS)

    def dense(rows: int) -> F32:
        return rng.standard_normal((rows, DENSE)).astype(np.float32)

    readers = Readers(np.arange(USERS), dense(USERS), {}, np.empty((USERS, 0)), np.empty((USERS, 0), np.float32))
    validation = np.zeros(count, np.bool_)
    validation[::100] = True
    return Examples(
        config=config, readers=readers, tweets=Tweets(ids, np.zeros(TWEETS, np.int64), dense(TWEETS)), text=none16,
        topics=none16, author_ids=np.zeros(1, np.int64), tweet_ids=ids, request=reader, reader=reader, tweet_row=code,
        time_us=np.arange(count), validation=validation, frequency=np.bincount(code, minlength=TWEETS) / count,
        user_buckets=hash_buckets(np.arange(USERS), config.user_buckets), blocks={False: [], True: []}, catalogue=ids,
        buckets=Buckets.of(config, np.zeros(1, np.int64), ids),
    )  # fmt: skip
