"""No column tells the truth by how it is written: bits of ids, digits of times, tails of floats, the order of rows.

A classifier is trained on what has no meaning in a column, and judged on people or tweets that it has not seen. Its
area under the ROC curve (AUC) must lie no more than `LIMIT` standard deviations above one half, deviations of the same
AUC with labels permuted. Columns whose published meaning may tell are named in `MEANING`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from data.dataset import Dataset
from data.schema import TABLES
from data.synthetic.attributes import SPAM
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.people import KINDS
from data.synthetic.retention import LEFT
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingFeed

F64 = NDArray[np.float64]
CONFIG = WorldConfig(
    people=1500, days=6, follows=25.0, annotated=4000, seed=9, tweets_per_day=1.5, tick_min=30, state_at=1.0,
    impressions_per_day=25.0, deleted_share=0.05, retention={"leaving": 0.04, "joins_per_day": 0.01},
    surveys={"satisfaction_rate": 0.1, "tweet_rate": 0.05},
)  # fmt: skip
LIMIT = 4.5
"""Three in a million, for some four hundred columns and questions."""
PERMUTATIONS = 200
LEAST = 25
"""People or tweets of the smaller class below which nothing can be said."""

MEANING = {
    "language", "place", "utc_offset_min", "verified", "device", "ended", "kind", "text", "media_count", "product",
    "policy", "position", "source", "action", "value", "answer", "annotator", "task", "label",
    # By its law it tells how many impressions of the day came before.
    "surveys.propensity",
}  # fmt: skip
PEOPLE = ("user_id", "author_id", "follower_id", "followee_id", "muted_id", "blocked_id")
REFERENCES = {*PEOPLE, "tweet_id", "request_id", "referenced_id", "conversation_id"}
"""Columns with ids that another table makes, where they are tested."""

WRITTEN = [name for name in TABLES if name not in ("suggestions", "undos")]
"""The tables of a world: it suggests nobody, and nobody in it takes anything back."""


class Labels(NamedTuple):
    """What must not be told of people or tweets: ids, ascending, and a column of True and False a question."""

    id: NDArray[np.int64]
    asked: dict[str, NDArray[np.bool_]]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_world(CONFIG, tmp_path_factory.mktemp("worlds") / "one", feed=LoggingFeed())


@pytest.fixture(scope="module")
def people(dataset: Dataset) -> Labels:
    """Those who had an account at the start: who came later is young, which a column says."""
    world = World.open(dataset.truth)
    one, count = world.people, CONFIG.people
    kinds = {name: one.kind == KINDS.index(name) for name in ("bot", "lurker", "toxic")}
    kinds["public"] = np.isin(one.kind, [KINDS.index("celebrity"), KINDS.index("news")])
    asked = kinds | {"left": world.saved().lives.status == LEFT, "susceptible": one.susceptibility > 1.0}
    return Labels(one.user_id[:count], {name: column[:count] for name, column in asked.items()})


@pytest.fixture(scope="module")
def tweets(dataset: Dataset) -> Labels:
    """Originals: a retweet has what it repeats, and an answer takes after what it answers."""
    hidden = World.open(dataset.truth).hidden
    assert hidden is not None
    kept = dataset.scan("tweets").sort("tweet_id").select(pl.col("kind") == "original").collect()["kind"].to_numpy()
    c = hidden.columns
    asked = {name: c[name] > 0 for name in ("bait", "outrage", "usefulness", "toxicity", "quality", "virality")}
    asked["spam"] = c["style"] == SPAM
    return Labels(hidden.tweet_id[kept], {name: column[kept] for name, column in asked.items()})


def bits(values: NDArray[np.int64], count: int) -> list[NDArray[np.bool_]]:
    return [(values >> at & 1) == 1 for at in range(count)]


def digits(values: NDArray[np.int64], *units: int) -> list[NDArray[np.bool_]]:
    return [values // unit % 10 == digit for unit in units for digit in range(10)]


def unmeant(name: str, column: pl.Series) -> F64:
    """[N, F] all of a column that has no meaning, as zeros and ones."""
    values = column.to_numpy()
    if column.dtype == pl.String:
        coded = column.hash(seed=1).to_numpy().astype(np.int64)
        ends = column.str.slice(-1).to_physical().hash(seed=2).to_numpy().astype(np.int64)
        found = bits(coded, 12) + bits(ends, 12) + bits(column.str.len_chars().to_numpy().astype(np.int64), 1)
    elif column.dtype == pl.Float32:
        found = bits(values.view(np.int32).astype(np.int64), 12) + digits((np.abs(values) * 1e6).astype(np.int64), 1)
    elif column.dtype == pl.Float64:
        found = bits(values.view(np.int64), 24) + digits((np.abs(values) * 1e9).astype(np.int64), 1, 10)
    elif name.endswith("_us"):
        found = bits(values % 1000, 10) + digits(values, 1, 10, 100, 1000, 10_000, 100_000)
    elif name.endswith("_id"):
        found = bits(values, 24) + digits(values, 1, 10, 100)
    elif name == "row":
        found = bits(values, 8) + digits(values, 1)
    elif name == "tie":
        found = [values == place for place in range(4)]
    else:
        found = bits(values.astype(np.int64), 4) + digits(values.astype(np.int64), 1)
    out = np.stack(found, axis=1).astype(np.float64)
    return out[:, out.min(axis=0) < out.max(axis=0)]


def probed(table: str, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each column of a table that is no reference and tells nothing by its meaning, where it is filled."""
    spec = TABLES[table]
    for name in spec.columns:
        own = name == spec.key or name not in REFERENCES
        if own and name not in MEANING and f"{table}.{name}" not in MEANING:
            yield name, frame.filter(pl.col(name).is_not_null())
    yield "row", frame
    yield "tie", frame


