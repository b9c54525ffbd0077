"""The home feed, composed from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from candidates.component import Filter, Hydrator, Reranker, Source
from candidates.filters.age import Age
from candidates.filters.conversation import OneAConversation
from candidates.filters.deleted import Deleted
from candidates.filters.duplicate import Duplicate
from candidates.filters.holdout import Holdout, HoldoutConfig, HoldoutGroup
from candidates.filters.incomplete import Incomplete
from candidates.filters.outside import Outside
from candidates.filters.relation import Blocked, Muted, Own
from candidates.filters.repeated_retweet import RepeatedRetweet
from candidates.filters.served import Served
from candidates.funnel import Funnel
from candidates.hydrators.item_vectors import RetrievalVectors, TextVectors
from candidates.hydrators.reach import Reach
from candidates.hydrators.tweet import Tweet
from candidates.hydrators.viewer import Viewer
from candidates.ports import EventSink, Ranker, Timelines
from candidates.products.presets import HomePreset, over_preset
from candidates.rerankers.author_diversity import AuthorDiversity
from candidates.rerankers.fatigue import Fatigue, FatigueConfig
from candidates.rerankers.new_authors import NewAuthors, NewAuthorsConfig
from candidates.scorers.network_factor import NetworkFactor
from candidates.scorers.ranker import AskRanker
from candidates.scorers.seen_factor import SeenFactor
from candidates.selectors import MMRConfig, SelectorConfig, TopKConfig, selector_of
from candidates.side_effects.impressions import Impressions
from candidates.sources.catch_up import CatchUp
from candidates.sources.communities import Communities
from candidates.sources.explore import Explore
from candidates.sources.following import Following
from candidates.sources.newest_in_language import NewestInLanguage
from candidates.sources.popular import Popular
from candidates.sources.semantic_ids import SemanticIds
from candidates.sources.similar import Similar
from candidates.sources.social import Social
from candidates.sources.two_tower import TwoTower
from candidates.tweet_vectors import TweetVectors
from candidates.visibility import Visibility
from data.errors import ConfigError
from features.online import FeatureState
from ranking.scorer import Selector
from ranking.slate.author_diversity import AuthorDiversityConfig
from ranking.slate.limits import SourceCaps, TopicCaps, TopicCapsConfig


class HomeConfig(BaseModel):
    """What the home feed is made of. Sources that no study has shown to help are off: their cap is 0."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: HomePreset | None = None
    """Where the settings that are not given come from (`candidates.products.presets`); None: their defaults."""
    value: str | None = None
    """By which value model (`ranking.value.PRESETS`) a model of actions ranks; None: by its own."""
    following_cap: int = Field(400, ge=0)
    """The most tweets of the reader's timeline; 0 leaves the source out."""
    following_per_author: int = Field(0, ge=0)
    """The most of them of one account; 0: any number."""
    two_tower_cap: int = Field(300, ge=0)
    """The most tweets near the reader's vector; 0 leaves the source out."""
    popular_cap: int = Field(100, ge=0)
    """The most tweets popular now; 0 leaves the source out."""
    social_cap: int = Field(0, ge=0)
    """The most tweets that the followed engaged; 0 leaves the source out."""
    communities_cap: int = Field(0, ge=0)
    """The most tweets that the reader's communities engage; 0 leaves the source out."""
    similar_cap: int = Field(0, ge=0)
    """The most tweets whose texts are near to what the reader liked; 0 leaves the source out."""
    semantic_ids_cap: int = Field(0, ge=0)
    """The most tweets whose semantic ids begin like those of what the reader liked; 0 leaves the source out."""
    catch_up_cap: int = Field(0, ge=0)
    """The most tweets missed of those whom the reader is closest to; 0 leaves the source out."""
    explore_cap: int = Field(0, ge=0)
    """The most tweets drawn by chance, with known probabilities; 0 leaves the source out."""
    explore_seed: int = Field(1, ge=0)
    """Seed of that draw."""
    newest_cap: int = Field(50, ge=0)
    """The most of the newest tweets in the reader's language; 0 leaves the source out."""
    max_age_h: float = Field(48.0, gt=0)
    """Tweets of this age in hours or more are not shown."""
    outside_replies: bool = False
    """Show replies and retweets from outside the reader's network, too."""
    one_a_conversation: bool = True
    """Show only the best placed tweet of a conversation."""
    hidden_ancestors: bool = False
    """Show replies below a tweet that the reader may not be shown, too."""
    holdout: HoldoutConfig | None = None
    """Which share of tweets a group of readers is never shown; None: there is no such group."""
    served_hold_min: float = Field(10.0, ge=0)
    """Minutes for which what was served is held back; 0: it is not."""
    served_hold_most: int = Field(100, ge=0)
    """The most candidates held back, those served last."""
    served_leaves: int = Field(50, ge=1)
    """Candidates that holding back always leaves, if there are as many: a feed does not run empty by being read."""
    seen_factor: float = Field(0.3, gt=0, le=1)
    """Multiplier for each earlier showing of a tweet to the reader in the last 48 hours."""
    seen_floor: float = Field(0.02, gt=0, le=1)
    """The least that earlier showings leave of a tweet's value."""
    outside_factor: float = Field(0.75, gt=0, le=1)
    """Multiplier of tweets from authors whom the reader does not follow."""
    author_diversity: AuthorDiversityConfig | None = AuthorDiversityConfig()
    """How an author's further tweets lose weight; None: they do not."""
    fatigue: FatigueConfig | None = None
    """How authors and topics that the reader was shown lately lose weight; None: they do not."""
    selector: SelectorConfig = MMRConfig()
    """What picks the slate: `top_k`, `mmr` or `dpp`, the latter two over the retrieval vectors or text embeddings."""
    per_author: int = Field(0, ge=0)
    """The most tweets of one author in the slate while there are others; 0: any number."""
    per_source: dict[str, Annotated[int, Field(ge=0)]] = {}
    """The most tweets in the slate by the name of the source that brought them first, while there are others."""
    new_authors: NewAuthorsConfig | None = None
    """How new tweets of small authors are explored; None: they are not."""

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, settings: Any) -> Any:
        return over_preset(settings)


