"""Who lives in the world: interests, style, activity, home place, language, kind of account, and the `users` table.

Rows are in order of account creation, so a user's row here is the row in `users` when that is read in order.
"""

# ruff: noqa: SIM905 - lists of words read best as words
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from scipy.special import expit, logit, ndtri

from data.batch import F32, F64, I64
from data.events import DAY_US, MINUTE_US, EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.schema import ACTION_CODE, ACTIONS, DEVICES
from data.synthetic.clock import DIURNAL, clock
from data.synthetic.config import WorldConfig
from data.synthetic.places import LANGUAGE_CODES, LANGUAGE_OF, LANGUAGE_SHARES, WOEID, place_shares, utc_offsets_min
from data.synthetic.reflection import agreements, reflective, susceptibilities
from data.synthetic.text.languages.language import PARENT

STYLE = 6
"""Dimensions of the latent style that makes one author's tweets please one reader and not another."""

WORLD_ACTIONS: tuple[str, ...] = tuple(action for action in ACTIONS if action != "rate")
"""What may come of an impression in the world, in the order of the columns of every probability. `rate` is the last of
the schema's actions, so an `ACTION_CODE` is a column here."""

KINDS: tuple[str, ...] = ("ordinary", "lurker", "celebrity", "news", "bot", "toxic")
"""Kinds of account: lurkers read and hardly act; celebrities and news accounts have many followers, news accounts tweet
much on few topics; bots tweet spam; toxic actors insult."""
_SHARES = (0.505, 0.32, 0.008, 0.017, 0.13, 0.02)
"""Shares of people by kind. Of accounts that tweet a lot, fewer post like bots than are: some bots link seldom."""
_DEVICE_SHARES = (0.42, 0.40, 0.18)

# By kind: originals, loudness, talent, appeal to followers, sociability, concentration of interests, toxicity.
_CHATTER = np.array([1.0, 0.1, 4.0, 14.0, 4.3, 3.0])
_LOUD = np.array([0.0, -2.4, -0.7, -1.2, -0.3, 0.8])
_TALENT = np.array([0.0, 0.0, 0.9, 0.6, -1.1, -0.5])
_APPEAL = np.array([1.0, 0.3, 25.0, 10.0, 0.2, 0.8])
_SOCIABLE = np.array([0.86, 0.6, 0.2, 0.08, 0.05, 0.85])
_CONCENTRATION = np.array([4.0, 4.0, 1.6, 1.4, 1.4, 2.5])
_TOXIC = np.array([0.015, 0.01, 0.003, 0.001, 0.01, 0.45])
_PUBLIC = ("reply", "retweet", "quote")
_SILENT = ("click", "profile_click", "share")
_RELUCTANCE = 6.0
"""Logit against acting in public on a tweet that suits one; beyond it a louder voice adds little."""

_FIRST = (
    "ava ben cara dan ella finn gita hugo ines jack kira liam maya noah olga paul quinn rosa sam tara umar vera will "
    "xena yuki zane amir bela carl dora erik fay gus hana ivan jude kofi lena milo nina omar pia raj sofia theo una"
).split()
_LAST = (
    "adams baker chen diaz evans fischer garcia hughes ito jones khan lopez martin novak okafor patel quist reyes "
    "singh tanaka ueda vargas wong young zhang abbott brooks cohen dube ellis frost grant hale irwin jensen klein"
).split()


