"""Rookery from Python: what the commands do, on the same functions, with results that a notebook shows.

    import rookery

    world = rookery.make_world("tiny")
    model = rookery.train(world, "two_tower")
    rookery.evaluate(world, model.reference, "popularity", "interest_formula")
    rookery.compare("popularity", model.reference)

Runs are kept in `var/` or `ROOKERY_HOME`. Wrong input raises a `RookeryError` of one line: the thing, its value,
the remedy. A data set is an object or a folder. Results have `to_polars()` and `plot()`. More: docs/python.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from candidates.component import Source
    from candidates.funnel import Funnel
    from candidates.products.home import HomeConfig
    from data.batch import Ragged
    from data.errors import RookeryError
    from experiments.notebook.dataset import LabDataset
    from experiments.notebook.home import Home, HomeFeed
    from experiments.notebook.lists import recommend
    from experiments.notebook.own_parts import DatasetOrFolder
    from experiments.notebook.results import Audited, Compared, Evaluation, Training
    from experiments.notebook.server import ServedNetwork
    from ranking.artifact import Bundle
    from ranking.metrics.metric import Metric, RequestMetric
    from ranking.scorer import Scorer
    from serving.projections import MakeSource

__all__ = [
    "Funnel", "HomeConfig", "Ragged", "RequestMetric", "RookeryError", "Source", "audit", "compare", "evaluate",
    "home_feed", "import_log", "load_model", "make_world", "open_dataset", "open_home", "recommend", "serve", "train",
]  # fmt: skip

PACKAGES = ("data", "features", "ranking", "candidates", "serving", "experiments")
"""Rookery's import packages; all lie beside this module."""

_TYPES = {
    "Funnel": "candidates.funnel:Funnel",
    "HomeConfig": "candidates.products.home:HomeConfig",
    "Ragged": "data.batch:Ragged",
    "RequestMetric": "ranking.metrics.metric:RequestMetric",
    "recommend": "experiments.notebook.lists:recommend",
    "RookeryError": "data.errors:RookeryError",
    "Source": "candidates.component:Source",
}
"""What is imported when it is used: what parts of your own are made of, and verbs in modules of their own."""


def make_world(
    preset: str = "tiny", out: str | Path | None = None, *, settings: Mapping[str, Any] | None = None
) -> LabDataset:
    """Makes a synthetic network whose truth is known; a world that is there already is opened.

    Args:
        preset: `tiny`, `demo`, `small`, `medium` or `large`; docs/world.md has their sizes.
        out: the folder to write, where a data set of other settings is replaced; one a world under home when None.
        settings: what differs from the preset, nested as in docs/world.md.

    Raises:
        ConfigError: an unknown preset or setting, or a value out of range.
        DataError: the folder holds something that is no data set.

    Example:
        >>> world = rookery.make_world("tiny", settings={"people": 300, "days": 4, "seed": 7})
        >>> world.rows("users")
        300
    """
    from experiments.notebook.dataset import LabDataset
    from experiments.notebook.display import shown_progress
    from experiments.simulation.worlds import default_name, kept_data, preset_config

    config = preset_config(preset, settings or {})
    folder = Path(out) if out is not None else _home() / "worlds" / default_name(preset, config)
    with shown_progress(f"world of {config.people:,} people x {config.days} days") as progress:
        return LabDataset.open(kept_data(config, folder, progress).folder)


def open_dataset(folder: str | Path) -> LabDataset:
    """Opens a data set on disk: a world, or an imported log.

    Raises:
        DataError: there is no data set, or a file of it is damaged.

    Example:
        >>> rookery.open_dataset("var/worlds/tiny").scan("tweets").select("text").head(3).collect()
    """
    from experiments.notebook.dataset import LabDataset

    return LabDataset.open(Path(folder))


def import_log(
    reader: str, source: str | Path, out: str | Path, *, skip_bad: bool = False, min_value: float | None = None
) -> LabDataset:
    """Imports a public log into a data set. What the log lacks is absent.

    Args:
        reader: a name in docs/data.md, as `movielens`; `mapping` for files whose columns a TOML file names.
        source: the log's folder or file; for `mapping` the TOML file.
        out: the folder to write; a data set that is there is replaced.
        skip_bad: leave out lines that do not fit, and report them, instead of refusing the log.
        min_value: the least value that is an engagement, of logs with values; every line is one when None.

    Raises:
        ConfigError: no such reader, or its logs have no ratings.
        DataError: the log is missing, damaged or of another format.

    Example:
        >>> log = rookery.import_log("movielens", "ml-latest-small", "var/movielens", min_value=4)
    """
    from data.readers import read_log
    from experiments.notebook.dataset import LabDataset

    return LabDataset.open(read_log(reader, Path(source), Path(out), skip_bad=skip_bad, min_value=min_value).folder)


