"""Trends of a stream of tweets: hashtags, names and phrases that many people use at a place and did not use before.

A tweet uses the terms of its text, a retweet the hashtags and names of the tweet it refers to. Each use counts for the
place where the tweet was posted, else for the home of its author, for the country of that place and for the world. A
deleted tweet's uses are taken back. Everything is rebuilt by replaying users, tweets and deletions; `save` and
`restore` keep it.

Only established accounts make trends: those older than `new_account_h`, and those of the network's own first
`new_account_h`, when everybody is new. A person's uses of a term count once a window.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from candidates.trends.counts import Cells, Counts, CountsConfig
from candidates.trends.listing import Listing, ListingConfig
from candidates.trends.names import TermNames
from candidates.trends.places import COUNTRY_OF, WORLD
from candidates.trends.scorer import TrendScorer, Windows
from candidates.trends.scorers import make_scorer
from candidates.trends.terms import KINDS, Term, TermKind, terms_of
from data.batch import F64, Array
from data.errors import ConfigError
from data.events import HOUR_US, NEVER_US, EventBatch


class TrendConfig(BaseModel):
    """How trends are found."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    scorer: str = "kleinberg"
    """A name of `TREND_SCORERS`."""
    scorer_settings: dict[str, bool | float | tuple[float, ...]] = {}
    """Arguments of that scorer that are not to be its defaults, by name."""
    kinds: tuple[TermKind, ...] = KINDS
    """What may trend."""
    new_account_h: float = Field(48.0, ge=0)
    """Hours for which an account is new."""
    tweets: int = Field(200_000, ge=1)
    """Tweets whose terms are remembered at most, for their retweets and deletions."""
    counts: CountsConfig = CountsConfig(cells=1 << 18, seasons=1 << 18, recent=1 << 20)
    """How uses are counted."""
    listing: ListingConfig = ListingConfig()
    """What is listed."""

    @model_validator(mode="after")
    def _scores(self) -> TrendConfig:
        try:
            make_scorer(self.scorer, self.scorer_settings)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self


@dataclass(frozen=True)
class Trend:
    """One term that trends at a place."""

    name: str
    """As first written; a hashtag with its sign."""
    kind: TermKind
    score: float
    volume: int
    """Uses in the window."""
    previous: int
    """Uses in the window of the same length before it."""
    unique_users: int
    """People of established accounts who used it in the window."""
    expected: float
    """Uses that the window should hold by the term's history and the hour of the week."""
    first_seen_us: int
    """Its first use at this place that is remembered."""


@dataclass(frozen=True)
class TrendList:
    """The trends of a place, best first, and what they were counted in."""

    trends: list[Trend]
    end_us: int
    window_us: int
    """Length of the window: longer than usual where few things happen."""


@dataclass(frozen=True, slots=True)
class _Tweet:
    terms: tuple[Term, ...]
    start: int
    end: int
    """Its uses' positions in the log."""


