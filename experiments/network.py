"""A running network from references: a data set to load, a registered model to rank with, a folder for its database."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.dataset import Dataset
from data.errors import NotFoundError
from data.home import check_home
from experiments.cli.screen import say
from ranking.artifact import Bundle
from ranking.ranker import check_columns
from ranking.registry import connect, fetch, has_models
from serving.app import run
from serving.auth.tokens import load_secret
from serving.fanout.policy import FanoutConfig
from serving.network import Network
from serving.settings import Settings


def open_network(data: Path | None, model: str, home: Path, *, folder: Path | None = None, **settings: Any) -> Network:
    """A network with `data` loaded and `model` ranking, ready to be served or asked; the caller closes it.

    Its database lies in `folder`, by default one a data set under `home/networks`, so that serving another data set
    disturbs nothing. Without any registered model and when none is asked for, the newest tweet comes first.

    Raises:
        NotFoundError: nothing answers to `model`.
        ModelError: the model reads columns which the data set cannot fill.
        DataError: the data set cannot be read, or the folder holds another one.
        ConfigError: the home cannot be written to.
    """
    check_home(home)
    dataset = Dataset.open(data) if data is not None else None
    bundle = served_model(model, home)
    if dataset is not None and bundle is not None:
        check_columns(
            bundle.scorer.reads, model=model, data=dataset.name, tables=dataset.tables, learned_from=bundle.tables
        )
    if folder is None:
        folder = home / "networks" / (dataset.content_hash[:12] if dataset is not None else "empty")
    folder.mkdir(parents=True, exist_ok=True)
    chosen = Settings.read(home=folder, **settings)
    if chosen.secret is None:
        chosen = Settings.read(home=folder, secret=load_secret(home).decode(), **settings)
    network = Network(chosen, bundle)
    if dataset is not None:
        network.load(dataset)
    else:
        network.start()
    return network


def served_model(model: str, home: Path) -> Bundle | None:
    """The model to serve; None where none was trained yet and the default is asked for."""
    try:
        return fetch(model, home=home)
    except NotFoundError:
        if model == "champion" and not has_models(connect(home)):
            return None
        raise


def serve_network(data: Path | None, model: str, home: Path, *, folder: Path | None, **settings: Any) -> None:
    """Serves until it is stopped; says where, what ranks, and how to get a token."""
    network = open_network(data, model, home, folder=folder, **settings)
    card = network.model_card()
    some = network.stats()
    say(f"{some['users']:,} users and {some['tweets']:,} tweets, ranked by {card['name']} version {card['version']}")
    where = f"http://{network.settings.host}:{network.settings.port}"
    say(f"{where}/docs is the API's page; a token to read: rookery token; to act: rookery token --user ID")
    try:
        run(network)
    finally:
        network.close()


def scaled_fanout(dataset: Dataset, *, push_share: float = 0.9, pull_share: float = 0.99) -> FanoutConfig:
    """Thresholds at quantiles of the authors' follower counts, so that a small world pushes, pulls and mixes, too."""
    last = dataset.scan("follows").group_by("follower_id", "followee_id").agg(pl.col("ended").last())
    counts = last.filter(~pl.col("ended")).group_by("followee_id").len().collect()["len"].to_numpy()
    low, high = np.quantile(counts, [push_share, pull_share]) if len(counts) else (1, 1)
    return FanoutConfig(push_below=int(low), pull_from=max(int(high), int(low)))


def empty_folder(folder: Path) -> Path:
    """`folder`, emptied: for a network that is to start anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
