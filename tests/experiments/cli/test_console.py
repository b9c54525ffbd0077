"""What a terminal, a pipe and a disk do to output: replaced characters, lost readers and no room are no tracebacks."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.cli.__main__ import main
from experiments.cli.library_errors import error_line
from experiments.cli.tables import training_tables
from experiments.cli.text import _tables
from experiments.runs.train import TrainResult
from experiments.statistics.paired import Interval, effect_size, mean_interval, paired_difference
from experiments.text.train_head import TextReport

TEXT = "日本 café – naïve 🎉"
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_terminal_lacks_is_replaced(
    home: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, as_json: bool
) -> None:
    """As text characters are replaced; as JSON none is lost."""
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    flag = ["--json"] if as_json else []
    monkeypatch.setattr(sys, "argv", ["rookery", "text", "analyze", TEXT, *flag])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    out.flush()
    said = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    if as_json:
        assert json.loads(said)["text"] == TEXT
    else:
        assert TEXT.encode(encoding, "replace").decode(encoding) in said


def test_help_is_shown_in_any_encoding() -> None:
    """`train --help` writes signs that ASCII lacks."""
    done = _rookery("train", "--help", env={"PYTHONIOENCODING": "ascii", "COLUMNS": "50"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "--config" in done.stdout


def test_a_reader_that_leaves_is_no_mistake() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = _rookery("train", "--help", stdout=gone)
    assert done.stderr == ""


needs_full = pytest.mark.skipif(
    not Path("/dev/full").is_char_device(), reason="there is no device here that is always full"
)


@needs_full
def test_a_result_that_finds_no_room_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = _rookery("train", "--help", stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith("rookery: ")
    assert done.stderr.count("\n") == 1


@needs_full
def test_every_library_s_full_disk_is_one_line_and_a_fault_of_the_program_is_none(tmp_path: Path) -> None:
    """Real errors of the libraries that write, on a device that is always full."""
    import sqlite3

    import numpy as np
    import polars as pl

    full, array = Path("/dev/full"), np.zeros(1 << 16)
    writers: list[Any] = [
        lambda: full.write_text("x"),
        lambda: pl.DataFrame({"a": array}).write_parquet(full),
        lambda: _save(full, array),
    ]
    for write in writers:
        with pytest.raises(Exception) as error:  # noqa: PT011
            write()
        assert "no space is left" in str(error_line(error.value)), error.value
    (tmp_path / "small.db").write_bytes(b"")
    with sqlite3.connect(tmp_path / "small.db") as store:
        store.execute("PRAGMA max_page_count = 2")
        store.execute("CREATE TABLE one (a)")
        with pytest.raises(sqlite3.OperationalError) as no_page:
            store.executemany("INSERT INTO one VALUES (?)", [("x" * 1000,)] * 99)
    assert "no space is left" in str(error_line(no_page.value))
    with (
        sqlite3.connect(f"{(tmp_path / 'small.db').as_uri()}?mode=ro", uri=True) as store,
        pytest.raises(sqlite3.OperationalError) as no_right,
    ):
        store.execute("CREATE TABLE two (a)")
    assert "it cannot be written: attempt to write a readonly database" in str(error_line(no_right.value))
    assert error_line(ZeroDivisionError("division by zero")) is None


def test_weights_that_find_no_room_are_one_line(tmp_path: Path) -> None:
    """safetensors raises a type of its own."""
    code = (
        "import resource, sys, numpy as np, safetensors.numpy as st\n"
        "from experiments.cli.library_errors import error_line\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: st.save_file({'a': np.zeros(1 << 16)}, sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error_line(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "w"], capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.startswith("SafetensorError no space is left where it was to be written; make room, or ")


def test_an_interval_that_cannot_be_had_is_said_in_words() -> None:
    one = mean_interval([0.2, 0.4], [7, 7])
    assert str(one) == "0.3000 (one user: no interval)"
    assert str(paired_difference([0.2, 0.4], [0.1, 0.1], [7, 7])).startswith("+0.2000 (one user: no interval) p=")
    assert str(effect_size([0.2, 0.4], [0.1, 0.1], [7, 7])) == "none: one user"
    assert str(effect_size([0.3, 0.4], [0.1, 0.2], [7, 8])) == "none: all users differ alike"
    assert "nan" not in str(Interval(0.5, float("nan"), float("nan"), 9, 3))
    assert str(Interval(0.5, 0.25, 0.75, 9, 3)) == "0.5000 [0.2500, 0.7500]"


def test_training_says_what_it_tried_and_chose() -> None:
    tried = [{"l2": 10.0, "ndcg@20": 0.31}, {"l2": 250.0, "ndcg@20": 0.42}, {"l2": 500.0, "ndcg@20": 0.42}]
    grid, words = training_tables(_trained(tried, {"l2": 250.0}))
    assert grid.title == "tried (* chosen)"
    assert [list(column.cells) for column in grid.columns] == [
        ["", "*", ""], ["10", "250", "500"], ["0.3100", "0.4200", "0.4200"],
    ]  # fmt: skip
    assert words == "l2 250 chosen of 3 by NDCG@20 0.4200 on the part of training that was held out"
    assert training_tables(_trained(tried[:1], {"l2": 10.0}))[0].startswith(
        "l2 10: the only settings tried, judged by NDCG@20 0.31"
    )
    epochs = [{"epoch": 1.0, "train_loss": 0.7, "ndcg@20": 0.1}]
    assert [table.title for table in training_tables(_trained(epochs))] == ["epochs"]
    assert training_tables(_trained([{"validation_loss": 0.25}])) == ["validation_loss 0.2500"]
    assert training_tables(_trained([])) == []


def test_a_score_without_spread_is_not_given_an_interval() -> None:
    report = TextReport("mood", Path("x"), "static", 9, 3, "held-out", 1.0, 1.0, 1.0, 1.0, 0.3,
                        {"balanced": False, "inverse_penalty": 1.0}, (), (), unjudged=("rare",))  # fmt: skip
    facts = _tables(report)[0]
    assert next(iter(facts.columns[1].cells)) == "1.000 (resampled texts show no spread)"
    assert next(iter(facts.columns[0].cells)) == "macro-F1 of 0 of 1 labels (95% interval)"


def _save(path: Path, array: Any) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.save(file, array)


def _trained(tried: list[dict[str, float]], chosen: dict[str, float] | None = None) -> TrainResult:
    return TrainResult("run", "1", "model", (), tuple(tried[0]) if tried else (), tried, chosen=chosen or {})


def _rookery(*words: str, env: dict[str, str] | None = None, stdout: Any = subprocess.PIPE) -> Any:
    code = "import sys; from experiments.cli.__main__ import main; sys.argv[0] = 'rookery'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT,
        env=os.environ | (env or {}),
    )  # fmt: skip