def audit(dataset: DatasetOrFolder, *, rows: int = 400, cuts: int = 2, encoder: str = "static") -> Audited:
    """Looks for leaks and disorder: features that change when the future is cut off, duplicates, cold users, ties.

    Args:
        rows: rows whose features are recomputed at each cut.
        cuts: times at which the future is cut off.
        encoder: the text encoder of features that read texts; `none` leaves these features out.

    Example:
        >>> rookery.audit(world).clean
        True
    """
    from experiments.datasets.audit import AuditConfig, audit_now
    from experiments.notebook.display import shown_progress
    from experiments.notebook.own_parts import opened
    from experiments.notebook.results import Audited
    from experiments.runs.config import validate

    data, config = opened(dataset), validate(AuditConfig, {"rows": rows, "cuts": cuts}, source="the arguments")
    with shown_progress(f"audit {data.name}"):
        return Audited(data.name, audit_now(data, config, encoder, _home()))


def train(
    dataset: DatasetOrFolder,
    scorer: str = "two_tower",
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 1,
    split: str = "auto",
    encoder: str = "static",
) -> Training:
    """Trains a scorer on the training part of a data set, logs the run in MLflow and registers the model.

    The first model becomes `champion`, which `home_feed` and `serve` rank with; each new one becomes `challenger`.

    Args:
        scorer: a name of the catalogue: `rookery scorers list`.
        settings: the scorer's settings, nested: `rookery scorers settings NAME`.
        seed: of initial weights, sampling and shuffling.
        split: how the data set is split into training and test (docs/data.md).
        encoder: the text encoder: `static`, `minilm`, a folder or a name on the hub.

    Raises:
        ConfigError: an unknown scorer or setting.
        DataError: the data set lacks what the scorer learns from.
        ModelError: the loss diverged.

    Example:
        >>> model = rookery.train(world, "two_tower", settings={"training": {"epochs": 3}})
        >>> model.reference
        'v1'
    """
    from experiments.notebook.display import shown_progress
    from experiments.notebook.own_parts import opened
    from experiments.notebook.results import Training
    from experiments.runs.config import RunConfig, validate
    from experiments.runs.train import train as run

    given = {"scorer": scorer, "settings": dict(settings or {}), "seed": seed, "split": split, "encoder": encoder}
    data, config = opened(dataset), validate(RunConfig, given, source="the arguments")
    with shown_progress(f"train {scorer}") as progress:
        return Training(scorer, run(data, config, _home(), progress))


def evaluate(
    dataset: DatasetOrFolder,
    *models: str,
    scorers: Mapping[str, Scorer] | None = None,
    metrics: Sequence[str | Metric] = (),
    requests: int = 1000,
    k: int = 20,
    seed: int = 7,
    split: str = "auto",
) -> Evaluation:
    """Measures models and scorers on one sample of requests, each number with its 95% interval; logs each in MLflow.

    Args:
        models: aliases, versions, run ids, folders, or names of scorers that need no training.
        scorers: scorers of your own by name: objects with `reads` and `score(batch)`; nothing is trained.
        metrics: beside NDCG, recall, AUC, true value and true welfare: names (docs/metrics.md), or objects of your own.
        requests, k: how many requests of the test are sampled; length of the list that is judged.
        seed, split: of the sample and of the bootstrap; how the data set is split, as for `train`.

    Raises:
        NotFoundError: no model of a reference.
        ConfigError: a metric that does not apply, or a name that is taken.
        ModelError: a scorer reads columns that the data set cannot fill.

    Example:
        >>> class Newest:
        ...     reads = ("tweet.age_h",)
        ...     def score(self, batch):
        ...         return -batch.column("tweet.age_h")
        >>> rookery.evaluate(world, "popularity", scorers={"newest": Newest()}).plot()
    """
    from experiments.evaluation.evaluate import EvaluateConfig, evaluate_references
    from experiments.notebook.display import shown_progress
    from experiments.notebook.own_parts import check_metrics, check_models, opened
    from experiments.notebook.results import Evaluation
    from experiments.runs.config import validate

    data, mine, (named, own) = opened(dataset), check_models(models, scorers), check_metrics(metrics)
    options = {"requests": requests, "k": k, "seed": seed, "split": split, "metrics": named}
    config = validate(EvaluateConfig, options, source="the arguments")
    with shown_progress("evaluate") as progress:
        report = evaluate_references(data, models, config, _home(), progress, scorers=mine, metrics=own)
    return Evaluation(report)


def compare(*references: str, metrics: Sequence[str] = ()) -> Compared:
    """Compares evaluated runs with the first one, request by request: paired differences, intervals, p-values.

    Args:
        references: what was evaluated: versions, aliases, run ids, or names of scorers, your own among them.
        metrics: as `ndcg` or `map`; NDCG, recall, true value and true welfare when empty.

    Raises:
        NotFoundError: no run of a reference, or one that was never evaluated.
        ConfigError: fewer than two runs, or runs that were evaluated on other data or by another protocol.

    Example:
        >>> rookery.compare("popularity", "newest").to_polars()
    """
    from experiments.evaluation.compare import compare_runs
    from experiments.notebook.results import Compared

    return Compared(compare_runs(references, _home(), metrics))


