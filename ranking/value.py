"""Action probabilities to one number: value = sum over actions of weight x probability, then the offset.

Where reader and author follow each other, an action may weigh more: its weight is then `weights` + `mutual`.

The offset keeps what users reject below all else, in numbers that are never negative, so that a factor between 0 and 1
(an author's fifth tweet, a stranger's) moves every tweet down. With v the weighted sum, S the sum of the weights'
absolute values and M that of the negative ones, v lies in -M..S, and

    v >= 0:  v + offset                 in offset..S + offset
    v <  0:  (v + M) / S * offset       in 0..offset M / S, which is at most offset

as in xai-org/x-algorithm (`home-mixer/scorers/weighted_scorer.rs`). Both branches rise with v, and no negative reaches
`offset`, where the others begin; where rounding would, the number next below is taken.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

import numpy as np

from data.batch import F32, F64, Array, CandidateBatch
from data.errors import ConfigError
from data.schema import ACTIONS, POSITIVE_ACTIONS
from ranking.scorer import ActionModel

_log = logging.getLogger(__name__)

OFFSET = 1e-3
"""Offset of the published presets: small beside a like (0.5 x some percent), so that it hardly blunts factors."""

PRESETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "engagement": MappingProxyType(dict.fromkeys(POSITIVE_ACTIONS, 1.0)),
        "x_2023": MappingProxyType(
            {"like": 0.5, "retweet": 1.0, "quote": 1.0, "reply": 13.5, "profile_click": 12.0, "click": 11.0,
             "reply_answered": 75.0, "not_interested": -74.0, "mute": -74.0, "block": -74.0, "report": -369.0}
        ),
        "x_2026_08": MappingProxyType(
            {"like": 0.5, "reply": 5.0, "retweet": 1.0, "quote": 5.0, "share": 2.0, "follow_author": 4.0, "click": 0.4,
             "not_interested": -43.2, "mute": -58.8, "block": -31.2, "report": -234.0}
        ),
        "x_2026_10": MappingProxyType(
            {"like": 0.5, "reply": 5.0, "retweet": 1.0, "quote": 5.0, "share": 2.0, "follow_author": 4.0, "click": 0.3,
             "profile_click": 0.0, "not_interested": -47.52, "mute": -58.8, "block": -31.2, "report": -234.0}
        ),
    }
)  # fmt: skip
"""Weights by name. `engagement`: every positive action counts one, no offset. `x_2023`: published with
twitter/the-algorithm-ml (projects/home/recap/README.md); a quote counts as the retweet that it was there, `click` is
its good click, and its negative feedback is each of "not interested", mute and block. `x_2026_08` and `x_2026_10`: the
weights that were published for the home timeline by August and by October 2026. All three with `OFFSET`."""

MUTUAL: Mapping[str, Mapping[str, float]] = MappingProxyType({"x_2026_10": MappingProxyType({"reply": 15.0})})
"""What the presets add to weights where reader and author follow each other."""

UNKNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "x_2026_10": (
        "open a link (0.2)", "expand a photo (0.05)", "open a video (0.07)", "share by message (5)",
        "share by copied link (20)", "dwelled (0.05)", "a second of dwell (0.004)", "a second after a click (0.4)",
        "not dwelled (-0.02)",
    ),
})  # fmt: skip
"""Published weights of the presets for which data sets have no action."""

MUTUAL_FOLLOW = "pair.mutual_follow"
"""Column: 1 where reader and author follow each other."""

_OWN = f"name one of {', '.join(PRESETS)}, or give weights by action: settings.value={{like=1, reply=10}}"


@dataclass(frozen=True)
class ValueModel:
    """Weights by action; an action without a weight counts nothing."""

    weights: Mapping[str, float]
    offset: float = 0.0
    """Where values of 0 and more begin, with the negative ones below, from 0 on; 0 leaves the weighted sum as it is."""
    mutual: Mapping[str, float] = field(default_factory=dict)
    """What is added to weights where reader and author follow each other, at least 0."""
    unknown: tuple[str, ...] = ()
    """What else was published and no data set has, for `left_out` to name."""

    def __post_init__(self) -> None:
        """Refuses a weight for an action that does not exist, and numbers that are none."""
        for action, weight in (*self.weights.items(), *self.mutual.items()):
            if action not in ACTIONS:
                raise ConfigError(f"value weight for unknown action {action!r}", remedy=f"use {', '.join(ACTIONS)}")
            if not isfinite(weight):
                raise ConfigError(f"value weight of {action!r} is {weight}", remedy="use a finite number")
        for action, weight in self.mutual.items():
            if weight < 0:
                raise ConfigError(f"mutual weight of {action!r} is {weight}", remedy="use a number of at least 0")
        if not (isfinite(self.offset) and self.offset >= 0):
            raise ConfigError(f"value offset is {self.offset}", remedy="use a number of at least 0")

    @classmethod
    def preset(cls, name: str) -> ValueModel:
        """The weights of one of `PRESETS`.

        Raises:
            ConfigError: no such preset.
        """
        if name not in PRESETS:
            raise ConfigError(f"unknown value preset {name!r}", remedy=f"choose one of {', '.join(PRESETS)}")
        offset = 0.0 if name == "engagement" else OFFSET
        return cls(PRESETS[name], offset, MUTUAL.get(name, {}), UNKNOWN.get(name, ()))

    @classmethod
    def of(cls, value: str | Mapping[str, float]) -> ValueModel:
        """A preset by its name, or weights by action, among which `offset` is the offset.

        Raises:
            ConfigError: no such preset or action, or a weight that is no number.
        """
        if isinstance(value, str):
            return cls.preset(value)
        if not isinstance(value, Mapping):
            raise ConfigError(f"value {value!r} is neither a preset's name nor a table of weights", remedy=_OWN)
        for name, weight in value.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float):
                raise ConfigError(f"value weight of {name!r} is {weight!r}", remedy="use a number")
        weights = {str(name): float(weight) for name, weight in value.items() if name != "offset"}
        return cls(weights, float(value.get("offset", 0.0)))

    def left_out(self, actions: Sequence[str]) -> tuple[str, ...]:
        """Weighted actions that are not among `actions`, those that a model predicts or a data set has; then what no
        data set has."""
        return (*(one for one, weight in self.weights.items() if weight and one not in actions), *self.unknown)

    def reads(self, actions: Sequence[str]) -> tuple[str, ...]:
        """Columns that the value of `actions` hangs on beside their probabilities."""
        return (MUTUAL_FOLLOW,) if any(self.mutual.get(one) for one in actions) else ()

    def check(self, actions: Sequence[str]) -> None:
        """Refuses to go on where nothing that is predicted has a weight.

        Raises:
            ConfigError: none of `actions` has one.
        """
        if not any(self.weights.get(action) for action in actions):
            known = ", ".join(actions) or "nothing"
            raise ConfigError(f"the value weighs none of what the model predicts ({known})", remedy=_OWN)

    def value(self, p: F32, actions: Sequence[str], mutual: Array | None = None) -> F32:
        """[N] float32 from probabilities [N, A] of the actions named; the weights of others are left out throughout.

        `mutual` [N] is 1 where reader and author follow each other; nowhere when None.

        Raises:
            ConfigError: not one column an action.
        """
        if p.ndim != 2 or p.shape[1] != len(actions):
            raise ConfigError(f"probabilities of shape {p.shape} for {len(actions)} actions", remedy="give [N, A]")
        weights = np.array([self.weights.get(a, 0.0) for a in actions], np.float64)
        # A sum along each row, not a matrix product: a score must not depend on how many rows are scored with it.
        value: F64 = (p.astype(np.float64) * weights).sum(axis=1)
        if mutual is not None:
            more = np.array([self.mutual.get(a, 0.0) for a in actions], np.float64)
            value += (p.astype(np.float64) * more).sum(axis=1) * np.asarray(mutual, np.float64)
        return self._above_zero(value, weights).astype(np.float32) if self.offset else value.astype(np.float32)

    def _above_zero(self, value: F64, weights: F64) -> F64:
        """[N] the value with its offset."""
        total, least = np.abs(weights).sum(), -weights[weights < 0].sum()
        below = np.maximum(value + least, 0.0) / (total or 1.0) * self.offset
        # In float32, as what is returned, so that the two branches cannot meet by rounding.
        highest = np.nextafter(np.float32(self.offset), np.float32(0))
        return np.where(value < 0, np.minimum(below, highest), value + np.float32(self.offset))


def parse_value(text: str) -> str | dict[str, float]:
    """What `ValueModel.of` takes, from one word: a preset's name, or weights as TOML has them, `{like=1, reply=10}`.

    Raises:
        ConfigError: it begins like a table and is none.
    """
    if not text.startswith("{"):
        return text
    try:
        table: dict[str, float] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"value {text!r} is no table: {error}", remedy="write {like=1, reply=10}") from error
    return table


def learned(model: ActionModel) -> tuple[str, ...]:
    """The actions that were taken in training; of the others a model knows nothing."""
    return tuple(action for action, taken in zip(model.actions, model.taken, strict=True) if taken)


def with_value_columns(reads: tuple[str, ...], value: ValueModel, actions: Sequence[str]) -> tuple[str, ...]:
    """`reads` of a model, and what the value of its `actions` reads beside them."""
    return (*reads, *(name for name in value.reads(actions) if name not in reads))


@dataclass(frozen=True)
class ValueScorer:
    """An action model and its value model as one scorer; it says once which weights have no prediction."""

    model: ActionModel
    value: ValueModel

    def __post_init__(self) -> None:
        """Logs what is left out, and refuses to go on with nothing left."""
        if self.left_out:
            _log.warning("value leaves out %s: the model does not predict them", ", ".join(self.left_out))
        self.value.check(learned(self.model))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Weighted actions that the model has not learned to predict, for a report to name."""
        return self.value.left_out(learned(self.model))

    @property
    def reads(self) -> tuple[str, ...]:
        """What the action model and the value read."""
        return with_value_columns(self.model.reads, self.value, learned(self.model))

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 expected value."""
        p, taken = self.model.predict(batch), self.model.taken
        mutual = batch.column(MUTUAL_FOLLOW) if self.value.reads(learned(self.model)) else None
        return self.value.value(p if taken.all() else p[:, taken], learned(self.model), mutual)
