"""Settings from files and overrides: what is merged, what is refused, and whether the message helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import ConfigError
from experiments.runs.config import RunConfig, load_config, merge_settings


def test_overrides_win_over_the_file_and_keep_their_types(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('scorer = "popularity"\nseed = 3\n[settings]\nepochs = 5\n')
    config = load_config(RunConfig, path, ["settings.epochs=2", "settings.dropout=0.5", "seed=9", "encoder=minilm"])
    assert config.scorer == "popularity"
    assert config.seed == 9
    assert config.encoder == "minilm"
    assert config.settings == {"epochs": 2, "dropout": 0.5}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["learning=1"], "unknown key 'learning'"),
        (["seed=-1"], "seed = -1"),
        (["split=thirds"], "split = 'thirds'"),
        (["noequals"], "'noequals' is not key=value"),
        (["seed=1", "seed.deeper=2"], "'seed' is a value"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(settings: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=r".") as error:
        load_config(RunConfig, None, settings)
    assert said in str(error.value)
    assert error.value.remedy


def test_a_file_that_is_missing_or_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        merge_settings(tmp_path / "none.toml", [])
    broken = tmp_path / "broken.toml"
    broken.write_text("seed = = 3")
    with pytest.raises(ConfigError, match="is not TOML"):
        merge_settings(broken, [])
