"""What would become of a tweet, posted at the log's end: its score and rank for a sample of readers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from candidates.trace import FunnelResult
from data.batch import I64
from data.errors import ConfigError
from data.events import DAY_US
from data.ids import snowflake
from data.progress import Progress, no_progress
from data.rng import Stream
from experiments.live.home import LocalHome
from serving.events.outbox import event
from serving.kit.problems import ProblemError
from serving.tweets.service import check_length

ACTIVE_US = 7 * DAY_US
"""Readers are drawn from those who asked for a feed in this time before the end of the log."""

FOLLOWERS, OTHERS = "followers", "others"
_WORKER = 29
"""Its own among those that make ids, so that the tweet has an id that no other has."""


@dataclass(frozen=True)
class PostScores:
    """What the readers of a sample would get of a tweet."""

    tweet_id: int
    author_id: int
    text: str
    k: int
    """Length of the feeds."""
    readers: pl.DataFrame
    """One row a reader: `user_id`, `group` (`FOLLOWERS` of the author or `OTHERS`), `value` (what the model gives the
    tweet), `value_rank` (its rank by it among all candidates of the reader's feed, 1 for the best), `candidates`,
    `sources` (those that brought it, joined by spaces; "" for none), `removed_by` ("" for no filter) and `position` in
    the feed (null where it is not shown)."""

    def summary(self) -> pl.DataFrame:
        """One row a group with a reader: how many there are, the shares in per cent to whom a source brings the tweet
        and whose feed shows it, and deciles 1, 5 and 9 of `value` and `value_rank`."""
        deciles = [
            pl.col(name).quantile(share, "linear").alias(f"{name}_p{int(share * 100)}")
            for name in ("value", "value_rank")
            for share in (0.1, 0.5, 0.9)
        ]
        return (
            self.readers.group_by("group", maintain_order=True)
            .agg(
                pl.len().alias("readers"),
                ((pl.col("sources") != "").mean() * 100).alias("brought_pct"),
                (pl.col("position").is_not_null().mean() * 100).alias("shown_pct"),
                pl.col("candidates").median().alias("candidates"),
                *deciles,
            )
            .sort("group")
        )


def score_post(
    home: LocalHome,
    text: str,
    author_id: int,
    *,
    readers: int = 200,
    k: int = 50,
    seed: int = 0,
    progress: Progress = no_progress,
) -> PostScores:
    """Posts a tweet in `home`, where it stays, and makes the feeds of a sample of readers right after.

    Half of the sample are followers of the author, as far as there are any; both halves are drawn evenly from those who
    asked for a feed in the last seven days, or from all users where the log has no requests.

    Raises:
        ConfigError: the text could not be posted, or there is nobody to read it.
        NotFoundError: there is no such author.
    """
    home.check_user(author_id)
    if readers < 1:
        raise ConfigError(f"readers={readers} is no sample", remedy="ask for at least 1")
    sample = _sample(home, author_id, readers, seed)
    tweet_id = _post(home, text, author_id)
    rows = []
    for at, (user_id, group) in enumerate(sample):
        rows.append(_read(home, user_id, group, tweet_id, k))
        progress(at + 1, len(sample), f"{at + 1} readers")
    return PostScores(tweet_id, author_id, text, k, pl.DataFrame(rows, schema_overrides={"position": pl.Int64}))


def _sample(home: LocalHome, author_id: int, most: int, seed: int) -> list[tuple[int, str]]:
    """Readers and their groups, at most `most`."""
    users, graph = home.state.network.users, home.state.network.graph
    active = users.rows(_active(home))
    author = int(users.rows(np.array([author_id], np.int64))[0])
    active = active[(active >= 0) & (active != author)]
    drawn = active[np.argsort(Stream(seed, "readers of an own post").uniform(active)[:, 0], kind="stable")]
    follows = graph.follows(drawn, np.full(len(drawn), author, np.int64))
    half = min((most + 1) // 2, int(follows.sum()))
    picked = [(row, FOLLOWERS) for row in drawn[follows][:half].tolist()]
    picked += [(row, OTHERS) for row in drawn[~follows][: most - half].tolist()]
    if not picked:
        raise ConfigError(f"nobody but user {author_id} reads in {home.dataset.name}", remedy="choose another data set")
    return [(int(users.ids[row]), group) for row, group in picked]


def _active(home: LocalHome) -> I64:
    """Ids of the users who asked for a feed lately, ascending."""
    if "requests" not in home.dataset.tables:
        return np.sort(home.state.network.users.ids)
    lately = home.dataset.scan("requests").filter(pl.col("time_us") > home.time_us - ACTIVE_US)
    return lately.select(pl.col("user_id").unique().sort()).collect()["user_id"].to_numpy()


def _post(home: LocalHome, text: str, author_id: int) -> int:
    """Posts it a millisecond after all that happened."""
    try:
        check_length(text)
    except ProblemError as problem:
        what, _, remedy = problem.detail.rpartition("; ")
        raise ConfigError(what, remedy=remedy) from problem
    network, time_us = home.state.network, (home.time_us // 1000 + 1) * 1000
    code = int(network.user.language[network.users.rows(np.array([author_id], np.int64))[0]])
    tweet_id = int(snowflake(np.array([time_us], np.int64), np.zeros(1, np.int64), worker=_WORKER)[0])
    language = None if code < 0 else network.languages[code]
    home.take(
        event(
            "tweets", tweet_id=tweet_id, time_us=time_us, author_id=author_id, kind="original",
            conversation_id=tweet_id, text=text, language=language, media_count=0,
        )
    )  # fmt: skip
    return tweet_id


def _read(home: LocalHome, user_id: int, group: str, tweet_id: int, k: int) -> dict[str, object]:
    result: FunnelResult = home.run(user_id, k)
    scored, value = result.trace.scored, home.value(user_id, tweet_id)
    others = scored.columns["value"][scored.columns["tweet_id"] != tweet_id]
    why = result.trace.why(tweet_id)
    return {
        "user_id": user_id,
        "group": group,
        "value": value,
        "value_rank": int((others > np.float32(value)).sum()) + 1,
        "candidates": len(others) + 1,
        "sources": " ".join(why.sources),
        "removed_by": why.removed_by or "",
        "position": why.position,
    }
