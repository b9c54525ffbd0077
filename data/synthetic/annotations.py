"""Labels of topic and mood that fallible annotators gave to a sample of originals, published as observed data."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Array
from data.events import MINUTE_US
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.lexicon import TOPICS
from data.synthetic.posting import Posts

READERS = 3
"""Annotators who read each tweet of the sample."""
MOODS: dict[int, str] = {-1: "negative", 0: "neutral", 1: "positive"}


def make_annotations(config: WorldConfig, posts: Posts) -> tuple[I64, dict[str, Array]]:
    """Rows of the originals that were read, and the columns time_us, annotator, task, label; ordered by time.

    An annotator errs at his own rate; a wrong topic is the tweet's second one if there is one, else any; a wrong mood
    is a neighbouring one. Small talk is labelled by guess.
    """
    rng = Stream(config.seed, "annotations").generator()
    sample = rng.choice(len(posts), min(config.annotated, len(posts)), replace=False)
    row = np.repeat(sample, READERS)
    first = rng.integers(0, config.annotators, len(sample))
    annotator = (first[:, None] + np.array([0, 1, 2]) * max(config.annotators // 3, 1)).ravel() % config.annotators
    error = np.clip(rng.gamma(4.0, config.annotator_error / 4.0, config.annotators), 0.0, 0.6)[annotator]
    n = len(row)
    second, any_topic = posts.topic[row, 1], rng.integers(0, config.topics, n)
    wrong = np.where((second != posts.topic[row, 0]) & (rng.random(n) < 0.7), second, any_topic)
    topic = np.where((rng.random(n) < error) | posts.chat[row] & (rng.random(n) < 0.5), wrong, posts.topic[row, 0])
    mood = posts.sentiment[row]
    slip = np.where(mood == 0, np.where(rng.random(n) < 0.5, -1, 1), 0)
    mood = np.where(rng.random(n) < 1.3 * error, slip, mood)
    time = posts.time_us[row] + (rng.gamma(2.0, 15.0, n) * MINUTE_US).astype(np.int64) + MINUTE_US
    names = np.array([t.name for t in TOPICS], object)
    moods = np.array([MOODS[m] for m in (-1, 0, 1)], object)
    columns: dict[str, Array] = {
        "time_us": np.r_[time, time + 20_000_000],
        "annotator": np.r_[annotator, annotator].astype(np.int32),
        "task": np.repeat(np.array(["topic", "sentiment"], object), n),
        "label": np.concatenate([names[topic], moods[mood + 1]]),
    }
    both = np.r_[row, row]
    order = np.lexsort((both, columns["annotator"], columns["time_us"]))
    order = order[columns["time_us"][order] < config.end_us]
    return both[order], {name: column[order] for name, column in columns.items()}
