"""The protocols, one line each: the first that applies to a data set and a split is taken."""

from __future__ import annotations

from data.dataset import Dataset
from data.split import Split
from experiments.evaluation.protocols.alive_tweets import AliveTweets
from experiments.evaluation.protocols.full_catalogue import FullCatalogue
from experiments.evaluation.protocols.protocol import EvaluationProtocol

PROTOCOLS: tuple[type[EvaluationProtocol], ...] = (
    AliveTweets,
    FullCatalogue,
)


def protocol_for(dataset: Dataset, split: Split, *, requests: int, seed: int) -> EvaluationProtocol:
    """The first of `PROTOCOLS` that applies, with a sample of `requests` by `seed`.

    Raises:
        DataError: the data set or the split lacks what the protocol ranks.
    """
    kind = next(one for one in PROTOCOLS if one.applies(dataset, split))
    return kind(dataset, split, requests=requests, seed=seed)
