"""The tweets that readers liked lately."""

from __future__ import annotations

import numpy as np

from candidates.hydrators.tweet import originals
from data.batch import I64, Array, Mask
from data.schema import ACTION_CODE, ACTIONS
from features.online import FeatureState

LOOKED_AT = 4
"""Actions of a history that are looked at for each liked tweet wanted: most of the others are clicks."""

_PUBLIC = np.zeros(len(ACTIONS), np.bool_)
_PUBLIC[[ACTION_CODE[name] for name in ("like", "retweet", "quote", "reply")]] = True
_LIKES = _PUBLIC.copy()
_LIKES[ACTION_CODE["share"]] = True
_LIKES[ACTION_CODE["reply"]] = False


def is_public(actions: Array) -> Mask:
    """Whether each action (a code, -1 for none) is one that others see: like, retweet, quote, reply."""
    out: Mask = _PUBLIC[actions] & (actions >= 0)
    return out


def liked(state: FeatureState, users: I64, limit: int) -> I64:
    """[B, limit] originals of the tweets that each user liked, retweeted, quoted or shared last, newest first; -1 where
    there are no more among the last `4 x limit` actions."""
    looked = LOOKED_AT * limit
    tweets, actions = state.history.tweets(users, looked), state.history.actions(users, looked)
    likes = _LIKES[actions] & (actions >= 0) & (tweets >= 0)
    order = np.argsort(~likes, axis=1, kind="stable")[:, :limit]
    rows = np.where(np.take_along_axis(likes, order, axis=1), np.take_along_axis(tweets, order, axis=1), -1)
    flat = rows.ravel()
    known = flat >= 0
    flat[known] = originals(state.network, flat[known])
    return flat.reshape(rows.shape)
