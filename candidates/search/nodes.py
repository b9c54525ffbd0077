"""The tree that a query is parsed into: one class a kind of node, each with the column where it begins (from 1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A word; a tweet has it whatever the case, the accents, and what stands before and behind it."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that a tweet has one after the other."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Tag:
    """`#tag`: the hashtag, folded (`data.tweet_text.fold`)."""

    value: str
    column: int


@dataclass(frozen=True, slots=True)
class Mention:
    """`@user`: the text mentions the handle, kept in lower case."""

    handle: str
    column: int


@dataclass(frozen=True, slots=True)
class From:
    """`from:user`: posted by an account: its handle in lower case or its id in digits, or its id as a number."""

    user: str | int
    column: int


@dataclass(frozen=True, slots=True)
class To:
    """`to:user`: a reply to a tweet of the account, named as in `From`."""

    user: str | int
    column: int


@dataclass(frozen=True, slots=True)
class Lang:
    """`lang:en`: declared in the language, or in a variety of it (`en-GB`)."""

    code: str
    column: int


@dataclass(frozen=True, slots=True)
class Flag:
    """`has:media`, `is:reply` and the like: `kind:value`, one of `candidates.search.operators.FLAGS`."""

    value: str
    column: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """`conversation_id:`: of the thread that a tweet began, that tweet too."""

    tweet_id: int
    column: int


@dataclass(frozen=True, slots=True)
class MinFaves:
    """`min_faves:`: liked at least so often."""

    likes: int
    column: int


@dataclass(frozen=True, slots=True)
class Since:
    """`since:`: posted at this time (microseconds UTC) or later."""

    time_us: int
    column: int


@dataclass(frozen=True, slots=True)
class Until:
    """`until:`: posted before this time (microseconds UTC)."""

    time_us: int
    column: int


@dataclass(frozen=True, slots=True)
class SinceId:
    """With a greater id than this."""

    tweet_id: int
    column: int


@dataclass(frozen=True, slots=True)
class UntilId:
    """With a smaller id than this."""

    tweet_id: int
    column: int


@dataclass(frozen=True, slots=True)
class Around:
    """`point_radius:` and `place:`: posted in a city whose centre is within `radius_km` of a point in degrees."""

    latitude: float
    longitude: float
    radius_km: float
    column: int


@dataclass(frozen=True, slots=True)
class Not:
    """A minus: what does not match `child`."""

    child: Node
    column: int


@dataclass(frozen=True, slots=True)
class And:
    """All of `children`."""

    children: tuple[Node, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Or:
    """Any of `children`."""

    children: tuple[Node, ...]
    column: int


Leaf = (
    Word | Phrase | Tag | Mention | From | To | Lang | Flag | Conversation | MinFaves
    | Since | Until | SinceId | UntilId | Around
)  # fmt: skip
Node = Leaf | Not | And | Or


_WORDS = (Word, Phrase)


def wordy(node: Node) -> bool:
    """Whether the node asks for words and phrases, and nothing else."""
    if isinstance(node, And | Or):
        return all(wordy(child) for child in node.children)
    return isinstance(node, _WORDS)


def parts(node: Node) -> tuple[Node, ...]:
    """What must all hold for the node to hold."""
    return node.children if isinstance(node, And) else (node,)


def words(node: Node) -> str:
    """The words and phrases that the node asks for, in order: the query without its operators."""
    return " ".join(leaf.text for leaf, negated in leaves(node) if isinstance(leaf, _WORDS) and not negated)


def positive(node: Node) -> bool:
    """Whether the node asks for something, rather than only leaving something out."""
    if isinstance(node, Not):
        return False
    if isinstance(node, And):
        return any(positive(child) for child in node.children)
    if isinstance(node, Or):
        return all(positive(child) for child in node.children)
    return True


def leaves(node: Node, *, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf from left to right, with whether an odd number of minuses stands before it."""
    if isinstance(node, Not):
        yield from leaves(node.child, negated=not negated)
    elif isinstance(node, And | Or):
        for child in node.children:
            yield from leaves(child, negated=negated)
    else:
        yield node, negated
