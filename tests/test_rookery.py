"""`import rookery`: quick and lazy, its verbs on a tiny world, and what hides its packages."""

import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import pytest

import rookery
from data.batch import Ragged
from data.errors import ConfigError, DataError, ModelError, NotFoundError
from experiments.simulation.worlds import default_name, preset_config

pytestmark = pytest.mark.slow

ROOT = Path(rookery.__file__).parent
SMALL = {"people": 300, "days": 4, "tweets_per_day": 0.7}


class Newest:
    """Newest first."""

    reads = ("tweet.age_h",)

    def score(self, batch):
        """[N]."""
        return -batch.column("tweet.age_h")


def _distinct_authors(ranked):
    """[B] distinct authors over places that hold a tweet."""
    authors, filled = ranked.in_places(ranked.column("author_id")), ranked.slates.lengths
    return np.array([len(set(row[:n])) / max(n, 1) for row, n in zip(authors, filled, strict=True)])


AUTHORS = rookery.RequestMetric("distinct_authors", ("score", "author_id"), _distinct_authors)


@pytest.fixture(scope="module")
def home(home, tmp_path_factory):
    """A home without models; texts are encoded as in the session's."""
    folder = tmp_path_factory.mktemp("rookery")
    (folder / "cache").symlink_to(home / "cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROOKERY_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def world(home):
    return rookery.make_world("tiny", settings=SMALL)


@pytest.fixture(scope="module")
def model(world):
    return rookery.train(world, "two_tower", settings={"training": {"epochs": 2}})


@pytest.fixture(scope="module")
def evaluation(world, model):
    return rookery.evaluate(
        world, model.reference, "popularity", scorers={"newest": Newest()}, requests=150, metrics=["novelty", AUTHORS]
    )


def _reader(world):
    return int(world.scan("requests").select("user_id").first().collect().item())


def _shown(result):
    """What a notebook does with a result: its HTML, its figure as a picture, its rows."""
    assert result.plot()._repr_png_().startswith(b"\x89PNG")
    html = result._repr_html_()
    assert html.startswith("<div>")
    assert len(result.to_polars())
    return html


def _python(code, *, path=(), **more):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, path), str(ROOT)]), **more}
    return subprocess.run(
        [sys.executable, *code],
        env=environment,
        cwd=path[0] if path else None,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_is_quick_and_lazy():
    code = (
        "import sys, time; began = time.process_time(); import rookery; took = time.process_time() - began\n"
        "heavy = [name for name in ('torch', 'polars', 'numpy', 'pydantic', 'mlflow') if name in sys.modules]\n"
        "print(took, heavy)"
    )
    runs = [_python(["-c", code]).stdout.split(maxsplit=1) for _ in range(3)]
    assert [heavy.strip() for _, heavy in runs] == ["[]"] * 3
    assert min(float(took) for took, _ in runs) < 0.2


def test_every_public_name_is_there_and_documented():
    for name in rookery.__all__:
        one = getattr(rookery, name)
        assert one.__doc__, name
        if name[0].islower():
            assert ">>> " in one.__doc__, name
    assert set(rookery.__all__) <= set(dir(rookery))
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        _ = rookery.evaluat


@pytest.mark.parametrize("hidden", ["data", "experiments"])
@pytest.mark.parametrize("kind", ["package", "module"])
def test_a_package_that_hides_ours_gives_one_line(tmp_path, hidden, kind):
    if kind == "package":
        (tmp_path / hidden).mkdir()
        (tmp_path / hidden / "__init__.py").write_text("")
    else:
        (tmp_path / f"{hidden}.py").write_text("")
    done = _python(["-c", "import rookery"], path=[tmp_path])
    line = done.stderr.splitlines()[-1]
    assert line.startswith(
        f"ImportError: Rookery's package '{hidden}' cannot be imported, another one is found first: "
    )
    assert str(tmp_path) in line
    script = tmp_path / "bin" / "rookery"
    script.parent.mkdir()
    script.write_text("from rookery import main\nmain()\n")
    command = _python([str(script), "--help"], path=[tmp_path])
    assert command.returncode == 2
    assert command.stderr == f"rookery: {line.removeprefix('ImportError: ')}\n"


def test_a_plain_folder_of_the_same_name_hides_nothing_here(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log.csv").write_text("")
    assert _python(["-c", "import rookery"], path=[tmp_path]).returncode == 0


def test_the_command_enters_where_the_check_is():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["scripts"]["rookery"] == "rookery:main"
    help_ = _python(["-m", "rookery", "--help"])
    assert help_.returncode == 0
    assert "laboratory for ranking" in help_.stdout


def test_a_world_is_made_once_and_shown(world):
    html = _shown(world)
    assert world.content_hash[:16] in html
    assert 300 <= dict(world.to_polars().select("table", "rows").iter_rows())["users"] < 310  # some join
    before = (world.folder / "manifest.json").stat().st_mtime_ns
    again = rookery.make_world("tiny", settings=SMALL)
    assert (again.folder / "manifest.json").stat().st_mtime_ns == before
    assert rookery.open_dataset(str(world.folder)).content_hash == world.content_hash
    assert world.folder.name.startswith("tiny-")  # the preset's own world keeps its folder
    assert preset_config("tiny", {}) != preset_config("tiny", SMALL)
    assert default_name("tiny", preset_config("tiny", {})) == "tiny"


def test_wrong_settings_are_one_line(world, tmp_path):
    with pytest.raises(ConfigError, match=r"^[^\n]*peple[^\n]*$"):
        rookery.make_world("tiny", settings={"peple": 3})
    with pytest.raises(ConfigError, match="tiny"):
        rookery.make_world("tinny")
    with pytest.raises(ConfigError, match="two_tower"):
        rookery.train(world, "two_towr")
    with pytest.raises(rookery.RookeryError, match="is not a data set"):
        rookery.open_dataset(tmp_path)


def test_training_shows_its_epochs(model):
    assert model.reference in _shown(model)
    assert model.to_polars()["epoch"].to_list() == [1, 2]
    assert "<td>1<" in model._repr_html_()
    bundle = rookery.load_model(model.reference)
    assert (bundle.name, bundle.version) == ("two_tower", model.result.version)
    assert len(repr(bundle)) < 1000


def test_a_scorer_of_a_cell_is_evaluated_like_ours(evaluation):
    html = _shown(evaluation)
    assert "newest" in html
    assert "AUC" in html
    assert "auc@20" not in html
    assert "novelty@20" in html
    frame = evaluation.to_polars()
    assert set(frame["reference"]) == {"v1", "popularity", "newest", "oracle", "welfare_oracle"}
    assert {"ndcg", "recall", "auc", "true_value", "true_welfare", "novelty", "distinct_authors"} == set(
        frame["metric"]
    )
    one = frame.filter(pl.col("reference") == "newest", pl.col("metric") == "ndcg").row(0, named=True)
    assert one["low"] <= one["value"] <= one["high"]


def test_a_scorer_of_a_cell_is_compared_by_its_name(evaluation, model):
    compared = rookery.compare("popularity", "newest", model.reference)
    assert "minus popularity" in _shown(compared)
    frame = compared.to_polars()
    assert frame.filter(pl.col("reference") == "popularity")["difference"].is_null().all()
    ours = evaluation.to_polars().filter(pl.col("reference") == "newest", pl.col("metric") == "ndcg")["value"].item()
    assert frame.filter(pl.col("reference") == "newest", pl.col("metric") == "ndcg")["value"].item() == ours
    assert len(compared.segments())
    authors = rookery.compare("popularity", "newest", metrics=["distinct_authors"]).to_polars()
    assert authors["value"].is_between(0.05, 1).all()
    with pytest.raises(NotFoundError, match="was never evaluated"):
        rookery.compare("popularity", "recency")


@pytest.mark.parametrize("name", ["popularity", "oracle", "welfare_oracle", "v3", "My Scorer", "als"])
def test_a_name_that_means_something_else_is_refused(world, name):
    with pytest.raises(ConfigError, match=name):
        rookery.evaluate(world, scorers={name: Newest()})


def test_a_column_that_is_not_there_is_named(world):
    scorer = Newest()
    scorer.reads = ("tweet.agee_h",)
    with pytest.raises(ModelError, match=r"tweet\.agee_h"):
        rookery.evaluate(world, scorers={"mine": scorer})


class _NoReads:
    def score(self, batch):
        return batch.column("tweet.age_h")


class _OneText(Newest):
    reads = "tweet.age_h"


class _Failing(Newest):
    def score(self, batch):
        raise ValueError("boom")


@pytest.mark.parametrize(
    ("models", "options", "line"),
    [
        ((), {}, "name at least one model or scorer"),
        ((rookery.compare,), {}, "is no name"),
        ((), {"scorers": [Newest()]}, "name each: scorers="),
        ((), {"scorers": {"mine": Newest}}, r"'mine' is a class; pass an object: Newest\(\)"),
        ((), {"scorers": {"mine": _NoReads()}}, "scorer 'mine', a _NoReads, lacks `reads` or `score`"),
        ((), {"scorers": {"mine": _OneText()}}, r"write \('tweet.age_h',\)"),
        (("popularity",), {"metrics": "novelty"}, r"write metrics=\['novelty'\]"),
        (("popularity",), {"metrics": [lambda ranked: 0]}, "is no metric"),
        (
            ("popularity",),
            {"metrics": [rookery.RequestMetric("mine", ("scoer",), _distinct_authors)]},
            "'mine' reads 'scoer'.*did you mean 'score'",
        ),
    ],
)
def test_a_wrong_argument_of_evaluate_is_one_line(world, models, options, line):
    with pytest.raises(ConfigError, match=line) as caught:
        rookery.evaluate(world, *models, requests=20, **options)
    assert "\n" not in str(caught.value)


def test_swapped_arguments_of_a_metric_are_named():
    with pytest.raises(ConfigError, match="`reads` of metric 'mine'"):
        rookery.RequestMetric("mine", "score", _distinct_authors)
    with pytest.raises(ConfigError, match="formula of metric 'mine'"):
        rookery.RequestMetric("mine", ("score",), 3)


def test_an_error_of_my_own_part_is_raised_and_names_the_part(world):
    def wrong(ranked):
        raise KeyError("mine")

    with pytest.raises(ValueError, match="boom") as caught:
        rookery.evaluate(world, scorers={"mine": _Failing()}, requests=20)
    assert caught.value.__notes__ == ["scorer 'mine' failed"]
    with pytest.raises(KeyError) as caught:
        rookery.evaluate(world, "popularity", metrics=[rookery.RequestMetric("mine", ("score",), wrong)], requests=20)
    assert caught.value.__notes__ == ["the formula of metric 'mine' failed"]
    with pytest.raises(ValueError, match="boom") as caught:
        rookery.open_home(world, scorer=_Failing()).feed(_reader(world))
    assert caught.value.__notes__ == ["component 'ask_ranker' failed"]


def test_a_folder_goes_wherever_a_data_set_does(world):
    report = rookery.evaluate(str(world.folder), "popularity", requests=20)
    assert set(report.to_polars()["reference"]) == {"popularity", "oracle", "welfare_oracle"}
    assert rookery.audit(world.folder, encoder="none").data == world.name
    with pytest.raises(ConfigError, match="give a data set or its folder"):
        rookery.train(5)
    for call in (rookery.train, rookery.serve, rookery.open_home):
        with pytest.raises(rookery.RookeryError, match="is not a data set"):
            call(str(world.folder / "none"))


def test_a_home_feed_says_why(world, model):
    feed = rookery.home_feed(world, _reader(world), 10, model=model.reference)
    assert feed.to_polars()["text"][0] in unescape(feed._repr_html_())
    _shown(feed)
    assert len(feed.tweet_ids) == 10
    why = feed.why(feed.tweet_ids[0])
    assert why.position == 0
    assert why.source in {"following", "two_tower", "popular"}
    assert not feed.result.degraded
    assert "merged=" in feed._repr_html_()
    assert "scored=" in feed._repr_html_()
    broken = replace(feed, result=replace(feed.result, degraded={"popular": "failed"}))
    assert "left out: popular: failed" in str(broken)
    with pytest.raises(NotFoundError):
        rookery.home_feed(world, 5, model=model.reference)


class Fresh(rookery.Source):
    """The newest tweets of all."""

    reads = frozenset({"time_us"})

    def __init__(self, state):
        self.state, self.cap = state, 50

    def fetch(self, requests):
        """[B] lists of tweet rows."""
        tweets = self.state.network.tweet
        newest = np.argsort(-tweets.time_us, kind="stable")[: self.cap]
        return Ragged.from_lists([newest] * len(requests))


def test_a_source_and_a_scorer_of_a_cell_make_a_feed(world):
    home = rookery.open_home(world, scorer=Newest(), sources=[Fresh])
    feed = home.feed(_reader(world), 10)
    assert feed.result.trace.fetched["fresh"] == 50
    assert f"{world.rows('users')} users" in repr(home)
    assert (home.feed(_reader(world), 100).to_polars()["text"] != "").all()
    alone = rookery.HomeConfig(
        following_cap=0, popular_cap=0, two_tower_cap=0, newest_cap=0, selector={"kind": "top_k"}
    )
    feed = rookery.open_home(world, scorer=Newest(), sources=[Fresh], config=alone).feed(_reader(world), 10)
    assert set(feed.to_polars()["source"]) == {"fresh"}
    with pytest.raises(ConfigError, match="'fresh'"):
        rookery.open_home(world, scorer=Newest(), sources=[Fresh, Fresh])


class _Ids(Fresh):
    def fetch(self, requests):
        return Ragged.from_lists([self.state.network.tweets.ids[:3]] * len(requests))


class _Lists(Fresh):
    def fetch(self, requests):
        return [[1, 2]] * len(requests)


class _NoFetch(rookery.Source):
    pass


@pytest.mark.parametrize(
    ("sources", "line"),
    [
        (Fresh, r"write sources=\[Fresh\]"),
        ([Newest], "'Newest' is not derived from rookery.Source"),
        ([_NoFetch], "'_NoFetch' has no method fetch"),
        ([lambda state: 5], "built as 5"),
        ([Fresh(None)], "'fresh' is an object; give the class Fresh"),
    ],
)
def test_what_is_no_source_is_one_line(world, sources, line):
    with pytest.raises(ConfigError, match=line):
        rookery.open_home(world, scorer=Newest(), sources=sources)


def test_a_source_that_brings_no_rows_of_tweets_is_named(world):
    for source, line in ((_Ids, "not their ids"), (_Lists, "brought a list")):
        with pytest.raises(DataError, match=line):
            rookery.open_home(world, scorer=Newest(), sources=[source]).feed(_reader(world))


def test_a_user_that_is_no_number_is_one_line(world):
    with pytest.raises(ConfigError, match="user 'abc' is no whole number"):
        rookery.home_feed(world, "abc")


def test_a_network_is_served_until_it_is_closed(world, model):
    user = _reader(world)
    with rookery.serve(world, model.reference) as network:
        assert network.url.startswith("http://127.0.0.1:")
        assert int(network.get("/2/users/me", user_id=user)["data"]["id"]) == user
        posted = network.post("/2/tweets", {"text": "hello"}, user_id=user)["data"]["id"]
        assert network.get(f"/2/tweets/{posted}")["data"]["text"] == "hello"
        assert network.url in network._repr_html_()
        assert network.url in repr(network)
        with pytest.raises(rookery.RookeryError, match="answered 404"):
            network.get("/2/tweets/1")
        with pytest.raises(ConfigError, match="is open in this process; close the network that has it open"):
            rookery.serve(world, model.reference)
    network.close()
    with pytest.raises(ConfigError, match="the network is closed"):
        network.get("/2/users/me", user_id=user)
    with pytest.raises(httpx.ConnectError):
        httpx.get(network.url, trust_env=False)
    rookery.serve(world, model.reference).close()


def test_a_log_is_imported_and_audited(home, tmp_path):
    folder = tmp_path / "ml"
    folder.mkdir()
    rng = np.random.default_rng(1)
    rows = sorted({(u, int(i)) for u in range(1, 30) for i in rng.integers(1, 20, 8)})
    ratings = [f"{u},{i},{rng.integers(1, 6)}.0,{1_000_000_000 + n * 977}" for n, (u, i) in enumerate(rows)]
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "\n".join(ratings) + "\n")
    (folder / "movies.csv").write_text(
        "movieId,title,genres\n" + "\n".join(f"{i},Film {i},Drama" for i in range(1, 20))
    )
    log = rookery.import_log("movielens", folder, tmp_path / "log", min_value=2)
    assert "engagements" in _shown(log)
    audited = rookery.audit(log, encoder="none")
    assert "check" in _shown(audited)
    assert audited.clean == (not (audited.to_polars()["verdict"] == "found").any())
