"""The home feeds that the study of the funnel compares, each by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from candidates.products.home import HomeConfig
from candidates.products.presets import HomePreset
from candidates.rerankers.fatigue import FatigueConfig
from candidates.rerankers.new_authors import NewAuthorsConfig
from candidates.selectors import DPPConfig, MMRConfig, TopKConfig

CAPS: Mapping[str, str] = {
    "following": "following_cap", "two_tower": "two_tower_cap", "popular": "popular_cap", "social": "social_cap",
    "communities": "communities_cap", "similar": "similar_cap", "semantic_ids": "semantic_ids_cap",
    "catch_up": "catch_up_cap", "explore": "explore_cap", "newest_in_language": "newest_cap",
}  # fmt: skip
"""The setting of `HomeConfig` that limits each source."""

ALL_ON = HomeConfig(
    social_cap=200, communities_cap=200, similar_cap=100, semantic_ids_cap=100, catch_up_cap=100, explore_cap=50
)
"""What is compared with: the defaults, among them MMR at 0.7, and every source on."""

NONE_ON: Mapping[str, int] = dict.fromkeys(CAPS.values(), 0)


@dataclass(frozen=True)
class Variant:
    """One feed."""

    name: str
    config: HomeConfig
    left_out: str | None = None
    """The source of `ALL_ON` that it goes without."""
    own_sources: bool = False
    """Whether it has the sources of its config instead of those of `ALL_ON`."""


def variants() -> Iterator[Variant]:
    """All feeds, the base first."""
    yield Variant("base", ALL_ON)
    for name in CAPS:
        yield Variant(f"without {name}", ALL_ON, left_out=name)
    changes: dict[str, dict[str, Any]] = {
        "without author diversity": {"author_diversity": None},
        "without seen factor": {"seen_factor": 1.0},
        "without outside factor": {"outside_factor": 1.0},
        "with fatigue": {"fatigue": FatigueConfig()},
        "with new authors": {"new_authors": NewAuthorsConfig()},
        "top_k": {"selector": TopKConfig()},
        "mmr 0.5": {"selector": MMRConfig(relevance_weight=0.5)},
        "mmr 0.9": {"selector": MMRConfig(relevance_weight=0.9)},
        "dpp": {"selector": DPPConfig()},
    }
    for name, change in changes.items():
        yield Variant(name, ALL_ON.model_copy(update=change))
    yield Variant("default", HomeConfig(), own_sources=True)
    for preset in get_args(HomePreset):
        yield Variant(preset, HomeConfig(preset=preset), own_sources=True)
