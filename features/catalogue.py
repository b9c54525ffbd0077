"""Every feature view, one line each. A new view is one file in `features.views` and one line here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from data.catalogue import lookup, resolve
from data.errors import ConfigError
from features.view import Feature, FeatureView

CATALOGUE: dict[str, str] = {
    "user.account": "features.views.account:USER",
    "user.engagements_7d": "features.views.account:USER_ENGAGEMENTS_7D",
    "user.history": "features.views.history:LISTS",
    "user.following_list": "features.views.history:FOLLOWING_LIST",
    "user.taste": "features.views.taste:TASTE",
    "user.interests": "features.views.taste:INTERESTS",
    "tweet.facts": "features.views.tweet:FACTS",
    "tweet.counts": "features.views.tweet:COUNTS",
    "tweet.engagements_1h": "features.views.tweet:ENGAGEMENTS_1H",
    "tweet.engagements_6h": "features.views.tweet:ENGAGEMENTS_6H",
    "tweet.text": "features.views.tweet:TEXT",
    "tweet.embedding": "features.views.taste:EMBEDDING",
    "author.account": "features.views.account:AUTHOR",
    "author.engagements_7d": "features.views.account:AUTHOR_ENGAGEMENTS_7D",
    "pair.interactions": "features.views.pair:INTERACTIONS",
    "pair.affinity": "features.views.pair:AFFINITY",
    "pair.follows": "features.views.pair:FOLLOWS",
    "pair.language_match": "features.views.pair:LANGUAGE_MATCH",
    "pair.topic_share": "features.views.taste:TOPIC_SHARE",
    "pair.similarity": "features.views.taste:SIMILARITY",
    "pair.social_proof": "features.views.social_proof:SOCIAL_PROOF",
}
"""View name to `module:VIEW`."""


def view(name: str) -> FeatureView:
    """One view.

    Raises:
        ConfigError: no view of that name.
    """
    found: FeatureView = lookup("feature view", CATALOGUE, name)
    return found


@cache
def owners() -> dict[str, str]:
    """Feature name to the name of the view that writes it.

    Raises:
        ConfigError: two views write one feature, or a view's name is not its line's.
    """
    out: dict[str, str] = {}
    for name, target in CATALOGUE.items():
        one: FeatureView = resolve(target)
        if one.name != name:
            raise ConfigError(f"view {one.name!r} stands in the catalogue as {name!r}", remedy="name it alike")
        for feature in one.features:
            if feature.name in out:
                raise ConfigError(f"feature {feature.name!r} is written by {out[feature.name]!r} and {name!r}")
            out[feature.name] = name
    return out


def features() -> list[Feature]:
    """All features in the catalogue's order, for printing."""
    return [feature for name in CATALOGUE for feature in view(name).features]


def plan(names: Iterable[str], kept: Iterable[str] | None = None) -> list[FeatureView]:
    """The views that `names` need, those that others read first; each once.

    Raises:
        ConfigError: a name that no view writes, or whose view is not among `kept`.
    """
    known = owners()
    out: dict[str, FeatureView] = {}

    def need(name: str) -> None:
        if name not in known:
            raise ConfigError(f"unknown feature {name!r}", remedy=f"the catalogue has {', '.join(known)}")
        owner = known[name]
        if owner in out:
            return
        if kept is not None and owner not in kept:
            raise ConfigError(f"feature {name!r} needs view {owner!r}, which this state lacks", remedy="add the view")
        one = view(owner)
        for read in one.reads:
            need(read)
        out[owner] = one

    for name in names:
        need(name)
    return list(out.values())
