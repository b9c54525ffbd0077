"""What pulls at readers and what serves them: how much bait, outrage and usefulness a tweet has, 0 to 1 each.

Most tweets have none of a kind. One has some with a chance, and then a level that is uniform in 0.2 to 1. The chance is
that of the tweet's topics (weighed by their share; of bait, one for all topics) x the factor of the kind of account x
the author's own factor, which is lognormal with mean 1 and a spread (standard deviation of the logarithm) of SPREAD; it
is 0.9 at most. Then:

- Spam is bait with chance 0.8 and neither useful nor outraged. Small talk is useful with 0.2 x and bait with 0.5 x the
  chance.
- A toxic tweet is outraged in any case, with a level in 0.4 to 1, and useful with 0.3 x the chance.
- Replies and quotes take after what they answer. Their chances are 0.3 x the author's + 0.2 x the bait answered,
  0.7 x the author's + 0.5 x the outrage answered, and 0.5 x the author's + 0.3 x the usefulness answered.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.batch import F32, F64, I64, Array
from data.rng import Stream
from data.synthetic.people import People
from data.synthetic.text.languages.language import PARENT, PARENT_NAMES, TOPIC_NAMES

ORIGINAL, ANSWER, CHAT, SPAM = range(4)
"""Styles of a text, the numbers of `Draft.style`."""
SPREAD = 0.8
"""Spread of authors' own factors."""
MEAN_BAIT, MEAN_OUTRAGE, MEAN_USEFULNESS = 0.1, 0.075, 0.09
"""What 10,000 people are shown in the mean, to two digits: behaviour counts the attributes from there, so that they do
not move the rates of actions."""
_MOST = 0.9
_BAIT = 0.08
_OUTRAGED = {
    "sports": 0.05, "games": 0.04, "screen": 0.04, "music": 0.02, "food": 0.01, "technology": 0.04, "society": 0.08,
    "knowledge": 0.04, "living": 0.02, "politics": 0.35, "climate": 0.2,
}  # fmt: skip
_USEFUL = {
    "sports": 0.12, "games": 0.12, "screen": 0.1, "music": 0.08, "food": 0.35, "technology": 0.35, "society": 0.25,
    "knowledge": 0.4, "living": 0.25,
}  # fmt: skip
"""Chances by group of topics, or by a topic's own name."""

# By kind of account (`KINDS`): ordinary, lurker, celebrity, news, bot, toxic.
_BAITING = np.array([0.7, 0.5, 1.2, 2.0, 3.0, 1.3])
_ANGRY = np.array([1.0, 1.0, 0.6, 1.4, 0.2, 4.0])
_SERVING = np.array([1.0, 1.0, 0.8, 1.6, 0.1, 0.3])


def _by_topic(chances: dict[str, float]) -> F64:
    return np.array(
        [chances.get(name, chances[PARENT_NAMES[at]]) for name, at in zip(TOPIC_NAMES, PARENT, strict=True)]
    )


OUTRAGED, USEFUL = _by_topic(_OUTRAGED), _by_topic(_USEFUL)
"""[48] chance of outrage, and of usefulness, of a tweet on each topic by an account of factor 1."""


class Pull(NamedTuple):
    """Of some tweets; [N] each, in [0, 1]."""

    bait: F32
    """How much it promises or teases beyond what it gives."""
    outrage: F32
    """How much it shows anger at others."""
    usefulness: F32
    """How much of it is of use to those who like its topic."""


class About(NamedTuple):
    """The tweets whose attributes are drawn; [N] each, as in `Tweets`."""

    author: I64
    topic: Array
    """[N, 2]."""
    share: Array
    toxicity: Array
    style: Array


def originals(seed: int, people: People, tweets: About, key: I64, heat: Array | None = None) -> Pull:
    """Of originals; `key` distinguishes an author's tweets, `heat` [P] multiplies each author's chance of outrage."""
    chance = _chances(seed, people, tweets)
    if heat is not None:
        chance[1] = np.minimum(chance[1] * heat[tweets.author], _MOST)
    return _drawn(tweets, chance, Stream(seed, "attributes").uniform(tweets.author, key, n=6))


def answers(seed: int, people: People, tweets: About, answered: Pull, answered_id: I64, key: I64) -> Pull:
    """Of replies and quotes to tweets; `key` distinguishes what an author says to the same tweet."""
    own = _chances(seed, people, tweets)
    chance = np.stack(
        [
            0.3 * own[0] + 0.2 * answered.bait,
            0.7 * own[1] + 0.5 * answered.outrage,
            0.5 * own[2] + 0.3 * answered.usefulness,
        ]
    )
    u = Stream(seed, "attributes of answers").uniform(tweets.author, answered_id, key, n=6)
    return _drawn(tweets, np.minimum(chance, _MOST), u)


def _chances(seed: int, people: People, tweets: About) -> F64:
    """[3, N] chances of bait, outrage and usefulness, before what the style and toxicity change."""
    kind, topic = people.kind[tweets.author], np.asarray(tweets.topic, np.int64)
    share = np.asarray(tweets.share, np.float64)
    own = np.exp(SPREAD * Stream(seed, "author attributes").normal(tweets.author, n=3) - SPREAD**2 / 2)
    outraged, useful = (by[topic[:, 0]] * share + by[topic[:, 1]] * (1.0 - share) for by in (OUTRAGED, USEFUL))
    chance = np.stack([_BAIT * _BAITING[kind], outraged * _ANGRY[kind], useful * _SERVING[kind]]) * own.T
    out: F64 = np.minimum(chance, _MOST)
    return out


def _drawn(tweets: About, chance: F64, u: F64) -> Pull:
    """From chances [3, N] and uniform numbers [N, 6], of which the first three decide whether, the others how much."""
    spam, chat, toxic = tweets.style == SPAM, tweets.style == CHAT, tweets.toxicity > 0
    bait = np.where(spam, 0.8, chance[0] * np.where(chat, 0.5, 1.0))
    outrage = np.where(toxic, 1.0, np.where(spam, 0.0, chance[1]))
    useful = np.where(spam, 0.0, chance[2] * np.where(chat, 0.2, 1.0) * np.where(toxic, 0.3, 1.0))
    least = np.where(toxic, 0.4, 0.2)
    levels = 0.2 + 0.8 * u[:, 3], least + (1.0 - least) * u[:, 4], 0.2 + 0.8 * u[:, 5]
    drawn = (
        np.where(u[:, at] < one, level, 0.0).astype(np.float32)
        for at, (one, level) in enumerate(zip((bait, outrage, useful), levels, strict=True))
    )
    return Pull(*drawn)
