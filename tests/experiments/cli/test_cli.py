"""The command line as a person types it: results, and for every mistake one line, exit code 2 and nothing written."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data.dataset import Dataset
from ranking.metrics.catalogue import METRICS
from tests.experiments.cli.conftest import Run

pytestmark = pytest.mark.slow


def refused(answer: tuple[int, str, str], *said: str) -> None:
    """Exit code 2, no result, and one line that says what is meant."""
    code, out, err = answer
    lines = [line for line in err.splitlines() if line.startswith("rookery: ")]
    assert code == 2
    assert out == ""
    assert len(lines) == 1
    assert "Traceback" not in err
    for words in said:
        assert words in lines[0]


def test_help_does_not_import_the_heavy_libraries() -> None:
    code = (
        "import sys; sys.argv = ['rookery', '--help']\n"
        "from experiments.cli.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "assert not {'torch', 'polars', 'mlflow', 'numba', 'sklearn', 'fastapi'} & set(sys.modules), 'slow start'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "world" in done.stdout


def test_a_world_is_made_and_described(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    sizes = ["--set", "people=60", "--set", "days=2", "--set", "follows=5", "--set", "annotated=200"]
    code, out, _ = run("world", "make", "--out", folder, *sizes, "--json")
    made = json.loads(out)
    assert code == 0
    assert made["rows"]["users"] == 60
    again = json.loads(run("world", "make", "--out", tmp_path / "again", *sizes, "--json")[1])
    assert again["content_hash"] == made["content_hash"]
    code, out, _ = run("data", "describe", folder, "--verify", "--json")
    assert code == 0
    assert json.loads(out)["verified"] is True


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("people=0", "people"),
        ("people=nan", "people"),
        ("tick_min=7", "tick_min"),
        ("folk=3", "folk"),
        ("days=-1", "days"),
        ("behaviour=3", "behaviour = 3"),
        ("start=1999-01-01", "use 2022-12-01 to 2079-01-01"),
    ],
)
def test_a_wrong_world_is_refused_before_anything_is_written(run: Run, tmp_path: Path, setting: str, said: str) -> None:
    refused(run("world", "make", "--out", tmp_path / "world", "--set", setting), said)
    assert list(tmp_path.iterdir()) == []


def test_a_remedy_is_one_that_helps(run: Run, tmp_path: Path) -> None:
    """It ends with what fits, and what it says does fit."""
    few = ("world", "make", "--out", tmp_path / "world", "--set", "people=10", "--set", "days=1")
    refused(run(*few), "people=10 are too few to follow follows=27 others each; set follows below 10, or more people")
    assert "change that value" not in run(*few)[2]
    assert run(*few, "--set", "follows=9.9")[0] == 0
    refused(run("world", "make", "--out", ""), "'.' is no name")


def test_what_is_meant_is_guessed(
    run: Run, tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOKERY_HOME", str(tmp_path / "home"))
    folder = tiny_dataset.folder
    refused(run("evaluate", "pop", "--data", folder), "'pop'; did you mean 'popularity'? ")
    refused(run("compare", "recency", "pop"), "'recency' was never evaluated", "rookery evaluate recency")
    refused(run("scorers", "settings", "heav"), "did you mean 'heavy'? ")
    refused(run("bench", "reran"), "did you mean 'rerank'? ")
    refused(run("world", "make", "--out", folder, "--preset", "smal"), "did you mean 'small'? ")
    refused(run("data", "describe", folder, "--split", "tim"), "did you mean 'time'? ")
    refused(run("evaluate", "popularity", "--data", folder, "--metric", "regr"), "did you mean 'regret'? ")
    refused(run("evaluate", folder, "--data", folder), "is not a model: it lacks model.json")
    refused(run("evaluate", "ease", "--data", folder), "train it: rookery train --data DIR --set scorer=ease")


def test_a_wrong_setting_is_told_before_anything_is_made(
    run: Run, tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOKERY_HOME", str(tmp_path / "home"))
    words = ("train", "--data", tiny_dataset.folder)
    refused(run(*words, "--set", "settings.training.epochs=nan"), "training.epochs = nan in the settings of two_tower")
    refused(run(*words, "--set", "scorer=boosting", "--set", "settings.depth=3"), "'depth' in the settings of boosting")
    refused(run(*words, "--set", "scorer=popularity", "--set", "settings.half_life_h=0"), "half_life_h")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_one_line(
    run: Run, tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOKERY_HOME", str(tmp_path / "home"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        began = time.monotonic()
        refused(
            run("train", "--data", tiny_dataset.folder), f"MLflow's server {uri} cannot be used: ", "; start it, or"
        )
        refused(run("compare", "recency", "popularity"), f"MLflow's server {uri} cannot be used: ")
    assert time.monotonic() - began < 60


def test_an_unknown_preset_and_a_folder_in_use_are_refused(run: Run, tmp_path: Path) -> None:
    refused(run("world", "make", "--out", tmp_path / "world", "--preset", "cosmos"), "'cosmos'", "tiny")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    refused(run("world", "make", "--out", tmp_path / "mine", "--set", "people=60"), "is not a data set")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep me"


def test_a_folder_without_a_data_set_is_refused(run: Run, tmp_path: Path) -> None:
    refused(run("data", "describe", tmp_path), "is not a data set")
    refused(run("train", "--data", tmp_path / "nowhere"), "is not a data set")
    refused(run("evaluate", "popularity", "--data", tmp_path), "is not a data set")


def test_a_damaged_parquet_file_is_named(run: Run, tiny_dataset: Dataset, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "damaged"
    shutil.copytree(tiny_dataset.folder, folder)
    victim = next((folder / "engagements").iterdir())
    blob = bytearray(victim.read_bytes())
    blob[len(blob) // 2] ^= 0xFF
    victim.write_bytes(bytes(blob))
    refused(run("evaluate", "popularity", "--data", folder), victim.name, "damaged")
    victim.write_bytes(bytes(blob[:100]))
    refused(run("train", "--data", folder), victim.name)


def test_wrong_settings_of_a_run_are_refused(run: Run, tiny_dataset: Dataset) -> None:
    folder = tiny_dataset.folder
    refused(run("train", "--data", folder, "--set", "learning=1"), "'learning'", "scorer")
    refused(run("train", "--data", folder, "--set", "scorer=oracle9"), "'oracle9'", "two_tower")
    refused(run("train", "--data", folder, "--set", "settings.telepathy=1"), "telepathy")
    nested = ("--set", "settings.training.epoch=3")
    for scorer, nearby in (("two_tower", "batch_size"), ("heavy", "precision")):
        answer = run("train", "--data", folder, "--set", f"scorer={scorer}", *nested)
        refused(answer, f"'training.epoch' in the settings of {scorer}", "'training.epochs'?", nearby)
        assert "members" not in answer[2]
    untrained = ("train", "--data", folder, "--set", "scorer=popularity")
    refused(run(*untrained, "--set", "settings.half_life=3"), "'half_life'", "'half_life_h'?")
    refused(run(*untrained, "--set", "settings.half_life_h=-3"), "half_life_h = -3 in the settings of popularity")
    refused(run("train", "--data", folder, "--set", "scorer=content", "--set", "settings.k=3"), "'k'", "content")
    refused(run("evaluate", "nobody", "--data", folder), "'nobody'")
    refused(run("evaluate", "popularity", "popularity", "--data", folder), "twice")
    refused(run("compare", "popularity"), "two or more")
    refused(run("promote", "v99999"), "'v99999'")
    refused(run("train", "--data", folder, "--set", "scorer=heavy", "--set", "settings.training,epochs=3"), "epochs")
    refused(run("train", "--data", folder, "--set", "scorer=boosting", "--set", f"seed={2**32}"), "seed = 4294967296")
    refused(run("train", "--data", folder, "--set", "scorer=als", "--set", "settings.dim=0"), "dim")
    refused(run("bench", "teleport"), "teleport")


def test_what_can_be_set_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from ranking.catalogue import trained_scorers

    monkeypatch.setenv("COLUMNS", "200")
    said = run("train", "--help")[1]
    assert all(name in said for name in trained_scorers())
    listed = {one["name"]: one for one in json.loads(run("scorers", "list", "--json")[1])}
    assert [name for name, one in listed.items() if one["trained"]] == list(trained_scorers())
    assert listed["ease"]["objectives"] == ["ndcg@20"]
    assert listed["heavy"]["predicts_actions"]
    assert "by epoch" in run("scorers", "list")[1]
    code, out, _ = run("scorers", "settings", "heavy", "--json")
    keys = [one["key"] for one in json.loads(out)["settings"]]
    assert code == 0
    assert "settings.training.rows.validation_share" in keys
    out = run("scorers", "settings", "heavy")[1]
    assert all(key in out for key in keys)
    refused(run("scorers", "settings", "haevy"), "'haevy'", "heavy")


def test_metrics_are_asked_for_by_name(run: Run, tiny_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("evaluate", "popularity", "--data", tiny_dataset.folder, "--requests", "20")
    code, out, _ = run(*words, "--metric", "regret", "--metric", "author_gini", "--metric", "log_loss", "--json")
    assert code == 0
    found = json.loads(out)
    assert [row["name"] for row in found["rows"]] == ["popularity", "oracle", "welfare_oracle"]
    for row in found["rows"]:
        assert list(row["metrics"]) == ["regret"]
        assert list(row["shares"]) == ["author_gini"]
        assert row["by_action"] == {}
    assert any("no action is predicted" in note for note in found["notes"])
    refused(run(*words, "--metric", "regert"), "'regert'", *METRICS)
    monkeypatch.setenv("COLUMNS", "200")
    _, out, _ = run("evaluate", "--help")
    assert all(f"{name}:" in out for name in METRICS)


def test_what_trends_and_what_is_found(run: Run, tiny_dataset: Dataset) -> None:
    folder = tiny_dataset.folder
    code, out, _ = run("trends", "--data", folder, "--json")
    assert code == 0
    assert json.loads(out)["place"] == 1
    text = tiny_dataset.read("tweets").columns["text"]
    words = next(
        one for one in text.tolist() if len(one.split()) >= 4 and one.isascii() and one.replace(" ", "").isalpha()
    )
    code, out, _ = run("search", words, "--data", folder, "--mode", "text", "--json")
    assert code == 0
    assert json.loads(out)[0]["text"] == words
    refused(run("trends", "--data", folder, "--place", "77"), "77")
    refused(run("trends", "--data", folder, "--at", "yesterday"), "ISO 8601")
    refused(run("search", "x", "--data", folder, "--mode", "psychic"), "'psychic'", "hybrid")
    refused(run("search", "\ud83d", "--data", folder), "no letter or digit")
    code, out, _ = run("search", "[/b] :smile: [red]", "--data", folder, "--mode", "text")
    assert code == 0
    assert "'[/b] :smile: [red]', text" in out


def test_a_token_is_good_for_the_server_of_the_same_home(run: Run, home: Path) -> None:
    from serving.auth.scopes import ACTS
    from serving.auth.tokens import Tokens, load_secret

    code, out, _ = run("token", "--user", "42", "--scope", "rank")
    assert code == 0
    claims = Tokens(load_secret(home)).verify(out.strip())
    assert claims.user_id == 42
    assert claims.scopes == ACTS | {"rank"}
    refused(run("token", "--scope", "everything"), "'everything'")
    wrong = ("-1", "1_000", " 12", "+1", "007", "1e3", str(2**63))
    for words in (*(("--user", one) for one in wrong), ("--hours", "inf"), ("--hours", "nan")):
        code, out, err = run("token", *words)
        assert (code, out) == (2, "")
        assert "Invalid value" in err