class TrendEngine:
    """Takes events in the order of time; gives the trends of any time from the last event on."""

    tables = frozenset({"users", "tweets", "deletions"})
    """Tables whose events it takes; others are passed over."""

    def __init__(self, scorer: TrendScorer | None = None, config: TrendConfig | None = None) -> None:
        """Scores with `scorer`, the one that `config` names when None."""
        self.config = config or TrendConfig()
        self.counts = Counts(self.config.counts)
        scorer = scorer or make_scorer(self.config.scorer, self.config.scorer_settings)
        self._listing = Listing(self.counts, scorer, self.config.listing)
        self._names = TermNames(2 * self.config.counts.cells, self.config.listing.holds_back, self._listing.held)
        self._home: dict[int, int] = {}
        self._created: dict[int, int] = {}
        self._first_account_us = NEVER_US
        self._place_row: dict[int, int] = {WORLD: 0}
        self._tweets: OrderedDict[int, _Tweet] = OrderedDict()

    def update(self, events: EventBatch, kinds: Sequence[TermKind] | None = None) -> None:
        """Takes users (homes and ages), tweets and deletions; the rows of one table come in the order of time.

        A tweet that comes again has no effect.

        Args:
            events: of one table.
            kinds: of the terms that are counted; those of the configuration when None.
        """
        if not len(events):
            return
        if events.table == "users":
            self._take_users(events)
        elif events.table == "tweets":
            if int(events.time_us[-1]) >= self.counts.now_us:
                self._listing.update()  # what the step that ends held
            self._take_tweets(events, self.config.kinds if kinds is None else kinds)
        elif events.table == "deletions":
            gone = [self._tweets.pop(one, None) for one in events.columns["tweet_id"].tolist()]
            positions = [np.arange(one.start, one.end) for one in gone if one is not None]
            if positions:
                self.counts.undo(np.concatenate(positions))

    def trends(self, time_us: int, place: int | None = None, limit: int = 10) -> TrendList:
        """The trends of the window that ends with the step before `time_us`.

        Where fewer than `least_listed` terms trend, the window is widened until so many terms were used by enough
        people, and they are ranked by the same score.

        Args:
            time_us: from the last event on.
            place: WOEID of a place or country; the world when None.
            limit: the most trends.

        Returns:
            Best first; equal scores by larger volume, then by name.
        """
        rules = self.config.listing
        row = self._place_row.get(WORLD if place is None else place)
        span_us = self.config.counts.span * self.config.counts.step_us
        if row is None or not self.counts.now_us:
            return TrendList([], time_us, span_us)
        usual = self.config.counts.window_min
        if time_us <= self.counts.now_us:
            self._listing.update()
            found = self._listing.live(row)
        else:
            found = self._listing.counted(row, time_us, usual, all_terms=False)
        least = min(rules.least_listed, limit)
        for length_min in (usual, *(one for one in rules.wider_min if one > usual)):
            if len(found[2]) >= least:
                break
            wider = self._listing.counted(row, time_us, length_min, all_terms=True)
            if len(wider[2]) > len(found[2]):
                found = wider
        return TrendList(self._best(*found, limit), time_us, found[0].length_us)

    def save(self, folder: Path) -> None:
        """Writes what was counted, listed, named and learned of users, what the scorer keeps, and remembered tweets."""
        folder.mkdir(parents=True, exist_ok=True)
        self.counts.save(folder / "counts.npz")
        np.savez(folder / "lists.npz", **dict[str, Any](self._listing.arrays()))
        kept = {
            "names": self._names.saved(), "home": list(self._home.items()), "created": list(self._created.items()),
            "first_account_us": self._first_account_us, "places": list(self._place_row.items()),
            "tweets": [(key, *one.terms, one.start, one.end) for key, one in self._tweets.items()],
        }  # fmt: skip
        (folder / "engine.json").write_text(json.dumps(kept))

    def restore(self, folder: Path) -> None:
        """Takes what an engine of the same configuration wrote; it goes on as that one would have."""
        self.counts.restore(folder / "counts.npz")
        with np.load(folder / "lists.npz", allow_pickle=False) as lists:
            self._listing.restore(dict(lists))
        kept = json.loads((folder / "engine.json").read_text())
        self._names.restore(kept["names"])
        self._home, self._created = dict(kept["home"]), dict(kept["created"])
        self._first_account_us, self._place_row = kept["first_account_us"], dict(kept["places"])
        self._tweets = OrderedDict(
            (key, _Tweet(tuple(Term(*term) for term in terms), start, end))
            for key, *terms, start, end in kept["tweets"]
        )

    def _take_users(self, events: EventBatch) -> None:
        ids = events.columns["user_id"].tolist()
        if "place" in events.columns:
            places = events.columns["place"].tolist()
            self._home.update((user, place) for user, place in zip(ids, places, strict=True) if place >= 0)
        if "created_us" in events.columns:
            created = events.columns["created_us"]
            self._created.update(zip(ids, created.tolist(), strict=True))
            self._first_account_us = min(self._first_account_us, int(created.min()))

    def _take_tweets(self, events: EventBatch, kinds: Sequence[TermKind]) -> None:
        columns = events.columns
        size = len(events)
        none = np.full(size, -1, np.int64)
        places = columns.get("place", none).tolist()
        refers = columns.get("referenced_id", none).tolist()
        rows: list[int] = []
        codes: list[int] = []
        where: list[tuple[int, int, int]] = []
        position = self.counts.next_position
        ids, authors, texts = columns["tweet_id"].tolist(), columns["author_id"].tolist(), columns["text"].tolist()
        retweets = (columns["kind"] == "retweet").tolist()
        for at in range(size):
            terms = self._terms(texts[at], refers[at], retweets[at], kinds)
            if not terms or ids[at] in self._tweets:  # a log may deliver a tweet twice
                continue
            at_place = self._places(places[at] if places[at] >= 0 else self._home.get(authors[at], -1))
            end = position + len(terms)
            self._tweets[ids[at]] = _Tweet(terms, position, end)
            position = end
            rows += [at] * len(terms)
            codes += [self._names.code(term) for term in terms]
            where += [at_place] * len(terms)
        while len(self._tweets) > self.config.tweets:
            self._tweets.popitem(last=False)
        if rows:
            self._count(events, np.array(rows), codes, where)

    def _count(self, events: EventBatch, rows: Array, codes: list[int], where: list[tuple[int, int, int]]) -> None:
        time_us, people = events.time_us[rows], events.columns["author_id"][rows].astype(np.int64)
        created = np.array([self._created.get(one, -NEVER_US) for one in people.tolist()], np.int64)
        new_us = int(self.config.new_account_h * HOUR_US)
        established = (created <= time_us - new_us) | (created <= self._first_account_us + new_us)
        self.counts.add(time_us, np.array(codes, np.int64), np.array(where, np.int64), people, established)
        self._names.prune(self.counts.tables.key)

    def _terms(self, text: str, refers: int, retweet: bool, kinds: Sequence[TermKind]) -> tuple[Term, ...]:
        if not retweet:
            return tuple(terms_of(text, kinds))
        source = self._tweets.get(refers)
        return () if source is None else tuple(one for one in source.terms if one.kind != "phrase")

    def _places(self, place: int) -> tuple[int, int, int]:
        """Rows of the world, the country and the place, -1 where there is none or no row is left."""
        country = COUNTRY_OF.get(place, -1)
        return (0, self._row(country), self._row(place if place != WORLD else -1))

    def _row(self, place: int) -> int:
        if place < 0:
            return -1
        row = self._place_row.get(place)
        if row is None and len(self._place_row) < self.config.counts.places:
            row = self._place_row[place] = len(self._place_row)
        return -1 if row is None else row

    def _best(self, windows: Windows, cells: Cells, scores: F64, limit: int) -> list[Trend]:
        terms = [self._names.term(key) for key in cells.key.tolist()]
        columns = windows.columns
        order = sorted(range(len(terms)), key=lambda at: (-scores[at], -columns["volume"][at], terms[at].written))
        best: list[Trend] = []
        said: list[str] = []
        for at in order:
            words = terms[at].key.replace(" ", "")
            if terms[at].kind != "hashtag" and any(words in one or one in words for one in said):
                continue  # a part of what is listed above, or a hashtag's words
            said.append(words)
            best.append(
                Trend(
                    terms[at].name, terms[at].kind, float(scores[at]), int(columns["volume"][at]),
                    int(columns["previous"][at]), int(columns["unique_users"][at]), float(columns["seasonal"][at]),
                    int(columns["first_seen_us"][at]),
                )
            )  # fmt: skip
            if len(best) == limit:
                break
        return best
