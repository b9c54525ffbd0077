"""Labels of topic, mood and toxicity that fallible annotators gave to a sample of originals: observed data."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Array
from data.events import MINUTE_US
from data.rng import Stream
from data.synthetic.attributes import CHAT
from data.synthetic.config import WorldConfig
from data.synthetic.posting import Posts
from data.synthetic.text.languages import TOPIC_NAMES, TOXIC_CATEGORIES

READERS = 3
"""Annotators who read each tweet of the sample."""
MOODS: dict[int, str] = {-1: "negative", 0: "neutral", 1: "positive"}
TASKS: tuple[str, ...] = ("topic", "sentiment", "toxicity")


def annotate(config: WorldConfig, posts: Posts) -> tuple[I64, dict[str, Array]]:
    """Rows of a day's originals that were read, and the columns time_us, annotator, task, label.

    An annotator errs at his own rate e, a gamma number of shape 4 and mean `annotator_error`, 0.6 at most. With chance
    e the topic is wrong: 7 times in 10 the tweet's second one if there is one, else any; half of small talk is
    labelled so for any e. With chance 1.3 e the mood is a neighbouring one, and with that chance toxicity is
    missed; it is imagined with 0.05 e.
    """
    rate = config.annotated / (config.people * config.tweets_per_day * config.days)
    chosen = np.flatnonzero(Stream(config.seed, "annotated").uniform(posts.author, posts.key)[:, 0] < rate)
    row = np.repeat(chosen, READERS)
    reader = np.tile(np.arange(READERS), len(chosen))
    u = Stream(config.seed, "annotations").uniform(posts.author[row], posts.key[row], reader, n=10)
    first = (u[:, 0].reshape(-1, READERS)[:, :1] * config.annotators).astype(np.int64)
    annotator = ((first + np.arange(READERS) * max(config.annotators // READERS, 1)) % config.annotators).ravel()
    error = _errors(config)[annotator]
    topic = posts.topic[row, 0]
    wrong = np.where(
        (posts.topic[row, 1] != topic) & (u[:, 1] < 0.7),
        posts.topic[row, 1],
        (u[:, 2] * config.topics).astype(np.int64),
    )
    guess = (posts.style[row] == CHAT) & (u[:, 3] < 0.5)
    topic = np.where((u[:, 4] < error) | guess, wrong, topic)
    mood = posts.sentiment[row]
    mood = np.where(u[:, 5] < 1.3 * error, np.where(mood == 0, np.where(u[:, 6] < 0.5, -1, 1), 0), mood)
    toxic = posts.toxicity[row]
    missed, imagined = u[:, 7] < 1.3 * error, u[:, 7] < 0.05 * error
    toxic = np.where(toxic > 0, np.where(missed, 0, toxic), np.where(imagined, 1 + (u[:, 8] * 4).astype(np.int64), 0))
    time = posts.time_us[row] + ((1.0 - 30.0 * np.log1p(-u[:, 9])) * MINUTE_US).astype(np.int64)
    time -= time % 1000
    labels = (
        np.array(TOPIC_NAMES, object)[topic],
        np.array([MOODS[m] for m in (-1, 0, 1)], object)[mood + 1],
        np.array(TOXIC_CATEGORIES, object)[toxic],
    )
    return np.tile(row, len(TASKS)), {
        "time_us": np.concatenate([time + 20_000_000 * step for step in range(len(TASKS))]),
        "annotator": np.tile(annotator, len(TASKS)).astype(np.int32),
        "task": np.repeat(np.array(TASKS, object), len(row)),
        "label": np.concatenate(labels),
    }


def _errors(config: WorldConfig) -> Array:
    rng = Stream(config.seed, "annotators").generator()
    return np.clip(rng.gamma(4.0, config.annotator_error / 4.0, config.annotators), 0.0, 0.6)
