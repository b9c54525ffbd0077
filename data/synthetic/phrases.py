"""Sentence frames by mood, small talk, answers and the words around them.

Slots: {e} a name of the topic, {t} a thing of it, {d} a doing, {a} an adjective of the mood, {x} an intensifier,
{w} a time word.
"""

# ruff: noqa: E501, SIM905 - lists of words read best as they are spoken
from __future__ import annotations

FRAMES: dict[int, tuple[str, ...]] = {
    1: (
        "{e} is {x} {a}", "love {d} {w}", "{e} made my day", "the {t} was {x} {a}", "can't get enough of {e}",
        "{d} {w} and it's {a}", "what a {t}, {a} stuff", "{e} never disappoints", "obsessed with the {t} {w}",
        "so happy about the {t}", "this {t} is {a}", "give {e} all the awards", "best {t} I've seen from {e}",
        "finally {d}, feeling {a}", "{e} and a good {t}, that's all I need", "we don't talk enough about how {a} {e} is",
        "ok {e} that {t} was {a}", "nothing beats {d}", "my {t} turned out {a}", "proud of {e} {w}",
        "hard to explain how {a} the {t} felt", "{e}. that's it, that's the tweet", "big win for {e} {w}",
        "I'd marry the {t}", "thank you {e}", "honestly {e} is {x} {a} right now", "how is {e} this {a}",
    ),
    0: (
        "{d} {w}", "thinking about {e}", "anyone else {d}?", "the {t} again", "does anyone know about the {t}?",
        "{e} or {e2}?", "so {e} and the {t}", "{e} {w}", "new {t} from {e} {w}", "is it just me or is it all {t} {w}",
        "explain the {t} to me like I'm five", "my entire feed is {e}", "what's the deal with {e}?",
        "thread on the {t} soon", "{w}: {d}", "looking for tips on the {t}", "still {d}", "how do people do {t}",
        "one day I'll understand {e}", "reading about {e} and the {t}", "unpopular opinion: {e} needs a new {t}",
        "{e} has entered the chat", "so it's {t} season", "that's a lot of {t}", "how it started: {t}. how it's going: {t2}",
        "{e} > {e2}", "first {t}, then {t2}", "reminder that {e} exists", "who else saw the {t}?", "back to {d}",
        "currently {d}, send help", "me {d} {w}", "just here for the {t}", "day {n} of {d}", "me: one more {t}. also me: {d}",
    ),
    -1: (
        "{e} is {x} {a}", "the {t} was {a}", "tired of {d}", "why is the {t} so {a}", "{e} let me down {w}",
        "not the {t} again", "can we talk about how {a} {e} is", "{d} and regretting it", "I give up on the {t}",
        "worst {t} of my life", "{e} what are you doing", "how did {e} mess up the {t}", "sick of {e} {w}",
        "the {t} ruined my evening", "nobody asked for this {t}", "crying over the {t}", "{a} {t}, {a} day", "{e} owes me an apology",
        "never {d} again", "that {t} hurt to watch", "overrated: {e}", "if {e} does this once more I'm done",
        "everything about the {t} is {a}", "RIP my {t}", "of course the {t} broke {w}",
    ),
}  # fmt: skip

ADJECTIVES: dict[int, tuple[str, ...]] = {
    1: tuple("amazing brilliant beautiful unreal perfect gorgeous class lovely iconic elite wonderful superb".split()),
    0: tuple("interesting odd fine different quiet typical random average busy curious".split()),
    -1: tuple(
        "awful terrible boring rubbish broken painful embarrassing tragic overpriced useless grim shocking".split()
    ),
}
INTENSIFIERS: tuple[str, ...] = (
    "so",
    "really",
    "just",
    "actually",
    "pretty much",
    "genuinely",
    "low key",
    "ridiculously",
)
WHEN: tuple[str, ...] = (
    "today", "tonight", "this morning", "this week", "again", "all day", "right now", "this weekend", "at lunch",
    "on a Monday", "before bed", "since dawn", "yesterday", "this year",
)  # fmt: skip

JOINS: tuple[str, ...] = (
    ". ",
    ", ",
    " and ",
    " but ",
    "... ",
    "! ",
    ". also ",
    ", meanwhile ",
    ". anyway ",
    " so ",
    "\n",
)

CHAT: tuple[str, ...] = (
    "ok going to bed", "good morning", "I need a nap", "why am I awake", "can't believe it's {w} already", "so bored {w}",
    "who's up?", "what a day", "hello from the bus", "my phone is at 2%", "is it Friday yet", "I miss my mum",
    "that's enough internet for {w}", "raining again", "having one of those days", "mood", "no thoughts, head empty",
    "I have so many questions", "send snacks", "big if true", "note to self: sleep", "somebody entertain me",
    "feeling {a} {w}", "not sure how I feel about this", "someone tell me it gets easier", "hi", "lol what",
    "thinking thoughts {w}", "I should be working", "neighbours are loud {w}", "new week new me",
)  # fmt: skip

REPLIES: dict[int, tuple[str, ...]] = {
    1: (
        "love this", "so true", "exactly this", "congrats!", "{e} forever", "couldn't agree more", "haha yes", "the {t} though",
        "this made my day", "you're so right about {e}", "best take {w}", "thank you for saying it", "{a} {t}", "yesss",
    ),
    0: (
        "what about {e}?", "is that the {t}?", "source?", "wait what", "same here, {d}", "since when?", "how come?",
        "depends on the {t} I guess", "which {t}?", "hmm {e}", "did you see {e} {w}?", "lol", "first time hearing about it",
        "and the {t}?", "ok but {e2}", "tell me more",
    ),
    -1: (
        "no way", "hard disagree", "{e} is {a} though", "this aged badly", "the {t} was {a} and you know it", "delete this",
        "nah", "you can't be serious", "worst take {w}", "sorry but no", "{e} again? really?", "this is {a}",
    ),
}  # fmt: skip

EMOJI: tuple[str, ...] = tuple("😂 😭 🔥 ❤️ 🙏 😍 💀 🎉 👀 🙄 😅 ✨ 💯 😩 🤔 👏 🥲 💪 😤 🫠".split())
FILLERS: tuple[str, ...] = (
    "tbh", "lol", "honestly", "ngl", "imo", "fr", "btw", "literally", "I mean", "mate", "folks", "y'all", "haha", "smh",
    "innit", "omg", "well", "look", "ok so", "hot take:", "PSA:", "welp", "dear diary,", "friends,",
)  # fmt: skip
