"""A running network from references: a data set to load, a registered model to rank with, a folder for its database."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.dataset import Dataset
from data.errors import NotFoundError
from data.home_folder import check_home
from experiments.runs.models import RegistryModels, check_readable, served_model
from ranking.artifact import Bundle
from serving.auth.tokens import load_secret
from serving.fanout.policies.classic import Classic
from serving.kit.database_lock import check_unused
from serving.kit.db import Database
from serving.network import Network
from serving.settings import DATABASE, Settings


@dataclass(frozen=True)
class NetworkPlan:
    """What a network is made of."""

    dataset: Dataset | None
    model: Bundle | None
    settings: Settings
    models: RegistryModels

    def network(self) -> Network:
        """Opens it; its state is not built yet.

        Raises:
            ConfigError: another process has it open.
            NotFoundError: nothing answers to an alias of the settings.
            ModelError: such a model does not fit the network.
        """
        return Network(self.settings, self.model, models=self.models)

    def load(self, network: Network) -> None:
        """Builds the state of `network`."""
        if self.dataset is not None:
            network.load(self.dataset)
        else:
            network.start()


def open_network(data: Path | None, model: str, home: Path, *, folder: Path | None = None, **settings: Any) -> Network:
    """A network with `data` loaded and `model` ranking, ready to be served; the caller closes it.

    Its database lies in `folder`, by default one a data set under `home/networks`, so that serving another data set
    disturbs nothing. Without any registered model, and when none is named, the newest tweet comes first.

    Raises:
        NotFoundError: nothing answers to `model`.
        ModelError: the model reads columns which the data set cannot fill.
        DataError: the data set cannot be read, or the folder holds another one.
        ConfigError: another process has the network open, or the home cannot be written to.
    """
    plan = resolve(data, model, home, folder, settings)
    network = plan.network()
    try:
        plan.load(network)
    except BaseException:
        network.close()
        raise
    return network


def resolve(data: Path | None, model: str, home: Path, folder: Path | None, settings: Mapping[str, Any]) -> NetworkPlan:
    """The data set, the model and the settings that a command names, checked against each other."""
    check_home(home)
    dataset = Dataset.open(data) if data is not None else None
    bundle = served_model(model, home)
    if dataset is not None and bundle is not None:
        check_readable(bundle, model, dataset)
    folder = folder or network_folder(dataset, home)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = Settings.read(home=folder, **settings)
    if chosen.secret is None:
        chosen = Settings.read(home=folder, secret=load_secret(home).decode(), **settings)
    return NetworkPlan(dataset, bundle, chosen, RegistryModels(model, home, dataset))


def network_folder(dataset: Dataset | None, home: Path) -> Path:
    """Where a network over `dataset` has its database when no other folder is named."""
    return home / "networks" / (dataset.content_hash[:12] if dataset is not None else "empty")


def find_database(data: Path | None, home: Path, folder: Path | None) -> Path:
    """The database of a network: in `folder`, or of `data`; with neither, the only one under `home`.

    Raises:
        NotFoundError: there is none, or more than one.
    """
    if folder is None and data is not None:
        folder = network_folder(Dataset.open(data), home)
    if folder is None:
        made = sorted((home / "networks").glob(f"*/{DATABASE}"))
        if len(made) > 1:
            names = ", ".join(str(one.parent) for one in made)
            raise NotFoundError(f"{home} has {len(made)} networks", remedy=f"name one with --network: {names}")
        folder = made[0].parent if made else home / "networks"
    database = folder / DATABASE
    if not database.is_file():
        remedy = "name its data set with --data or its folder with --network; rookery serve makes one"
        raise NotFoundError(f"{folder} holds no network", remedy=remedy)
    return database


def open_database(data: Path | None, home: Path, folder: Path | None) -> closing[Database]:
    """The database that `find_database` finds, closed at the end of a `with`; a server that writes to it goes on.

    Raises:
        NotFoundError: there is none, or more than one.
        DataError: it cannot be used.
    """
    return closing(Database(find_database(data, home, folder)))


def scaled_fanout(dataset: Dataset, *, push_share: float = 0.9, pull_share: float = 0.99) -> Classic:
    """Thresholds at quantiles of the authors' follower counts, so that a small world pushes, pulls and mixes, too."""
    last = dataset.scan("follows").group_by("follower_id", "followee_id").agg(pl.col("ended").last())
    counts = last.filter(~pl.col("ended")).group_by("followee_id").len().collect()["len"].to_numpy()
    low, high = np.quantile(counts, [push_share, pull_share]) if len(counts) else (1, 1)
    return Classic(push_below=int(low), pull_from=max(int(high), int(low)))


def empty_folder(folder: Path) -> Path:
    """`folder`, emptied: for networks that start anew.

    Raises:
        ConfigError: a process has one of them open.
    """
    for database in folder.glob(f"*/{DATABASE}"):
        check_unused(database)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
