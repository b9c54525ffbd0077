"""Which planted bursts of a made world scorers find, at a given number of false alarms.

The hashtags of a world's log run through the counts of trends, and the scores become alarms as in the study of streams.
Bursts of a world build up over hours, so that a burst is found when an alarm comes from its start until shortly after
its peak. Alarms on any other hashtag are false, on the world's weekly hashtags among them. There is no oracle: nobody
knows the rate at which people would write a hashtag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from candidates.trends.counts import Counts, CountsConfig
from candidates.trends.scorer import TrendScorer
from candidates.trends.scorers import TREND_SCORERS
from data.batch import I64
from data.dataset import Dataset
from data.errors import ConfigError
from data.events import DAY_US, MINUTE_US
from data.progress import Progress, no_progress
from data.tweet_text import fold
from experiments.realism.hashtags import Uses, uses_of
from experiments.realism.log import Log
from experiments.studies.trend_alarms import Detection, Scores, Truth, detect, joined
from experiments.studies.trends import look, scorers_of

_LATE_MIN = 10
_TAIL_MIN = 120


class WorldTrendsConfig(BaseModel):
    """How a world is judged."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    scorers: tuple[str, ...] = tuple(TREND_SCORERS)
    """Names of `TREND_SCORERS`; those that use seasons also run without them."""
    false_alarms: tuple[float, ...] = Field(default=(2.0, 10.0), min_length=1)
    """False alarms a day over all hashtags."""
    history_days: int = Field(default=7, ge=1)
    """Days before the first that is judged: after a week, weekly hashtags were seen once."""
    window_min: int = Field(default=60, ge=5, le=60)
    """Minutes of the window; a small world needs a wide one."""


@dataclass(frozen=True)
class WorldTrendsResult:
    """Everything that was found in one world."""

    data: str
    hashtags: int
    uses: int
    bursts: int
    days: float
    window_min: int
    rows: tuple[Detection, ...]


def study_world_trends(folder: Path, config: WorldTrendsConfig, progress: Progress = no_progress) -> WorldTrendsResult:
    """Runs a world's hashtags through all scorers.

    Raises:
        ConfigError: the folder holds no truth of bursts, or too few days.
    """
    if not (folder / "truth" / "shocks.parquet").exists():
        raise ConfigError(f"{folder} has no truth/shocks.parquet", remedy="only made worlds know their bursts")
    dataset = Dataset.open(folder)
    low, high = dataset.time_range_us()
    first = low + config.history_days * DAY_US
    if first + DAY_US > high:
        raise ConfigError(f"{folder} has {(high - low) / DAY_US:.0f} days", remedy="give it more, or less history_days")
    uses = uses_of(Log(dataset))
    truth = _truth_of(folder / "truth", uses, first, high)
    scorers = scorers_of(config.scorers)
    scores = _run(uses, scorers, config, first, progress)
    rows = [detect(name, allowed, [truth], [scores[name]]) for allowed in config.false_alarms for name in scorers]
    rows.sort(key=lambda one: (one.false_alarms, -one.recall))
    return WorldTrendsResult(
        str(folder), len(uses.names), len(uses.tag), len(truth.term), truth.days, config.window_min, tuple(rows)
    )  # fmt: skip


def _truth_of(folder: Path, uses: Uses, first: int, high: int) -> Truth:
    code = {name: at for at, name in enumerate(uses.names)}
    shocks = pl.read_parquet(folder / "shocks.parquet").filter(
        (pl.col("start_us") >= first) & (pl.col("peak_us") < high)
    )  # fmt: skip
    term = np.array([code.get(fold(tag), -1) for tag in shocks["tag"].to_list()], np.int64)
    shocks, term = shocks.filter(term >= 0), term[term >= 0]
    volume = shocks["volume"].to_numpy()
    weekly = pl.read_parquet(folder / "weekly_tags.parquet")["tag"].to_list() if _exists(folder) else []
    return Truth(
        term,
        shocks["start_us"].to_numpy(),
        shocks["peak_us"].to_numpy() + _LATE_MIN * MINUTE_US,
        shocks["end_us"].to_numpy() + _TAIL_MIN * MINUTE_US,
        (volume > 20).astype(np.int64),
        ("up to 20 tweets", "over 20 tweets"),
        np.array([code[fold(tag)] for tag in weekly if fold(tag) in code], np.int64),
        np.zeros(0, np.int64),
        (high - first) / DAY_US,
    )


def _exists(folder: Path) -> bool:
    return (folder / "weekly_tags.parquet").exists()


def _run(
    uses: Uses, scorers: Mapping[str, TrendScorer], config: WorldTrendsConfig, first: int, progress: Progress
) -> dict[str, Scores]:
    counts = Counts(CountsConfig(step_s=60, window_min=config.window_min, cells=1 << 18, seasons=1 << 18, places=2))
    kept: dict[str, list[Scores]] = {
        name: [Scores(*(np.zeros(0, np.int64),) * 2, *(np.zeros(0),) * 2)] for name in scorers
    }
    minutes = uses.time_us // MINUTE_US
    cuts: I64 = np.r_[np.flatnonzero(np.diff(minutes, prepend=-1)), len(minutes)]
    for at, (start, stop) in enumerate(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)):
        if at % 1_000 == 0:
            progress(start, len(minutes), "hashtags")
        part = slice(start, stop)
        places = np.full((stop - start, 3), -1, np.int64)
        places[:, 0] = 0
        counts.add(uses.time_us[part], uses.tag[part] + 1, places, uses.author[part], np.ones(stop - start, bool))
        if uses.time_us[start] < first:
            counts.noted()
            continue
        for name, one in look(counts, scorers):
            kept[name].append(one)
    return {name: joined(parts) for name, parts in kept.items()}
