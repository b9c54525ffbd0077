"""Tweets that react to tweets: replies, retweets and quotes from the feed, and authors' answers to replies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.batch import I64, Array
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.schema import ACTION_CODE
from data.synthetic import attributes
from data.synthetic.attributes import ANSWER
from data.synthetic.config import WorldConfig
from data.synthetic.hidden import HIDDEN
from data.synthetic.new_tweets import Written
from data.synthetic.people import WORLD_ACTIONS, People
from data.synthetic.places import LANGUAGE_CODES
from data.synthetic.plan import tweet_columns
from data.synthetic.posting import media_counts, virality
from data.synthetic.state import State
from data.synthetic.text.writer import Draft, Writer

_REPLY, _RETWEET, _QUOTE = (ACTION_CODE[name] for name in ("reply", "retweet", "quote"))


class Reaction(NamedTuple):
    """[N] reactions, ordered by time."""

    author: I64
    """User row of who reacts."""
    about: I64
    """Tweet row."""
    action: I64
    """Row of WORLD_ACTIONS."""
    time_us: I64
    exposure: Array


def written(config: WorldConfig, people: People, writer: Writer, state: State, reaction: Reaction) -> Written:
    """The tweets of a tick's reactions and of the answers that are due in it.

    A retweet has the attributes of what it repeats. Replies and quotes are on the same topics; their quality is 0.6 x
    the author's talent + 0.8 x a normal number - 0.5, their virality that of an original less 0.5. They are toxic with
    1.5 x the author's `toxicity`, and then their sentiment is -1; else it is 0.2 + 0.5 x that of what they answer + 0.7
    x a normal number, rounded and cut to -1..1. Bait, outrage and
    usefulness are those of `attributes`. A text is told what the text that it answers names first.
    """
    due = state.due_answers(state.time_us + state.tick_us)
    n, m = len(reaction.author), len(due.tweet)
    author = np.concatenate([reaction.author, due.author.astype(np.int64)])
    about = np.concatenate([reaction.about, due.tweet])
    action = np.concatenate([reaction.action, np.full(m, _REPLY)])
    exposure = np.concatenate([np.asarray(reaction.exposure, np.int64), np.full(m, 1 << 16)])
    ids = np.concatenate([snowflakes_in_order(reaction.time_us, worker=2), snowflakes_in_order(due.due_us, worker=3)])
    time = np.concatenate([reaction.time_us, due.due_us])
    tweets = state.tweets
    columns = tweet_columns(people, ids, time, author)
    columns["kind"] = np.array(WORLD_ACTIONS, object)[action] if n + m else np.empty(0, object)
    columns["referenced_id"] = tweets.tweet_id[about]
    replies, again = action == _REPLY, action == _RETWEET
    columns["conversation_id"][replies] = tweets.conversation[about[replies]]
    code = exposure << 2 | np.where(again, 0, 1 + (action == _QUOTE))
    key = tweets.tweet_id[about] ^ code
    luck = Stream(config.seed, "reaction attributes").normal(author, key, n=2)
    u = Stream(config.seed, "reactions").uniform(author, key, n=4)
    hidden: dict[str, Array] = {name: getattr(tweets, name)[about] for name in HIDDEN}
    toxic = np.where(u[:, 0] < people.toxicity[author] * 1.5, 1 + (u[:, 1] * 4).astype(np.int64), 0)
    mood = np.clip(np.round(0.2 + 0.5 * tweets.sentiment[about] + 0.7 * luck[:, 1]), -1, 1)
    style = np.full(n + m, ANSWER)
    pull = attributes.answers(
        config.seed, people, attributes.About(author, hidden["topic"], hidden["share"], toxic, style),
        attributes.Pull(hidden["bait"], hidden["outrage"], hidden["usefulness"]), tweets.tweet_id[about], code,
    )  # fmt: skip
    own = {
        "quality": 0.6 * people.talent[author] + 0.8 * luck[:, 0] - 0.5, "virality": virality(u[:, 2]) - 0.5,
        "sentiment": np.where(toxic > 0, -1, mood), "toxicity": toxic, "style": style,
        **pull._asdict(),
    }  # fmt: skip
    for name, column in own.items():
        hidden[name] = np.where(again, hidden[name], column).astype(hidden[name].dtype)
    columns["media_count"] = np.where(again, tweets.media[about], media_counts(u[:, 3])).astype(np.int16)
    columns["language"] = np.where(again, _language(people, tweets.author[about]), columns["language"])
    new = np.flatnonzero(~again)
    draft = Draft(
        author=author[new],
        key=key[new],
        language=people.language[author[new]],
        topic=hidden["topic"][new].astype(np.int64),
        share=hidden["share"][new],
        sentiment=hidden["sentiment"][new].astype(np.int64),
        toxicity=hidden["toxicity"][new].astype(np.int64),
        style=np.full(len(new), ANSWER),
        tag=np.full(len(new), -1),
        mention=np.where(replies[new], tweets.author[about[new]].astype(np.int64), -1),
        **{name: column[new] for name, column in pull._asdict().items()},
        about=tweets.named[about[new]].astype(np.int64) - 1,
    )
    texts = writer.write(draft)
    hidden["named"][new] = texts.first()
    columns["text"][new] = texts.text.to_numpy()
    return Written.of(columns, hidden, texts, new)


def _language(people: People, author: Array) -> Array:
    return np.array(LANGUAGE_CODES, object)[people.language[author]]
