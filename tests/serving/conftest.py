"""Networks over the small data set, each in a folder of its test's own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.dataset import Dataset
from serving.fanout.config import FanoutConfig
from serving.model import ModelSource, ServedModel
from serving.network import Network
from serving.settings import Settings
from tests.serving.small_network import write_small

with warnings.catch_warnings():
    # It recommends a client that we do not use.
    warnings.simplefilter("ignore")
    import fastapi.testclient  # noqa: F401

MakeNetwork = Callable[..., Network]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_small(tmp_path_factory.mktemp("small") / "data")


@pytest.fixture(scope="session")
def serve_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ROOKERY_HOME` of servers in processes of their own; no model is registered there."""
    return tmp_path_factory.mktemp("serve-home")


@contextmanager
def networks(folder: Path) -> Iterator[MakeNetwork]:
    """Makes networks below `folder`, and closes them."""
    made: list[Network] = []

    def make(
        data: Dataset | None = None,
        *,
        home: str = "home",
        model: ServedModel | None = None,
        models: ModelSource | None = None,
        **settings: object,
    ) -> Network:
        fanout = FanoutConfig(settings={"push_below": 2, "pull_from": 3, "active_within_h": 24})
        values = {"home": folder / home, "fanout": fanout, **settings}
        network = Network(Settings.model_validate(values), model, models=models)
        made.append(network)
        try:
            if data is not None:
                network.load(data)
            else:
                network.start()
        except BaseException:
            network.close()
            raise
        return network

    try:
        yield make
    finally:
        for network in made:
            network.close()


@pytest.fixture
def make_network(tmp_path: Path) -> Iterator[MakeNetwork]:
    """Makes networks in a folder of the test's own, and closes them."""
    with networks(tmp_path) as make:
        yield make


@pytest.fixture
def network(make_network: MakeNetwork, small: Dataset) -> Network:
    return make_network(small)


@pytest.fixture(scope="module")
def read_network(tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> Iterator[Network]:
    """One network for the tests of a module that write nothing."""
    with networks(tmp_path_factory.mktemp("read")) as make:
        yield make(small)
