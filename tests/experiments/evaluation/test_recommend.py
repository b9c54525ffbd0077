"""Lists that go out are those that `evaluate` judges, in each file format; what does not fit is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import ConfigError, DataError, NotFoundError
from data.readers import read_log
from data.splitters import LeaveLastOut
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles
from experiments.evaluation.list_files import ListFile
from experiments.evaluation.protocols.full_catalogue import FullCatalogue
from experiments.evaluation.protocols.protocol import Needs
from experiments.evaluation.recommend import RecommendConfig, recommend
from experiments.evaluation.trec import evaluate_runs, read_run
from experiments.runs.config import RunConfig
from experiments.runs.train import train
from features.catalogue import owners
from features.online import FeatureState
from ranking.artifact import Bundle
from ranking.model_registry import fetch

MAPPING = """
[log]
file = "log.csv"
user = "who"
item = "what"
time = "at"
constants.action = "click"
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """60 users and 40 items with texts as ids; a user likes the items of the own parity."""
    folder, rng = tmp_path_factory.mktemp("shop"), np.random.default_rng(3)
    lines = ["who,what,at"]
    for user in range(60):
        for at in range(2 + user % 9):
            lines.append(f"u{user:02},i{2 * int(rng.integers(20) ** 2 / 20) + user % 2:02},{1_600_000_000 + 60 * at}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    (folder / "shop.toml").write_text(MAPPING)
    return read_log("mapping", folder / "shop.toml", folder / "shop")


@pytest.fixture(scope="module")
def models(shop: Dataset, home: Path) -> list[str]:
    """One that scores all items at once and one with vectors."""
    wanted = {"ease": {}, "two_tower": {"training": {"epochs": 2, "threads": 1, "batch_size": 64}}}
    return [
        f"v{train(shop, RunConfig(scorer=name, settings=settings), home).version}" for name, settings in wanted.items()
    ]


def _judged(shop: Dataset, bundle: Bundle, k: int) -> dict[int, list[int]]:
    """The first k places that an evaluation looks at, by user."""
    names = [name for name in bundle.scorer.reads if name in owners()]
    state = FeatureState(bundle.understanding, views=sorted({owners()[name] for name in names}))
    out = {}
    protocol = FullCatalogue(shop, LeaveLastOut().apply(shop), requests=1000, seed=1)
    for block in protocol.blocks(state, Needs(tuple(bundle.scorer.reads), (), k, k), size=7):
        first = block.scored(bundle.scorer).first
        for at, user in enumerate(block.user_id.tolist()):
            mine = slice(first.offsets[at], first.offsets[at + 1])
            shown = first.columns["tweet_id"][mine][np.isfinite(first.columns["score"][mine])]
            out[user] = shown[:k].tolist()
    return out


@pytest.mark.slow
def test_lists_are_those_that_evaluate_judges(shop: Dataset, models: list[str], home: Path, tmp_path: Path) -> None:
    for name in models:
        bundle = fetch(name, home=home)
        asked = _judged(shop, bundle, 12)
        people = shop.ids("users").originals(list(asked))
        out, qrels = ListFile.of(tmp_path / f"{name}.run"), tmp_path / f"{name}.qrels"
        done = recommend(shop, name, people, RecommendConfig(k=12), out, home, qrels=qrels)
        assert (done.users, done.rows) == (len(asked), sum(len(one) for one in asked.values()))
        run = read_run(out.path)
        items = shop.ids("tweets")
        for user, query in zip(asked, people, strict=True):
            mine = run.filter(pl.col("query") == query).sort("score", descending=True)["item"]
            assert items.ids(mine.to_list()).tolist() == asked[user], query
        report, measured = evaluate_bundles(
            shop, LeaveLastOut().apply(shop), {name: bundle}, EvaluateConfig(k=12, requests=1000)
        )
        (found,) = evaluate_runs([out.path], qrels, k=12)
        frame = measured[name].request_frame()
        assert found.queries == len(frame)
        for metric in ("ndcg", "recall", "map", "mrr", "hit", "precision"):
            assert found.metrics[metric].mean == pytest.approx(frame[metric].mean(), abs=1e-9)
        assert report.rows[0].ndcg.mean == pytest.approx(found.metrics["ndcg"].mean, abs=1e-9)


def test_formats_agree_and_equal_scores_keep_their_order(shop: Dataset, home: Path, tmp_path: Path) -> None:
    frames = {}
    for ending in ("parquet", "csv", "trec"):
        file = ListFile.of(tmp_path / f"lists.{ending}")
        # Popularity gives many items one score.
        recommend(shop, "popularity", None, RecommendConfig(k=15), file, home)
        if ending == "trec":
            run = read_run(file.path)
            assert not run.select(pl.struct("query", "score").is_duplicated()).to_series().any()
            frames[ending] = run.sort("query", "score", descending=[False, True]).select(user="query", item="item")
        else:
            read = pl.read_parquet(file.path) if ending == "parquet" else pl.read_csv(file.path)
            assert read.columns == ["user", "item", "rank", "score"]
            assert read.filter(pl.col("user") == "u08")["rank"].to_list() == list(range(1, 16))
            assert read.select(pl.struct("user", "score").is_duplicated()).to_series().any()
            frames[ending] = read.sort("user", "rank").select("user", "item")
    assert frames["parquet"].equals(frames["csv"])
    assert frames["parquet"].equals(frames["trec"])
    assert frames["csv"]["user"].n_unique() == 60


def test_what_is_known_depends_on_the_split(shop: Dataset, home: Path, tmp_path: Path) -> None:
    ids, pairs = shop.ids("users"), shop.scan("engagements").select("user_id", "tweet_id").unique().collect()
    mine = pairs.filter(pl.col("user_id") == int(ids.ids(["u08"])[0]))["tweet_id"]
    every = shop.rows("tweets")
    for split, least in (("none", 0), ("auto", 1)):
        file = ListFile.of(tmp_path / f"{split}.parquet")
        recommend(shop, "popularity", ["u08"], RecommendConfig(k=100, split=split), file, home)
        listed = set(shop.ids("tweets").ids(pl.read_parquet(file.path)["item"].to_list()).tolist())
        assert len(listed & set(mine)) <= least
        assert every - len(mine) <= len(listed) <= every - len(mine) + least
    with pytest.raises(ConfigError, match="none holds nothing out"):
        recommend(
            shop, "popularity", None, RecommendConfig(split="none"), ListFile.of(tmp_path / "a.csv"), home,
            qrels=tmp_path / "q",
        )  # fmt: skip


def test_a_notebook_has_the_rows_of_the_file(shop: Dataset, home: Path, tmp_path: Path) -> None:
    import rookery

    file = ListFile.of(tmp_path / "lists.parquet")
    recommend(shop, "popularity", ["u08", "u03"], RecommendConfig(k=7), file, home)
    assert rookery.recommend(shop.folder, "popularity", ["u08", "u03"], k=7).equals(pl.read_parquet(file.path))
    with pytest.raises(NotFoundError, match="no user 'nobody'"):
        rookery.recommend(shop, "popularity", ["nobody"])


def test_tweets_that_age_are_refused(tiny_dataset: Dataset, home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="tweets, which age"):
        recommend(tiny_dataset, "popularity", None, RecommendConfig(), ListFile.of(tmp_path / "out.csv"), home)


def test_mistakes_are_refused_and_leave_no_file(shop: Dataset, home: Path, tmp_path: Path) -> None:
    file, config = ListFile.of(tmp_path / "out.trec"), RecommendConfig()
    for people, error, words in (
        (["u01", "nobody"], NotFoundError, "no user 'nobody'"),
        (["u01", "u02", "u01"], DataError, "user 'u01' is named twice"),
        ([], DataError, "no user is named"),
    ):
        with pytest.raises(error, match=words):
            recommend(shop, "popularity", people, config, file, home)
    with pytest.raises(ConfigError, match="says no format"):
        ListFile.of(tmp_path / "out.txt")
    with (
        pytest.raises(DataError, match="item 'a b' has a blank"),
        file.writing("run") as write,
    ):
        write(pl.DataFrame({"user": ["u"], "item": ["a b"], "rank": [1], "score": [0.5]}))
    assert list(tmp_path.iterdir()) == []
