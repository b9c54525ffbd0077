"""Protocols that others publish with, by name, and what they published: ours stands beside theirs, with the source.

A published number is a fact of its own data, filter, split and tuning. It is shown with what is known of these and with
the counts of both logs; where the counts differ the numbers are not of one problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from data.dataset import Dataset
from data.errors import ConfigError
from data.import_by_name import entry
from data.ties import positives
from experiments.evaluation.evaluate import EvaluateConfig


@dataclass(frozen=True)
class Published:
    """A table of results."""

    data: str
    """The log and its filter."""
    users: int | None
    items: int | None
    interactions: int | None
    """Sizes after the filter, where they were published."""
    source: str
    """Address of the page that has the table."""
    words: str
    """What else its numbers depend on."""
    rows: Mapping[str, Mapping[str, float]]
    """Numbers by model and metric, with our names of the metrics."""


@dataclass(frozen=True)
class Preset:
    """A protocol by name."""

    about: str
    """In a few words."""
    split: str
    """As `parse_split` takes it."""
    k: int
    """Length of the list that is judged."""
    metrics: tuple[str, ...]
    """Names of the catalogue."""
    negatives: int = 0
    """Items beside the held-out ones that are ranked, drawn; 0 for the full catalogue."""
    published: tuple[Published, ...] = ()
    """What others published with it."""


_RECBOLE_GNN = Published(
    "MovieLens-1M, ratings of at least 3 (import with --min-value 3)",
    6_040,
    3_629,
    836_478,
    "https://github.com/RUCAIBox/RecBole-GNN/blob/main/results/general/ml-1m.md",
    "RecBole's ratio-based splitting 8:1:1 and full sort, dimension 64, tuned by MRR@10 of the valid part",
    {
        "NGCF": {"recall": 0.1814, "mrr": 0.4354, "ndcg": 0.2508, "hit": 0.7239, "precision": 0.1850},
        "LightGCN": {"recall": 0.1861, "mrr": 0.4388, "ndcg": 0.2538, "hit": 0.7330, "precision": 0.1863},
        "SGL": {"recall": 0.1889, "mrr": 0.4315, "ndcg": 0.2505, "hit": 0.7392, "precision": 0.1843},
        "HMLET": {"recall": 0.1847, "mrr": 0.4297, "ndcg": 0.2490, "hit": 0.7305, "precision": 0.1836},
        "NCL": {"recall": 0.2021, "mrr": 0.4599, "ndcg": 0.2702, "hit": 0.7565, "precision": 0.1962},
    },
)

_RECOMMENDERS = Published(
    "MovieLens-100k, all ratings",
    943,
    1_682,
    100_000,
    "https://github.com/recommenders-team/recommenders/blob/main/README.md (Algorithm Comparison)",
    "a stratified split 75/25, 15 epochs, settings from the literature and not tuned",
    {
        "ALS": {"map": 0.004732, "ndcg": 0.044239, "precision": 0.048462, "recall": 0.017796},
        "BiVAE": {"map": 0.146126, "ndcg": 0.475077, "precision": 0.411771, "recall": 0.219145},
        "BPR": {"map": 0.132478, "ndcg": 0.441997, "precision": 0.388229, "recall": 0.212522},
        "FastAI": {"map": 0.025503, "ndcg": 0.147866, "precision": 0.130329, "recall": 0.053824},
        "LightGCN": {"map": 0.088526, "ndcg": 0.419846, "precision": 0.379626, "recall": 0.144336},
        "NCF": {"map": 0.107720, "ndcg": 0.396118, "precision": 0.347296, "recall": 0.180775},
        "SAR": {"map": 0.110591, "ndcg": 0.382461, "precision": 0.330753, "recall": 0.176385},
        "SVD": {"map": 0.012873, "ndcg": 0.095930, "precision": 0.091198, "recall": 0.032783},
    },
)

EVERYBODY = 1_000_000_000
"""Requests that are more than any log has users: nobody is left out."""

PRESETS: Mapping[str, Preset] = {
    "recbole": Preset(
        "RecBole's default: a random tenth of each user's rows is the test, another tenth is masked, full catalogue",
        "random_ratio fraction=0.1 valid=0.1 rounding=at_least_one",
        10,
        ("recall", "mrr", "ndcg", "hit", "precision", "map_capped"),
        published=(_RECBOLE_GNN,),
    ),
    "recommenders": Preset(
        "the benchmark of recommenders: a random quarter of each item's rows is the test, full catalogue",
        "random_ratio fraction=0.25 within=tweet rounding=nearest",
        10,
        ("map", "ndcg", "precision", "recall"),
        published=(_RECOMMENDERS,),
    ),
    "leave_last_out": Preset(
        "the last row of each user is the test, the one before is masked, full catalogue",
        "leave_last_out valid=true",
        10,
        ("hit", "ndcg", "mrr"),
    ),
    "leave_last_out_100": Preset(
        "the same, against 100 drawn items in place of the catalogue; for comparison with papers that do so",
        "leave_last_out valid=true",
        10,
        ("hit", "ndcg", "mrr"),
        negatives=100,
    ),
}
"""The presets by name."""


def preset(text: str) -> Preset:
    """The preset that a text names, perhaps with another seed of its split: `recbole seed=2`.

    Raises:
        ConfigError: no such preset, or something else than a seed after its name.
    """
    name, *more = text.split() or [""]
    found = entry("preset", PRESETS, name)
    for one in more:
        key, _, value = one.partition("=")
        if key != "seed" or not value.isdigit():
            raise ConfigError(f"preset {text!r}: {one!r} is no seed", remedy=f'write "{name} seed=2"')
        found = replace(found, split=f"{found.split} seed={value}")
    return found


def with_preset(found: Preset, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of an evaluation, of which the preset says what the protocol is; its metrics come first.

    Raises:
        ConfigError: an option that the preset decides is not at its default.
    """
    decided = {"split": found.split, "k": found.k, "negatives": found.negatives, "requests": EVERYBODY}
    for name in decided:
        if options[name] != EvaluateConfig.model_fields[name].default:
            raise ConfigError(
                f"--{name} {options[name]} and a preset: the preset decides it",
                remedy=f"leave out --{name}, or --preset",
            )
    return {**options, **decided, "metrics": (*found.metrics, *options["metrics"])}


def sizes(dataset: Dataset) -> tuple[int, int, int]:
    """Users, items and engagements of a log, as tables are published with: of those that were engaged."""
    rows = positives(dataset).select("user_id", "tweet_id").collect()
    return rows["user_id"].n_unique(), rows["tweet_id"].n_unique(), len(rows)


def beside(found: Published, dataset: Dataset) -> str:
    """Sentences on whose numbers stand in a published table, and whether they are of this log."""
    here, theirs = sizes(dataset), (found.users, found.items, found.interactions)
    same = all(one is None or one == other for one, other in zip(theirs, here, strict=True))
    counted = " x ".join("?" if one is None else f"{one:,}" for one in theirs)
    ours = " x ".join(f"{one:,}" for one in here)
    verdict = "the same sizes" if same else "another log: these numbers cannot be compared"
    return (
        f"Published: {found.data}; {found.words}. Users, items, rows: {counted} there, {ours} here, {verdict}. "
        f"Source: {found.source}"
    )
