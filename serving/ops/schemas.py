"""What the network reports of itself, as the API shows it."""

from __future__ import annotations

from typing import Literal

from serving.kit.answers import Answer


class Alive(Answer):
    """The process answers."""

    status: Literal["ok"]


class ModelCard(Answer):
    """The model that ranks."""

    name: str
    version: str
    """`untrained` for a formula."""


class DataCard(Answer):
    """The data set that the network began with."""

    name: str
    content_hash: str


class FanoutFigures(Answer):
    """Fan-out by mode."""

    tweets: dict[str, int]
    deliveries: dict[str, int]
    """Entries written to timelines."""
    left_to_pull: dict[str, int]
    """Entries that followers pull when they read."""
    away: dict[str, int]
    """Entries that people who had been away for long were not given; their lists are written again on their return."""
    lost: dict[str, int]
    """Entries that nobody finds among what they follow, as the policy gave them up."""


class TimelineFigures(Answer):
    """Reads of timelines, and where their entries came from."""

    reads: int
    pushed: int
    pulled: int
    past: int
    """Timelines that reached beyond what lists hold and were pulled from all tweets."""
    cached: int
    """Timelines that were kept from an earlier read."""


class NetworkFigures(Answer):
    """What the network holds and did."""

    model: ModelCard
    data: DataCard | None
    users: int
    tweets: int
    vectors: int
    fanout: FanoutFigures
    timelines: TimelineFigures
    events: int
    """The offset of the log's last event."""


class NetworkAnswer(Answer):
    """The answer to GET /v1/network."""

    data: NetworkFigures


class ConsumerHealth(Answer):
    """How far one consumer of the log is."""

    group: str
    offset: int
    lag: int
    """Events not applied yet."""
    dead_letters: int
    halted: bool


class ReadyAnswer(Answer):
    """Whether the network can serve."""

    status: Literal["ready", "loading", "failed", "halted", "storage"]
    detail: str | None = None
    """What is wrong."""
    percent: int | None = None
    """How much is done while it loads."""
    doing: str | None = None
    """What it does while it loads."""
    model: ModelCard | None = None
    dead_letters: int | None = None
    consumers: list[ConsumerHealth] | None = None
