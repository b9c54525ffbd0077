"""Explanations of feeds and tweets as tables."""

from __future__ import annotations

from typing import Any

import polars as pl

from candidates.explanation import FeedExplanation, TweetExplanation
from experiments.cli.console import table
from experiments.live.explain_rows import rows_about
from experiments.live.own_post import PostScores


def feed_tables(found: FeedExplanation, texts: pl.DataFrame) -> list[Any]:
    """The feed, then how many candidates each source brought and each filter dropped."""
    words = words_of(texts)
    rows = [
        (
            words.get(one.tweet_id, ""),
            one.tweet_id,
            "\n".join(one.sources),
            f"{one.value:.4g}",
            "\n".join(f"{step.stage} {step.factor:.3g}" for step in one.steps if step.factor != 1.0),
            f"{one.steps[0].rank_before} to {one.steps[-1].rank_after}",
        )
        for one in found.tweets
    ]
    heads = ["tweet", "id", "sources", "value", "factors", "rank"]
    return [
        table(f"Home feed of user {found.user_id}; ranks by value alone, then in the feed", heads, rows),
        sentence(found),
        *(f"left out: {name}: {reason}" for name, reason in found.degraded.items()),
        "One tweet in full: --tweet ID; all of them as a page: --html FILE.",
    ]


def sentence(found: FeedExplanation) -> str:
    """The counts of a run in one line."""
    fetched = ", ".join(f"{count} by {name}" for name, count in found.fetched.items())
    dropped = ", ".join(f"{count} {reason}" for reason, count in found.removed.items() if count) or "none"
    after = "".join(f", {count} {reason}" for reason, count in found.removed_after.items() if count)
    return (
        f"Brought {fetched}: {found.candidates} different ones. Dropped: {dropped}. "
        f"Scored {found.scored}{after and f', removed after selection{after[1:]}'}, shown {len(found.tweets)}."
    )


def tweet_tables(one: TweetExplanation, texts: pl.DataFrame) -> list[Any]:
    """One tweet in full."""
    out: list[Any] = [f"{words_of(texts).get(one.tweet_id, '(not in the data set)')}\n{one.sentence}"]
    return out + [table(about.title, list(about.heads), about.rows) for about in rows_about(one)]


def post_table(found: PostScores) -> Any:
    """What each group of readers would get of the tweet."""
    rows = [
        (
            row["group"],
            row["readers"],
            f"{row['brought_pct']:.0f}%",
            f"{row['shown_pct']:.0f}%",
            *(f"{row[f'value_{decile}'] + 0.0:.4g}" for decile in ("p10", "p50", "p90")),
            *(f"{row[f'value_rank_{decile}']:.0f}" for decile in ("p10", "p50", "p90")),
            f"{row['candidates']:.0f}",
        )
        for row in found.summary().iter_rows(named=True)
    ]
    heads = ["readers", "number", "brought", f"in the first {found.k}", "value p10", "p50", "p90"]
    return table("The tweet in its readers' feeds", [*heads, "rank p10", "p50", "p90", "of"], rows)


def words_of(texts: pl.DataFrame) -> dict[int, str]:
    """`@author text` by tweet id."""
    return {row["tweet_id"]: f"@{row['author']} {row['text']}" for row in texts.iter_rows(named=True)}
