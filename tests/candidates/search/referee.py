"""Search by brute force: every operator as a plain function of one tweet, over tweets that fit on a page."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field

import numpy as np

from candidates.search import nodes
from data.events import EventBatch
from data.places import BY_WOEID
from data.tweet_text import fold, hashtags, mentions, urls

START_US = 1_767_571_200_000_000
HANDLES = {1: "ann", 2: "Bob_2", 3: "carla", 4: "4"}
GRAM = re.compile("[぀-ヿ一-鿿가-힣]")


@dataclass
class Tweet:
    """One tweet, and what happened to it."""

    tweet_id: int
    time_us: int
    author_id: int
    text: str
    kind: str = "original"
    referenced_id: int = -1
    conversation_id: int = -1
    language: str = ""
    place: int = -1
    media_count: int = 0
    likes: int = 0
    deleted: bool = False
    verified: bool = False
    to: int = field(default=-1)


def batch(tweets: list[Tweet]) -> EventBatch:
    """The rows of `tweets`."""
    texts = ("text", "kind", "language")
    numbers = ("tweet_id", "time_us", "author_id", "referenced_id", "conversation_id", "place", "media_count")
    columns = {name: np.array([getattr(one, name) for one in tweets], object) for name in texts}
    return EventBatch(
        "tweets", columns | {name: np.array([getattr(one, name) for one in tweets], np.int64) for name in numbers}
    )


def holds(node: nodes.Node, tweet: Tweet) -> bool:
    """Whether a tweet matches."""
    match node:
        case nodes.Not(child):
            out = not holds(child, tweet)
        case nodes.And(children):
            out = all(holds(child, tweet) for child in children)
        case nodes.Or(children):
            out = any(holds(child, tweet) for child in children)
        case nodes.From(user):
            out = tweet.author_id == account(user)
        case nodes.To(user):
            out = tweet.kind == "reply" and tweet.to == account(user) != -1
        case nodes.Lang(code):
            out = (tweet.language.lower() + "-").startswith(code + "-")
        case nodes.Conversation(tweet_id):
            out = tweet_id == (tweet.tweet_id if tweet.conversation_id < 0 else tweet.conversation_id)
        case nodes.Around(latitude, longitude, radius_km):
            out = tweet.place in BY_WOEID and km(tweet.place, latitude, longitude) <= radius_km
        case nodes.Flag(value):
            out = flag(value, tweet)
        case nodes.MinFaves() | nodes.Since() | nodes.Until():
            out = counted(node, tweet)
        case _:
            out = tweet.kind != "retweet" and worded(node, tweet.text)
    return out


def counted(node: nodes.MinFaves | nodes.Since | nodes.Until, tweet: Tweet) -> bool:
    """Likes and times."""
    if isinstance(node, nodes.MinFaves):
        return tweet.likes >= node.likes
    return tweet.time_us >= node.time_us if isinstance(node, nodes.Since) else tweet.time_us < node.time_us


def worded(node: nodes.Node, text: str) -> bool:
    """What is in the words."""
    if isinstance(node, nodes.Tag):
        return node.value in map(fold, hashtags(text))
    if isinstance(node, nodes.Mention):
        return node.handle in map(str.lower, mentions(text))
    assert isinstance(node, nodes.Word | nodes.Phrase)
    return has_words(text, node.text)


def flag(value: str, tweet: Tweet) -> bool:
    """`has:` and `is:`."""
    text = "" if tweet.kind == "retweet" else tweet.text
    return {
        "has:media": tweet.media_count > 0, "has:links": bool(urls(text)), "has:hashtags": bool(hashtags(text)),
        "has:mentions": bool(mentions(text)), "is:reply": tweet.kind == "reply", "is:retweet": tweet.kind == "retweet",
        "is:quote": tweet.kind == "quote", "is:verified": tweet.verified,
    }[value]  # fmt: skip


def account(user: str | int) -> int:
    """A handle before an id."""
    by_handle = {handle.lower(): one for one, handle in HANDLES.items()}
    if isinstance(user, str):
        return by_handle.get(user, int(user) if user.isdecimal() else -1)
    return user


def plain(text: str) -> list[str]:
    """Words in lower case without accents; each character of a script without blanks is one, blanks are kept."""
    split = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).lower().replace("ß", "ss"))
    text = unicodedata.normalize("NFC", "".join(c for c in split if not "\u0300" <= c <= "\u036f"))
    return re.findall(r"[぀-ヿ一-鿿가-힣]|[^\W_぀-ヿ一-鿿가-힣]+|[\W_]+", text)


def has_words(text: str, wanted: str) -> bool:
    """Whether the words of `wanted` stand in `text` one after the other, what is between them aside.

    Characters of scripts without blanks stand together in `text` exactly where they do in `wanted`.
    """
    have, want = sequence(text), sequence(wanted)
    return any(same(have[at : at + len(want)], want) for at in range(len(have) - len(want) + 1))


def same(part: list[tuple[str, bool]], want: list[tuple[str, bool]]) -> bool:
    """Whether words are the same, and all but the first glued alike to the one before."""
    return [word for word, _ in part] == [word for word, _ in want] and part[1:] == want[1:]


def sequence(text: str) -> list[tuple[str, bool]]:
    """Words with whether each is a character of such a script that is glued to one before it."""
    out: list[tuple[str, bool]] = []
    before = ""
    for part in plain(text):
        if not re.fullmatch(r"[\W_]+", part):
            out.append((part, bool(GRAM.match(part)) and bool(GRAM.match(before))))
        before = part
    return out


def km(woeid: int, latitude: float, longitude: float) -> float:
    """By the spherical law of cosines."""
    city = BY_WOEID[woeid]
    a, b, c = math.radians(city.latitude), math.radians(latitude), math.radians(city.longitude - longitude)
    return 6371.0088 * math.acos(min(1.0, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(c)))
