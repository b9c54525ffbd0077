"""Whole home feeds by name: the published settings of the modelled system by date, and its formulas.

A preset is what a home config starts from, `HomeConfig(preset="x_2026_10", popular_cap=0)`: settings that are given
stand over those of the preset, key by key. Each names a value model (`ranking.value`) by which a model of actions
ranks. The presets by date have the sources and the rule of what is shown again that were published for the date; where
nothing was published about a rule (what comes from outside, one tweet a conversation), the home feed's own stands.

Sources of the numbers: twitter/the-algorithm and the-algorithm-ml (2023), xai-org/x-algorithm as of August and of
October 2026. What of a date has no part here is in `LEFT_OUT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

HomePreset = Literal["x_2023", "x_2026_08", "x_2026_10", "modelled"]
"""The names."""

_DIVERSITY = {"decay": 0.5, "floor": 0.25}

_PUBLISHED = {
    "newest_cap": 0, "max_age_h": 48.0, "seen_factor": 1.0, "served_hold_min": 10.0, "served_hold_most": 100,
    "outside_factor": 0.75, "author_diversity": _DIVERSITY,
}  # fmt: skip
"""What the presets by date share: no source for readers whom nothing else finds anything for, and no sinking of what
was seen. What was served minutes ago is held back in all of them, as published for October 2026: without, a feed that
is read again would not change."""

HOME_PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType({
    "x_2023": {
        **_PUBLISHED, "value": "x_2023", "following_cap": 750, "two_tower_cap": 500, "popular_cap": 250,
        "hidden_ancestors": True, "selector": {"kind": "top_k"},
        "new_authors": {
            "followers_below": 1_000, "views_below": 1_000, "max_age_h": 48.0, "most": 1, "slot": 15, "sampled": False,
        },
    },
    "x_2026_08": {
        **_PUBLISHED, "value": "x_2026_08", "following_cap": 750, "two_tower_cap": 500, "popular_cap": 250,
        "hidden_ancestors": True, "selector": {"kind": "top_k"}, "new_authors": None,
    },
    "x_2026_10": {
        **_PUBLISHED, "value": "x_2026_10", "following_cap": 1_200, "two_tower_cap": 1_000, "popular_cap": 500,
        "semantic_ids_cap": 0, "hidden_ancestors": False,
        "selector": {"kind": "dpp", "relevance_weight": 0.65, "pool": 150, "depth": 150},
        "new_authors": {
            "followers_below": 50_000, "views_below": 200, "max_age_h": 2.0, "most": 2, "slot": 15,
            "prior_engagements": 0.75, "prior_views": 49.25,
        },
    },
    "modelled": {
        "value": None, "outside_factor": 0.75, "author_diversity": _DIVERSITY, "new_authors": None,
        "selector": {"kind": "mmr", "relevance_weight": 0.7, "depth": 20},
    },
})  # fmt: skip
"""Settings of `HomeConfig` by preset; a setting that is not named keeps its default. The shares of the sources within
the about 1,500 candidates of 2023 and August 2026 are not published: half from the network, a third by the two-tower,
the rest popular."""

LEFT_OUT: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "x_2023": (),
    "x_2026_08": (),
    "x_2026_10": (
        "communities (no number published)", "a holdout (its shares are not published)", "surveys in the feed",
        "seconds of reading between advertisements",
    ),
    "modelled": (),
})  # fmt: skip
"""Published parts of a preset that the home feed does not have."""


def over_preset(settings: Any) -> Any:
    """The settings of the preset that `settings` names, with `settings` over them; others as they are."""
    if not isinstance(settings, Mapping) or settings.get("preset") not in HOME_PRESETS:
        return settings
    return _merged(HOME_PRESETS[settings["preset"]], settings)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` key by key; of tables on both sides the keys of either, except where they are of two kinds."""
    out = dict(under)
    for name, value in over.items():
        beneath = out.get(name)
        if isinstance(beneath, Mapping) and isinstance(value, Mapping):
            of_one_kind = value.get("kind", beneath.get("kind")) == beneath.get("kind")
            out[name] = _merged(beneath, value) if of_one_kind else value
        else:
            out[name] = value
    return out
