"""What many tests share: one tiny world, one home folder with its text encoder, one trained model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from data.dataset import Dataset

# How long an example takes depends on who else uses the machine. CI draws the same examples each time.
settings.register_profile("rookery", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("rookery")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """`ROOKERY_HOME` of the whole session; the text encoder is distilled into it once."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROOKERY_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A world of 300 people and four days, made by the logging feed."""
    from experiments.simulation.worlds import make_data, world_config

    return make_data(
        world_config("tiny", None, ["people=300", "days=4", "tweets_per_day=0.7"]),
        tmp_path_factory.mktemp("world") / "tiny",
    )
