"""Why a feed looks as it does, as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import polars as pl

from candidates.explanation import FeedExplanation, TweetExplanation
from experiments.live.explain_rows import rows_about
from experiments.reports.html import rows_of, write_page


def write_explanation(found: FeedExplanation, texts: pl.DataFrame, model: str, path: Path) -> None:
    """Writes the page, whole or not at all; `texts` has `tweet_id`, `author` and `text`.

    Raises:
        ConfigError: nothing can be written there.
    """
    words = {row["tweet_id"]: f"@{row['author']}: {row['text']}" for row in texts.iter_rows(named=True)}
    when = datetime.fromtimestamp(found.time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    title = f"Home feed of user {found.user_id}"
    body = (
        f"<h1>{escape(title)}</h1><p>Ranked by {escape(model)} at {when}. Open a tweet for the reasons; percentiles "
        "are among the scored candidates of this feed.</p>"
        + "".join(f"<p class=note>left out: {escape(f'{name}: {why}')}</p>" for name, why in found.degraded.items())
        + "".join(_tweet(one, words) for one in found.tweets)
        + ("<h2>Asked about</h2>" + "".join(_tweet(one, words) for one in found.asked) if found.asked else "")
        + _run(found)
    )
    write_page(path, title, body)


def _run(found: FeedExplanation) -> str:
    """What all stages did."""
    counts = [
        *(("brought by", name, count) for name, count in found.fetched.items()),
        ("different candidates", "", found.candidates),
        *(("dropped", reason, count) for reason, count in found.removed.items()),
        ("scored", "", found.scored),
        *(("removed after selection", reason, count) for reason, count in found.removed_after.items()),
        ("shown", "", len(found.tweets)),
    ]
    times = [(name, f"{ms:.2f}") for name, ms in found.stage_ms.items()]
    return (
        f"<section><h2>Candidates</h2>{rows_of(['', '', 'tweets'], counts)}</section>"
        f"<section><h2>Time</h2>{rows_of(['stage', 'ms'], times)}</section>"
    )


def _tweet(one: TweetExplanation, words: Mapping[int, str]) -> str:
    place = one.outcome if one.position is None else f"{one.position + 1}."
    head = f"{place} {words.get(one.tweet_id, f'tweet {one.tweet_id}')}"
    parts = [f"<p>{escape(one.sentence)}</p>"]
    parts += [rows_of(list(about.heads), about.rows) for about in rows_about(one)]
    return f"<details><summary>{escape(head)}</summary>{''.join(parts)}</details>"
