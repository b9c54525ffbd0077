"""Every feature view, one line each. A new view is one file in `features.views` and one line here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from data.errors import ConfigError
from data.import_by_name import lookup, resolve
from features.view import Feature, FeatureView

CATALOGUE: dict[str, str] = {
    "user.account": "features.views.account:USER",
    "user.profile": "features.views.profile:PROFILE",
    "user.totals": "features.views.account:USER_TOTALS",
    "user.engagement_rate": "features.views.account:USER_RATE",
    "user.activity": "features.views.profile:ACTIVITY",
    "user.activity_now": "features.views.profile:ACTIVITY_NOW",
    "user.engagements_7d": "features.views.account:USER_ENGAGEMENTS_7D",
    "user.history": "features.views.history:LISTS",
    "user.history_deeds": "features.views.history:DEEDS",
    "user.following_list": "features.views.history:FOLLOWING_LIST",
    "user.taste": "features.views.taste:TASTE",
    "user.interests": "features.views.taste:INTERESTS",
    "user.top_topics": "features.views.taste:TOP_TOPICS",
    "user.credibility": "features.views.credibility:USER",
    "user.communities": "features.views.communities:USER",
    "tweet.facts": "features.views.tweet:FACTS",
    "tweet.counts": "features.views.tweet:COUNTS",
    "tweet.engagement_rate": "features.views.tweet:RATE",
    "tweet.windows": "features.views.tweet:WINDOWS",
    "tweet.velocity_15m": "features.views.tweet:VELOCITY_15M",
    "tweet.velocity_1h": "features.views.tweet:VELOCITY_1H",
    "tweet.velocity_6h": "features.views.tweet:VELOCITY_6H",
    "tweet.velocity_24h": "features.views.tweet:VELOCITY_24H",
    "tweet.acceleration": "features.views.tweet:ACCELERATION",
    "tweet.text": "features.views.tweet:TEXT",
    "tweet.embedding": "features.views.taste:EMBEDDING",
    "tweet.communities": "features.views.communities:TWEET",
    "author.account": "features.views.account:AUTHOR",
    "author.totals": "features.views.account:AUTHOR_TOTALS",
    "author.engagement_rate": "features.views.account:AUTHOR_RATE",
    "author.engagements_7d": "features.views.account:AUTHOR_ENGAGEMENTS_7D",
    "author.credibility": "features.views.credibility:AUTHOR",
    "author.communities": "features.views.communities:AUTHOR",
    "pair.history": "features.views.pair:HISTORY",
    "pair.impressions": "features.views.pair:IMPRESSIONS",
    "pair.engagement_rate": "features.views.pair:ENGAGEMENT_RATE",
    "pair.topic_history": "features.views.pair:TOPIC_HISTORY",
    "pair.topic_impressions": "features.views.pair:TOPIC_IMPRESSIONS",
    "pair.topic_engagement_rate": "features.views.pair:TOPIC_RATE",
    "pair.affinity": "features.views.pair:AFFINITY",
    "pair.follows": "features.views.pair:FOLLOWS",
    "pair.language_match": "features.views.pair:LANGUAGE_MATCH",
    "pair.seen": "features.views.seen:VIEW",
    "pair.topic_share": "features.views.taste:TOPIC_SHARE",
    "pair.similarity": "features.views.taste:SIMILARITY",
    "pair.social_proof": "features.views.social_proof:SOCIAL_PROOF",
    "pair.community_similarity": "features.views.communities:TWEET_SIMILARITY",
    "pair.audience_similarity": "features.views.communities:AUDIENCE_SIMILARITY",
}
"""View name to `module:VIEW`."""

_MADE_OF = {"actions": "engagements", "tweet_counts": "tweets", "understanding": "tweets"}
"""Derived tables of the engines, by the table of a data set that they are made of."""


@dataclass(frozen=True)
class Entry:
    """A feature as the catalogue prints it."""

    name: str
    meaning: str
    unit: str
    default: float
    """The value where nothing is known."""
    width: int
    """1 for a number, D for a list of D; 0 where text understanding decides."""
    dtype: str
    entity: str
    """Whose it is: user, tweet, author or pair."""
    tables: tuple[str, ...]
    """Tables of a data set that its view reads, and the views before it."""
    view: str


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
            raise ConfigError(f"view {one.name!r} is {name!r} in the catalogue", remedy="give both the same name")
        for feature in one.features:
            if feature.name in out:
                raise ConfigError(f"feature {feature.name!r} is written by {out[feature.name]!r} and {name!r}")
            out[feature.name] = name
    return out


def features() -> list[Feature]:
    """All features in the catalogue's order, for printing."""
    return [feature for name in CATALOGUE for feature in view(name).features]


def describe(beginning: str = "") -> list[Entry]:
    """The catalogue's features whose names begin so, entity by entity, else in the catalogue's order.

    Raises:
        ConfigError: no name begins so.
    """
    known = owners()
    chosen = [one for one in features() if one.name.startswith(beginning)]
    if not chosen:
        near = get_close_matches(beginning, known, n=3, cutoff=0.5)
        remedy = f"near: {', '.join(near)}" if near else f"names begin with {', '.join(_entities(known))}"
        raise ConfigError(f"no feature's name begins with {beginning!r}", remedy=remedy)
    order = _entities(one.name for one in chosen)
    return sorted((_entry(one, known[one.name]) for one in chosen), key=lambda entry: order.index(f"{entry.entity}."))


def _entities(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.partition(".")[0] + "." for name in names))


def _entry(feature: Feature, owner: str) -> Entry:
    tables = dict.fromkeys(_MADE_OF.get(name, name) for one in plan([feature.name]) for name in one.tables)
    return Entry(
        feature.name, feature.doc, feature.unit, feature.default, feature.width, feature.dtype,
        feature.name.partition(".")[0], tuple(tables), owner,
    )  # fmt: skip


def tables_of(names: Iterable[str]) -> frozenset[str]:
    """Tables of a data set whose events change the features `names`.

    Raises:
        ConfigError: a name that no view writes.
    """
    asked, tables = list(names), set[str]()
    views = plan(asked)
    needed = {*asked, *(name for one in views for name in one.reads)}
    for one in views:
        chosen = [feature for feature in one.features if feature.name in needed]
        tables |= {_MADE_OF.get(table, table) for feature in chosen for table in feature.tables or one.tables}
    # What was engaged can be taken back.
    return frozenset(tables | ({"undos"} if "engagements" in tables else set()))


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
