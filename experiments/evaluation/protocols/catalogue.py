"""The protocols, one line each: the first that applies to a data set and a split is taken."""

from __future__ import annotations

from data.dataset import Dataset
from data.errors import ConfigError
from data.split import Split
from experiments.evaluation.protocols.alive_tweets import AliveTweets
from experiments.evaluation.protocols.full_catalogue import FullCatalogue
from experiments.evaluation.protocols.protocol import EvaluationProtocol

PROTOCOLS: tuple[type[EvaluationProtocol], ...] = (
    AliveTweets,
    FullCatalogue,
)


def protocol_for(dataset: Dataset, split: Split, *, requests: int, seed: int, negatives: int = 0) -> EvaluationProtocol:
    """The first of `PROTOCOLS` that applies, with a sample of `requests` by `seed`.

    With `negatives` a full catalogue is only so many drawn items beside the relevant ones.

    Raises:
        DataError: the data set or the split lacks what the protocol ranks.
        ConfigError: `negatives` for another protocol than the full catalogue.
    """
    kind = next(one for one in PROTOCOLS if one.applies(dataset, split))
    if negatives:
        if kind is not FullCatalogue:
            raise ConfigError(
                f"requests of {dataset.name!r} are ranked as they were, not against {negatives} drawn items",
                remedy="leave out the negatives, or take a split that is not by time",
            )
        return FullCatalogue(dataset, split, requests=requests, seed=seed, negatives=negatives)
    return kind(dataset, split, requests=requests, seed=seed)