def read(dataset: Dataset, table: str) -> pl.DataFrame:
    """A table as it lies on disk, with the place of each row in it and among rows of the same time."""
    spec, time = TABLES[table], pl.col(TABLES[table].time)
    frame = dataset.scan(table).select(pl.all().exclude("row")).collect()
    frame = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    frame = frame.with_columns(tie=(pl.col("row") - pl.col("row").min().over(time)).cast(pl.Int64))
    assert frame[spec.key].n_unique() == len(frame)
    if table == "impressions":
        # The first of a slate: how far down people look is what positions mean, and ids count them.
        return frame.filter(pl.col("position") == 0)
    if table == "engagements":
        # An answer is two rows of one time, which their actions say.
        return frame.filter(pl.col("request_id").is_not_null())
    # Follows of who joins are made at once, by and of those who are there, which the time says.
    return frame.filter(pl.col("time_us") < CONFIG.start_us) if table == "follows" else frame


def sampled(ids: NDArray[np.int64], known: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[G] those of `known` with rows enough, and [G, R] as many rows of each: how many rows one has is no secret."""
    rng = np.random.default_rng(5)
    shuffled = rng.permutation(len(ids))
    order = shuffled[np.argsort(ids[shuffled], kind="stable")]
    first, last = (np.searchsorted(ids[order], known, side=side) for side in ("left", "right"))
    counts = last - first
    each = next((n for n in (8, 4, 2) if (counts >= n).sum() >= 0.6 * (counts > 0).sum()), 1)
    who = np.flatnonzero(counts >= each)
    return who, order[first[who][:, None] + np.arange(each)]


def ranks(scores: F64) -> F64:
    _, at, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[at]


def deviations(x: F64, label: NDArray[np.bool_], *, forest: bool = False) -> float:
    """How many standard deviations of permuted labels the AUC of one half lies above 1/2, by a model of the other.

    `x` is [G, R, F]: R rows of each of G people or tweets. The model has seen none of those whose labels are permuted,
    so that they are alike to it if nothing tells.
    """
    rng = np.random.default_rng(7)
    test = rng.permutation(len(label)) % 2 == 1
    rank = ranks((trees if forest else ridge)(x[~test], label[~test], x[test]))
    shuffled = np.argsort(rng.random((PERMUTATIONS, len(rank))), axis=1)[:, : int(label[test].sum())]
    permuted = rank[shuffled].sum(axis=1)
    return float((rank[label[test]].sum() - permuted.mean()) / max(permuted.std(), 1e-9))


def ridge(x: F64, label: NDArray[np.bool_], other: F64) -> F64:
    rows = x.reshape(-1, x.shape[2])
    mean = rows.mean(axis=0)
    rows = rows - mean
    y = np.repeat(label, x.shape[1]) - label.mean()
    weight = np.linalg.solve(rows.T @ rows + 10.0 * np.eye(len(mean)), rows.T @ y)
    scores: F64 = np.round(((other - mean) @ weight).mean(axis=1), 12)
    return scores


def trees(x: F64, label: NDArray[np.bool_], other: F64) -> F64:
    model = HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=15, random_state=1)
    model.fit(x.reshape(-1, x.shape[2]), np.repeat(label, x.shape[1]))
    scores: F64 = model.decision_function(other.reshape(-1, other.shape[2])).reshape(other.shape[:2]).mean(axis=1)
    return scores


def told(frame: pl.DataFrame, columns: list[str], of: str, labels: Labels, *, forest: bool = False) -> dict[str, float]:
    """Deviations by question, from columns of the rows whose column `of` names a person or tweet."""
    who, rows = sampled(frame[of].fill_null(-1).to_numpy(), labels.id)
    some = frame[rows.ravel()]
    x = np.concatenate([unmeant(name, some[name]) for name in columns], axis=1)
    if not x.shape[1]:
        return {}
    enough = {name: y[who] for name, y in labels.asked.items() if LEAST <= y[who].sum() <= len(who) - LEAST}
    x = x.reshape(*rows.shape, -1)
    return {name: deviations(x, y, forest=forest) for name, y in enough.items()}


def test_every_column_is_probed_or_named() -> None:
    columns = {f"{table}.{name}" for table, spec in TABLES.items() for name in spec.columns}
    plain = {name.partition(".")[2] for name in columns}
    assert all(name in columns if "." in name else name in plain for name in MEANING | REFERENCES)


def test_every_table_of_the_world_is_probed(dataset: Dataset) -> None:
    assert [name for name in TABLES if name in dataset.tables] == WRITTEN


@pytest.mark.parametrize("table", WRITTEN)
def test_nothing_unmeant_tells_who_people_are_and_who_leaves(dataset: Dataset, people: Labels, table: str) -> None:
    frame, found = read(dataset, table), {}
    for of in (name for name in PEOPLE if name in TABLES[table].columns):
        for column, rows in probed(table, frame):
            for question, z in told(rows, [column], of, people).items():
                found[of, column, question] = z
    # There are few mutes and blocks in so small a world; the same lines make them as follows in the feed.
    assert found or table in ("deletions", "annotations", "mutes", "blocks")
    assert {key: z for key, z in found.items() if z > LIMIT} == {}


@pytest.mark.parametrize("table", [name for name in WRITTEN if "tweet_id" in TABLES[name].columns])
def test_nothing_unmeant_tells_what_tweets_are(dataset: Dataset, tweets: Labels, table: str) -> None:
    frame, found = read(dataset, table), {}
    for column, rows in probed(table, frame):
        for question, z in told(rows, [column], "tweet_id", tweets).items():
            found[column, question] = z
    assert found
    assert {key: z for key, z in found.items() if z > LIMIT} == {}


@pytest.mark.parametrize(
    ("table", "of", "questions"),
    [("users", "user_id", ("bot", "left")), ("tweets", "author_id", ("bot",)), ("tweets", "tweet_id", ("bait",))],
)
def test_trees_find_nothing_in_all_of_it_together(
    dataset: Dataset, people: Labels, tweets: Labels, table: str, of: str, questions: tuple[str, ...]
) -> None:
    frame, labels = read(dataset, table), tweets if of == "tweet_id" else people
    columns = [name for name, _ in probed(table, frame)]
    asked = Labels(labels.id, {name: labels.asked[name] for name in questions})
    found = told(frame, columns, of, asked, forest=True)
    assert set(found) == set(questions)
    assert max(found.values()) < LIMIT, found


def test_a_leak_into_a_part_of_the_rows_is_found(dataset: Dataset, people: Labels, tweets: Labels) -> None:
    """The control: one bit says a label in a third of the rows, or in half of those of few people, or the order of two
    rows does."""
    rng = np.random.default_rng(11)

    def leaked(
        table: str, of: str, labels: Labels, question: str, share: float = 0.33
    ) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
        frame = read(dataset, table)
        truth = pl.DataFrame({of: labels.id, "truth": labels.asked[question]})
        frame = frame.join(truth, on=of, how="left", maintain_order="left")
        return frame, frame["truth"].fill_null(False).to_numpy() & (rng.random(len(frame)) < share)

    def seen(frame: pl.DataFrame, column: str, of: str, labels: Labels, question: str) -> float:
        return told(frame, [column], of, Labels(labels.id, {question: labels.asked[question]}))[question]

    for table, of, labels, question, share in (
        # One row each of some 190 bots: a third is 4.6 deviations in the mean of ten draws, half is 7.
        ("users", "user_id", people, "bot", 0.5), ("users", "user_id", people, "left", 0.33),
        ("tweets", "author_id", people, "bot", 0.33), ("tweets", "tweet_id", tweets, "bait", 0.33),
    ):  # fmt: skip
        key = TABLES[table].key
        frame, leak = leaked(table, of, labels, question, share)
        own = frame.with_columns(pl.Series("written", frame[key].to_numpy() | leak.astype(np.int64)))
        assert seen(own.rename({key: "was", "written": key}), key, "was" if of == key else of, labels, question) > LIMIT
    frame, leak = leaked("impressions", "user_id", people, "bot", 0.5)  # bots look at little
    score = frame["score"].to_numpy().copy()
    score.view(np.int32)[leak] |= 1
    score.view(np.int32)[~leak & (rng.random(len(leak)) < 0.33)] &= ~1
    assert seen(frame.with_columns(score=score), "score", "user_id", people, "bot") > LIMIT
    frame, _ = leaked("requests", "user_id", people, "left")
    # Of each two rows, whose person will leave comes first.
    place = np.arange(len(frame)) // 2 * 2 + np.where(frame["truth"].fill_null(False).to_numpy(), 0, 1)
    frame = frame.with_columns(row=np.argsort(np.argsort(place, kind="stable"), kind="stable"))
    assert seen(frame, "row", "user_id", people, "left") > LIMIT