def home_funnel(
    state: FeatureState,
    timelines: Timelines,
    ranker: Ranker,
    vectors: TweetVectors | None = None,
    config: HomeConfig | None = None,
    *,
    sink: EventSink | None = None,
    policy: str = "home",
    strict: bool = False,
    more: Sequence[Source] = (),
) -> Funnel:
    """The home feed of `state`.

    Args:
        state: what is known now.
        timelines: what fan-out wrote for each reader.
        ranker: gives the values.
        vectors: the index of a retrieval model; without it there is no two-tower source.
        config: the settings; the defaults when None.
        sink: takes the requests and impressions of what is served; they are dropped when None.
        policy: name and version of the policy, written into each request.
        strict: raise a component's failure instead of going on without it.
        more: sources beside the feed's own, after them in order.

    Raises:
        ConfigError: no source is left, two have one name, or `per_source` names one that is not there.
    """
    config = config or HomeConfig()
    old = config.max_age_h
    sources: list[Source | None] = [
        Following(timelines, state.network, config.following_cap, config.following_per_author),
        TwoTower(state, vectors, config.two_tower_cap) if vectors is not None else None,
        Popular(state, config.popular_cap, old),
        Social(state, config.social_cap, old),
        Communities(state, config.communities_cap, old),
        Similar(state, config.similar_cap, old),
        SemanticIds(state, config.semantic_ids_cap, old),
        CatchUp(state, config.catch_up_cap, old),
        Explore(state, config.explore_cap, old, seed=config.explore_seed),
        NewestInLanguage(state.network, config.newest_cap, old),
    ]
    present = [*(source for source in sources if source is not None and source.cap > 0), *more]
    unknown = config.per_source.keys() - {source.name for source in present}
    if unknown:
        names = ", ".join(source.name for source in present)
        raise ConfigError(f"per_source names {min(unknown)!r}, no source of this feed", remedy=f"name some of {names}")
    return Funnel(
        base=state.base,
        query_hydrators=[] if config.holdout is None else [HoldoutGroup(config.holdout)],
        sources=present,
        hydrators=_hydrators(state, vectors, config),
        filters=_filters(state, config),
        ranker=AskRanker(ranker),
        factors=[NetworkFactor(config.outside_factor), SeenFactor(config.seen_factor, config.seen_floor)],
        rerankers=_rerankers(state, config),
        selector=_selector(config),
        after_selection=[
            *Visibility(state, ancestors=not config.hidden_ancestors).filters,
            *([OneAConversation(state.network)] if config.one_a_conversation else []),
        ],
        side_effects=[] if sink is None else [Impressions(sink, policy=policy)],
        strict=strict,
    )


def _hydrators(state: FeatureState, vectors: TweetVectors | None, config: HomeConfig) -> list[Hydrator]:
    """What filters, factors and the selector read."""
    hydrators: list[Hydrator] = [Tweet(state.network), Viewer(state.network.graph, state.seen)]
    if not isinstance(config.selector, TopKConfig):
        hydrators.append(TextVectors(state) if vectors is None else RetrievalVectors(vectors))
    if config.new_authors is not None:
        hydrators.append(Reach(state))
    return hydrators


def _filters(state: FeatureState, config: HomeConfig) -> list[Filter]:
    """What says which candidates may be shown at all, then what chooses among equals."""
    filters: list[Filter] = [
        Deleted(),
        Incomplete(state.network),
        Age(config.max_age_h),
        Own(),
        Muted(),
        Blocked(),
        *([] if config.outside_replies else [Outside(state.network)]),
        *([] if config.holdout is None else [Holdout(state.network, config.holdout)]),
        RepeatedRetweet(),
        Duplicate(),
        Served(config.served_hold_min, config.served_hold_most, config.served_leaves),
    ]
    return filters


def _rerankers(state: FeatureState, config: HomeConfig) -> list[Reranker]:
    """What multiplies scores by what stands beside a tweet."""
    rerankers: list[Reranker] = []
    if config.fatigue is not None:
        rerankers.append(Fatigue(state, config.fatigue))
    if config.author_diversity is not None:
        rerankers.append(AuthorDiversity(config.author_diversity))
    return rerankers


def _selector(config: HomeConfig) -> Selector:
    """What picks the slate: the selector, caps over it, and over those the places of new authors."""
    selector = selector_of(config.selector)
    if config.per_source:
        selector = SourceCaps(config.per_source, selector)
    if config.per_author:
        selector = TopicCaps(TopicCapsConfig(per_topic=config.per_author, topics="author_row"), selector)
    return selector if config.new_authors is None else NewAuthors(selector, config.new_authors)