def load_model(reference: str = "champion") -> Bundle:
    """The model that a reference stands for: its `scorer`, and the text encoder and heads that its columns come from.

    Raises:
        NotFoundError: no model has that alias, version or run id, and it is no folder of one.
        ModelError: its artifact is damaged or does not fit this code.

    Example:
        >>> rookery.load_model("v1").scorer.reads
    """
    from ranking.model_registry import fetch

    return fetch(reference, home=_home())


def open_home(
    dataset: DatasetOrFolder,
    model: str = "champion",
    *,
    scorer: Scorer | None = None,
    config: HomeConfig | None = None,
    sources: Sequence[MakeSource] = (),
) -> Home:
    """The home feed of a data set at the end of its log, ranked in this process by the parts that `serve` runs.

    The log is replayed once; `feed(user_id)` is then quick. Nothing that is shown counts as seen.

    Args:
        model: what ranks: an alias, a version, a run id or a folder; newest first while none was trained.
        scorer: a scorer of your own, instead of `model`.
        config: what the feed is made of: sources, caps, diversity.
        sources: sources of your own after those of `config`; each is built on the state that the feed reads, so the
            class of a `Source` whose `__init__` takes a `FeatureState` is enough.

    Raises:
        NotFoundError: no model of that reference.
        ModelError: the model reads columns that the data set cannot fill.
        ConfigError: two sources have one name, or one reads a column that nothing writes.

    Example:
        >>> rookery.open_home(world).feed(user_id, k=10).plot()
    """
    from experiments.notebook.display import shown_progress
    from experiments.notebook.home import Home, ranking_model
    from experiments.notebook.own_parts import check_sources, opened

    data, made = opened(dataset), check_sources(sources)
    ranked_by = ranking_model(data, model, scorer, _home())
    with shown_progress(f"replay {data.name}"):
        return Home(data, ranked_by, config=config, sources=made, strict=scorer is not None or len(made) > 0)


def home_feed(dataset: DatasetOrFolder, user_id: int, k: int = 20, *, model: str = "champion") -> HomeFeed:
    """The best `k` tweets for a user at the end of the log, with why each is there; `open_home` serves many users.

    Raises:
        NotFoundError: there is no such user, or no model of that reference.

    Example:
        >>> feed = rookery.home_feed(world, user_id)
        >>> print(feed.why(feed.tweet_ids[0]))
    """
    return open_home(dataset, model).feed(user_id, k)


def serve(
    dataset: DatasetOrFolder | None = None, model: str = "champion", *, port: int = 0, folder: str | Path | None = None
) -> ServedNetwork:
    """Serves the running network from a thread, on the loopback address, until `close()` or the end of a `with` block.

    Args:
        dataset: loaded into the network first; what the network holds already when None.
        model: what ranks, as for `open_home`.
        port: the port to listen at; 0 takes a free one.
        folder: the folder of the network's database; one a data set under home when None.

    Raises:
        ConfigError: the port is taken, or another process has the network open.
        NotFoundError, ModelError: as for `open_home`.

    Example:
        >>> with rookery.serve(world) as network:
        ...     network.get("/2/users/me", user_id=user_id)
    """
    from experiments.notebook.display import shown_progress
    from experiments.notebook.own_parts import opened
    from experiments.notebook.server import ServedNetwork

    data, at = (None if dataset is None else opened(dataset).folder), (None if folder is None else Path(folder))
    with shown_progress("start the network"):
        return ServedNetwork(data, model, _home(), folder=at, port=port)


def _home() -> Path:
    from data.home_folder import home_folder

    return home_folder()


def main() -> None:
    """The `rookery` command."""
    from experiments.cli.__main__ import main as run

    run()


def __getattr__(name: str) -> Any:
    if name not in _TYPES:
        raise AttributeError(f"module 'rookery' has no attribute {name!r}")
    from data.import_by_name import resolve

    return resolve(_TYPES[name])


def __dir__() -> list[str]:
    return __all__


def _check_packages() -> None:
    """Ends the command, and anything else with an ImportError, where another package hides one of Rookery's."""
    here = Path(__file__).resolve().parent
    for name in PACKAGES:
        try:
            spec = find_spec(name)
        except ValueError:  # imported already, by hand
            spec = None
        places = (spec.submodule_search_locations or [spec.origin or name]) if spec else []
        if here / name not in [Path(place).resolve() for place in places]:
            where = f"another one is found first: {next(iter(places))}" if places else "it is not there"
            line = (
                f"Rookery's package {name!r} cannot be imported, {where}; rename it, take it off the import path "
                "(PYTHONPATH, the current folder), or give Rookery an environment of its own"
            )
            if Path(sys.argv[0]).stem != "rookery":
                raise ImportError(line)
            sys.stderr.write(f"rookery: {line}\n")
            sys.exit(2)


_check_packages()

if __name__ == "__main__":
    main()
