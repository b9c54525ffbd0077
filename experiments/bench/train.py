"""Training and full-catalogue evaluation beside bare loops of the same arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.bench import train_ranker, train_two_tower
from experiments.bench.full_catalogue import CatalogueBench
from experiments.bench.harness import Case


class TrainBench:
    """Models that learn, and the evaluation that says how well."""

    peer = (
        "training: a bare torch loop of the same arithmetic on batches made ready before, without sampling, look-ups "
        f"or checks; evaluation: {CatalogueBench.peer}"
    )

    def cases(self) -> Iterator[Case]:
        """The two towers, the heavy ranker, the full catalogue."""
        yield from train_two_tower.cases()
        yield from train_ranker.cases()
        yield from CatalogueBench().cases()
