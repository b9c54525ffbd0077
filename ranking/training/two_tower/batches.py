"""Rows of examples as what the towers take: tensors, with entities numbered within the batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from queue import Full, Queue
from threading import Event, Thread
from typing import NamedTuple, TypeVar

import numpy as np
import torch

from data.batch import I64, Array
from ranking.models.dropout import row_masks
from ranking.models.inputs import CPU, Bags, BagTensors, Entities, TweetTensors, UserTensors, topic_codes
from ranking.models.tables import compact
from ranking.training.two_tower.examples import Examples

T = TypeVar("T")

_FOLLOWING, _AUTHORS, _TWEETS = "user.following_ids", "user.history_authors", "user.history_tweets"


class Inputs(NamedTuple):
    """Both towers' inputs, and the distinct entities whose vectors their codes point to."""

    users: UserTensors
    tweets: TweetTensors
    entities: Entities


def inputs(
    examples: Examples, requests: I64, rows: I64, *, salt: int | None = None, device: torch.device = CPU
) -> Inputs:
    """For rows `requests` [B] of the readers and `rows` [N] of the tweets.

    With `salt` the rows have keys for dropout and histories are thinned, as in training: which codes are left out
    follows from the salt and a code's place in the examples, whatever the batch.
    """
    config, code = examples.config, examples.tweets.tweet[rows]
    bags = _bags(examples, requests, salt)
    authors = _numbered([bags[name].codes for name in (_FOLLOWING, _AUTHORS) if name in bags], examples.buckets.authors,
                        examples.tweets.author[rows])  # fmt: skip
    history = [bags[_TWEETS].codes] if _TWEETS in bags else []
    own = _numbered(history if config.history_buckets else [], examples.buckets.histories)
    tweets = _numbered([] if config.history_buckets else history, examples.buckets.tweets, code)
    numbers = dict(zip([name for name in (_FOLLOWING, _AUTHORS) if name in bags], authors.codes, strict=False))
    if history:
        numbers[_TWEETS] = (own if config.history_buckets else tweets).codes[0]
    readers, take = examples.readers, partial(np.take, axis=0)  # on rows of several numbers faster than indexing

    def put(array: Array) -> torch.Tensor:
        return torch.from_numpy(array).to(device)

    def bag(name: str) -> BagTensors | None:
        return BagTensors.of(replace(bags[name], codes=numbers[name]), device) if name in bags else None

    users = UserTensors(
        dense=put(take(readers.dense, requests)),
        keys=put(requests) if salt is not None else None,
        user=put(take(examples.user_buckets, requests)) if config.user_buckets else None,
        following=bag(_FOLLOWING),
        history_authors=bag(_AUTHORS),
        history_tweets=bag(_TWEETS),
        taste=put(take(readers.taste, requests).astype(np.float32)) if config.text else None,
        interests=put(take(readers.interests, requests)) if config.topics else None,
    )
    candidates = TweetTensors(
        dense=put(take(examples.tweets.dense, rows)),
        keys=put(rows) if salt is not None else None,
        author=put(authors.codes[-1]) if config.author_buckets else None,
        tweet=put(tweets.codes[-1]) if config.tweet_buckets else None,
        text=put(take(examples.text, code).astype(np.float32)) if config.text else None,
        topics=topic_codes(take(examples.topics, code), config.topic_count).to(device) if config.topics else None,
    )
    tables = (put(part.buckets) if part.buckets.shape[1] else None for part in (authors, tweets, own))
    return Inputs(users, candidates, Entities(*tables))


def _bags(examples: Examples, requests: I64, salt: int | None) -> dict[str, Bags]:
    bags = {name: bag.take(requests) for name, bag in examples.readers.bags.items()}
    share = examples.config.history_dropout
    if salt is not None and share and _TWEETS in bags:
        whole = examples.readers.bags[_TWEETS]
        places = replace(whole, codes=np.arange(len(whole.codes))).take(requests).codes
        bags[_TWEETS] = bags[_TWEETS].thinned(row_masks(places, 1, share, salt)[:, 0] > 0)
    return bags


class _Numbered(NamedTuple):
    codes: list[I64]
    """Each part's codes as rows of `buckets`."""
    buckets: I64
    """[U, H] of the distinct entities of all parts."""


def _numbered(bags: Sequence[Array], buckets: I64, *more: Array) -> _Numbered:
    """Numbers the entities that several parts name; nothing where the model has no table of them."""
    parts = [*bags, *more]
    if not buckets.shape[1] or not parts:
        return _Numbered([], buckets[:0])
    distinct, at = compact(np.concatenate(parts), len(buckets))
    return _Numbered(np.split(at, np.cumsum([len(part) for part in parts])[:-1]), buckets[distinct])


def ahead(made: Iterator[T], depth: int = 2) -> Iterator[T]:
    """The same items in the same order, made in a thread while the ones before are used."""
    places: Queue[T | BaseException | None] = Queue(depth)
    stopped = Event()

    def put(item: T | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                places.put(item, timeout=0.1)
                return True
            except Full:
                continue
        return False

    def work() -> None:
        try:
            last: BaseException | None = None
            for item in made:
                if not put(item):
                    return
        except BaseException as error:
            last = error
        put(last)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := places.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