@dataclass(frozen=True)
class People:
    """Columns by user row; P people, K topics."""

    user_id: I64
    """[P] ids, ascending."""
    created_us: I64
    """[P] when the account was made."""
    place: I64
    """[P] row of PLACES."""
    language: I64
    """[P] row of LANGUAGE_CODES."""
    utc_offset_min: I64
    """[P] minutes that local time is ahead of UTC."""
    kind: I64
    """[P] row of KINDS."""
    verified: I64
    """[P] 0 or 1."""
    device: I64
    """[P] row of DEVICES."""
    interests: F32
    """[P, K] mixture over topics, rows sum to 1."""
    reflective: F32
    """[P, K] what they are glad to have seen, a mixture like `interests`, which is what they act on."""
    susceptibility: F32
    """[P] how strongly bait, outrage and insults move them to act; mean 1."""
    style: F32
    """[P, STYLE] latent style, rows of unit length."""
    leaning: F32
    """[P, A] a person's own offset of each action's logit."""
    talent: F32
    """[P] mean quality of what they write, standard deviation about 1."""
    sociability: F32
    """[P] chance to answer a reply."""
    toxicity: F32
    """[P] share of what they write that is toxic."""
    appeal: F64
    """[P] heavy-tailed attractiveness to followers."""
    activity: F64
    """[P] mean impressions a day."""
    chatter: F64
    """[P] mean original tweets a day, heavier-tailed than `activity`."""
    regularity: F64
    """[P] chance to open the app on a usual day."""

    def __len__(self) -> int:
        return len(self.user_id)

    @cached_property
    def handles(self) -> list[str]:
        """[P] unique usernames, first and last name and a number where needed."""
        n = len(_FIRST) * len(_LAST)
        names = [f"{_FIRST[(r := (i * 1009) % n) % len(_FIRST)]}_{_LAST[r // len(_FIRST)]}" for i in range(n)]
        return [f"{names[i % n]}{i // n or ''}" for i in range(len(self))]

    def first(self, count: int) -> People:
        """The first `count` rows; views."""
        return replace(self, **{f.name: getattr(self, f.name)[:count] for f in fields(self)})

    def joined(self, low_us: int, high_us: int) -> EventBatch:
        """The rows of table `users` of the accounts made from `low_us` on and before `high_us`."""
        first, end = np.searchsorted(self.created_us, (low_us, high_us)).tolist()
        return self.events(slice(first, end)) if end > first else self._nobody

    @cached_property
    def _nobody(self) -> EventBatch:
        """No row of table `users`: what most ticks have."""
        return self.events(slice(0))

    def events(self, rows: slice = slice(None)) -> EventBatch:
        """Rows of table `users`."""
        handles = pl.Series("username", self.handles[rows], pl.String)
        frame = pl.DataFrame(
            {
                "user_id": self.user_id[rows],
                "created_us": self.created_us[rows],
                "username": handles,
                "name": handles.str.strip_chars_end("0123456789").str.replace("_", " ").str.to_titlecase(),
                "language": np.array(LANGUAGE_CODES, object)[self.language[rows]],
                "place": WOEID[self.place[rows]],
                "utc_offset_min": self.utc_offset_min[rows],
                "verified": self.verified[rows].astype(bool),
                "device": np.array(DEVICES, object)[self.device[rows]],
            }
        )
        return EventBatch.from_frame("users", frame)

    def save(self, path: Path) -> None:
        """Writes all columns to an npz file."""
        np.savez(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(**{f.name: stored[f.name] for f in fields(cls)})


TASTE_HALF = 0.08
"""Share of a person's interests at which a topic pleases half as much as it can."""


def topic_popularity(config: WorldConfig) -> F64:
    """[K] how much each topic is liked overall: Zipf with exponent 0.6 in a drawn order, sums to 1."""
    ranks = Stream(config.seed, "topic popularity").generator().permutation(config.topics)
    weight = (ranks + 2.0) ** -0.6
    shares: F64 = weight / weight.sum()
    return shares


def make_people(config: WorldConfig) -> People:
    """Draws all people: `config.people` who have an account at the start, and those who join on each day.

    Row order is order of account creation.
    """
    rng = Stream(config.seed, "people").generator()
    joins = _joining_days(config)
    people, topics = config.people + len(joins), config.topics
    language = _in_shares(LANGUAGE_SHARES, np.zeros(people, np.int64), rng)
    kind = _in_shares(_SHARES, language, rng)
    place = _places(language, rng)
    interests = _interests(config, kind, rng)
    topic_style = rng.normal(size=(topics, STYLE)).astype(np.float32)
    style = interests @ topic_style + 0.6 * rng.standard_normal((people, STYLE), np.float32)
    style /= np.linalg.norm(style, axis=1, keepdims=True)
    offset = utc_offsets_min(config.start)[place]
    old = config.start_us - (rng.beta(1.3, 1.1, config.people) * 12 * 365 * DAY_US + DAY_US).astype(np.int64)
    created = np.concatenate([np.sort(old), _joining_times(config, joins, offset[config.people :])])
    created -= created % 1000
    loudness = ndtri(_even(language, rng))
    activity = np.exp(0.85 * (0.5 * loudness + np.sqrt(0.75) * rng.normal(size=people)))
    activity = _scaled(activity, language, config.impressions_per_day, 12.0 * config.impressions_per_day)
    chatter = _scaled(np.exp(2.2 * loudness) * _CHATTER[kind], language, config.tweets_per_day, 40.0)
    talent = 0.8 * rng.normal(size=people) + _TALENT[kind]
    appeal = (1.0 + rng.pareto(1.35, people)) * _APPEAL[kind] * (0.1 + chatter / config.tweets_per_day) ** 0.35
    settled = np.arange(people) < config.people
    verified = (appeal > np.quantile(appeal, 0.985)) | ((kind == 2) | (kind == 3)) & (rng.random(people) < 0.6)
    sociable = _SOCIABLE[kind] * rng.uniform(0.6, 1.15, people)
    return _by_age(People(
        user_id=created,
        created_us=created,
        place=place,
        language=language,
        utc_offset_min=offset,
        kind=kind,
        verified=(verified & settled).astype(np.int64),
        device=rng.choice(len(DEVICES), people, p=_DEVICE_SHARES),
        interests=interests,
        **_reflection(config, kind, interests),
        style=style.astype(np.float32),
        leaning=_leaning(config, kind, language, loudness, activity, appeal, rng),
        talent=talent.astype(np.float32),
        sociability=np.clip(sociable, 0.0, 0.9).astype(np.float32),
        toxicity=(_TOXIC[kind] * rng.uniform(0.3, 1.7, people)).astype(np.float32),
        appeal=appeal,
        activity=activity,
        chatter=chatter,
        regularity=_regularity(config, kind, activity),
    ))  # fmt: skip


def _joining_days(config: WorldConfig) -> I64:
    """[J] the day on which each new account is made, ascending: a Poisson number a day."""
    mean = config.people * config.retention.joins_per_day
    counts = Stream(config.seed, "joins").generator().poisson(mean, config.days)
    return np.repeat(np.arange(config.days), counts)


def _joining_times(config: WorldConfig, days: I64, utc_offset_min: I64) -> I64:
    """[J] when accounts are made on their days, by the hour of their place."""
    luck = Stream(config.seed, "joining times").uniform(np.arange(len(days)))[:, 0]
    minute = (np.interp(luck, clock(DIURNAL), np.arange(1441)) - utc_offset_min) % 1440
    return config.start_us + days * DAY_US + (minute * MINUTE_US).astype(np.int64)


def _by_age(people: People) -> People:
    """The same people in order of account creation, with their ids."""
    order = np.argsort(people.created_us, kind="stable")
    columns = {f.name: getattr(people, f.name)[order] for f in fields(people)}
    return replace(people, **columns | {"user_id": snowflakes_in_order(columns["created_us"])})


def _places(language: I64, rng: np.random.Generator) -> I64:
    """A home in a place of one's language; a tenth of those who do not speak English live among English speakers."""
    shares, home = place_shares(), language.copy()
    home[(rng.random(len(language)) < 0.1)] = 0
    place = np.empty(len(language), np.int64)
    for one in range(len(LANGUAGE_CODES)):
        here = np.flatnonzero(home == one)
        weight = np.where(one == LANGUAGE_OF, shares, 0.0)
        place[here] = rng.choice(len(shares), len(here), p=weight / weight.sum())
    return place


def _interests(config: WorldConfig, kind: I64, rng: np.random.Generator) -> F32:
    """[P, K] mixtures: gamma weights of topics under gamma weights of their parents, so that interests cluster."""
    parent = PARENT[: config.topics]
    popular = topic_popularity(config)
    by_parent = rng.gamma(0.7, 1.0 / 0.7, (len(kind), int(parent.max()) + 1)) + 0.02
    shape = popular * _CONCENTRATION[kind][:, None] * by_parent[:, parent]
    draws = rng.gamma(np.maximum(shape, 2e-3), 1.0) + 1e-9
    mixture: F32 = (draws / draws.sum(axis=1, keepdims=True)).astype(np.float32)
    return mixture


def _reflection(config: WorldConfig, kind: I64, interests: F32) -> dict[str, F32]:
    """What is beside the impulsive taste: `reflective` and `susceptibility`."""
    c, people = config.welfare, len(kind)
    rng = Stream(config.seed, "reflection").generator()
    correlation = agreements(rng, people, c.agreement, c.agreement_spread)
    return {
        "reflective": reflective(interests, _interests(config, kind, rng), correlation),
        "susceptibility": susceptibilities(rng, people, c.susceptibility_spread),
    }


def _leaning(
    config: WorldConfig, kind: I64, language: I64, loudness: F64, activity: F64, appeal: F64, rng: np.random.Generator
) -> F32:
    """[P, A] own offsets: the temperament of each, and how loudly a person acts in public.

    A voice is `loudness` x (0.6 x that of the tweets one writes + 0.8 x a normal number) + that of the kind, and
    levelled by language; replies, retweets and quotes take all of it, likes 45%, clicks and shares 15%, other actions
    none. The famous seldom pass on: a retweet loses `reserve` x log(appeal / mean appeal) where that is positive.
    """
    spread = config.behaviour.temperament
    leaning = spread * rng.standard_normal((len(kind), len(WORLD_ACTIONS)), np.float32)
    voice = config.behaviour.loudness * (0.6 * loudness + 0.8 * ndtri(_even(language, rng))) + _LOUD[kind]
    voice += _levelling(voice, language, activity)
    for at, action in enumerate(WORLD_ACTIONS):
        share = 1.0 if action in _PUBLIC else 0.45 if action == "like" else 0.15 if action in _SILENT else 0.0
        leaning[:, at] += (share * voice).astype(np.float32)
    bots = kind == KINDS.index("bot")
    leaning[bots, ACTION_CODE["retweet"]] += 1.2
    fame = np.maximum(np.log(appeal / appeal.mean()), 0.0)
    leaning[:, ACTION_CODE["retweet"]] -= (config.behaviour.reserve * fame).astype(np.float32)
    leaning[bots, ACTION_CODE["reply"]] -= 3.0
    return leaning


def _regularity(config: WorldConfig, kind: I64, activity: F64) -> F64:
    """[P] chance to open the app on a usual day, 0.02 to 0.995.

    Its logit is that of `usual_opening` + `opening_spread` x (0.6 x the standardised logarithm of activity + 0.8 x a
    normal number), and 2 more for celebrities, news accounts and bots, who are run by schedule.
    """
    c, scale = config.retention, np.log(activity)
    scale = (scale - scale.mean()) / max(scale.std(), 1e-9)
    own = 0.6 * scale + 0.8 * Stream(config.seed, "regularity").normal(np.arange(len(kind)))[:, 0]
    run = np.isin(kind, [KINDS.index(name) for name in ("celebrity", "news", "bot")])
    out: F64 = np.clip(expit(logit(c.usual_opening) + c.opening_spread * own + 2.0 * run), 0.02, 0.995)
    return out


def _levelling(voice: F64, language: I64, activity: F64) -> F64:
    """[P] what brings each language to the same mean of activity x chance to act in public, added to a `voice` [P].

    A few loud people make most tweets, and the loudest of a small language are less loud than those of a large one: by
    itself it would say less than its share, or more by the chance of a single person.
    """
    count, added = np.maximum(np.bincount(language), 1), np.zeros(int(language.max()) + 1)
    mean = float((activity * expit(voice - _RELUCTANCE)).mean())
    for _ in range(20):
        acts = activity * expit(voice + added[language] - _RELUCTANCE)
        added += np.log(mean / np.maximum(np.bincount(language, acts) / count, 1e-12))
    return np.clip(added, -2.0, 2.0)[language]


def _even(group: I64, rng: np.random.Generator) -> F64:
    """[P] numbers in (0, 1) that are evenly spaced within each group, in random order."""
    rank = np.lexsort((rng.random(len(group)), group))
    size = np.bincount(group)
    first = np.r_[0, np.cumsum(size)[:-1]]
    within = np.empty(len(group))
    within[rank] = np.arange(len(group)) - first[group[rank]]
    out: F64 = (within + 0.5) / size[group]
    return out


def _in_shares(shares: Sequence[float], group: I64, rng: np.random.Generator) -> I64:
    """[P] rows of `shares`, which sum to 1: in every group as many of each as its share says, to within one."""
    out: I64 = np.searchsorted(np.cumsum(shares)[:-1], _even(group, rng), side="right")
    return out


def _scaled(values: F64, group: I64, mean: float, cap: float) -> F64:
    """`values` [P] scaled to one mean in every group, none above max(cap, 4 x mean); after each cut they are scaled
    again."""
    size, out = np.maximum(np.bincount(group), 1), values
    for _ in range(21):
        out = out * (mean / (np.bincount(group, out) / size))[group]
        if (out <= max(cap, 4.0 * mean) * (1.0 + 1e-9)).all():
            break
        out = np.minimum(out, max(cap, 4.0 * mean))
    return out
