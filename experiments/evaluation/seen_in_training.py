"""Did a model see the test? Its training rows are looked for among the held-out rows, whatever their import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from data.dataset import Dataset
from data.errors import ModelError
from data.split import Split
from experiments.evaluation.protocols.protocol import EvaluationProtocol
from ranking.artifact import Bundle


def refuse_split(reference: str, bundle: Bundle, dataset: Dataset, split: Split) -> None:
    """Refuses a model that learned from another split of the same data.

    Raises:
        ModelError: it did.
    """
    if bundle.split not in ("", split.name) and bundle.data_hash == dataset.content_hash:
        raise ModelError(
            f"model {reference!r} learned from split {bundle.split!r} of this data, which overlaps the test of "
            f"{split.name!r}",
            remedy=f"train it with the split that is evaluated: --set 'split={split.name}'",
        )


def seen_notes(
    bundles: Mapping[str, Bundle], dataset: Dataset, split: Split, protocol: EvaluationProtocol
) -> list[str]:
    """Sentences on what models that learned from something may have seen of the test.

    Raises:
        ModelError: a model learned rows that the protocol holds out.
    """
    return [
        note
        for name, bundle in bundles.items()
        if bundle.split
        for note in _notes(name, bundle, dataset, split, protocol)
    ]


def _notes(name: str, bundle: Bundle, dataset: Dataset, split: Split, protocol: EvaluationProtocol) -> Iterator[str]:
    same = (bundle.data_hash, bundle.split) == (dataset.content_hash, split.name)
    if bundle.learned is None:
        if not same or split.ties is not None:
            yield (
                f"{name} has no record of the rows that it learned from, so whether it saw this test is not known: "
                "train it again."
            )
        return
    found = bundle.learned.overlap(dataset, protocol.held_out)
    bits = bundle.learned.bits
    of = f"{found.looked_up:,} held-out rows" + (
        f" that its record covers (1 in {2**bits} of {found.test_rows:,})" if bits else " of this test"
    )
    if found.rows:
        raise ModelError(
            f"model {name!r}, trained on {bundle.data_name!r} with split {bundle.split!r}, learned "
            f"{found.rows:,} of the {of} ({found.rows / found.looked_up:.1%})",
            remedy="train it on this data set with the split that is evaluated",
        )
    if protocol.available.new_items and found.pairs:
        yield (
            f"{name} learned, at other times, {found.pairs:,} of the pairs of user and item of the {of} "
            f"({found.pairs / found.looked_up:.1%}): if {bundle.data_name!r} is this log with other times, it saw "
            "this test."
        )
    if bits and not found.looked_up:
        yield f"{name} keeps 1 in {2**bits} of the rows that it learned from, too few to know whether it saw this test."
