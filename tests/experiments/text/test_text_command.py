"""Training heads on people's labels, and reading files of texts, by the command's own functions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from data.errors import ConfigError, DataError
from experiments.cli.__main__ import app
from experiments.text.analyze import Reader, analyze_file, reader_of
from experiments.text.train_head import Labelled, TextTrainConfig, check_labels, macro_f1, read_labels, train_text
from features.text.encoder import resolve_encoder


def labelled(path: Path, rows: int = 60) -> Path:
    words = {"joy": "what a lovely sunny day", "anger": "this makes me so furious", "calm": "tea and a quiet book"}
    texts = [(f"{text} {at}", label) for at in range(rows // 3) for label, text in words.items()]
    pl.DataFrame(texts, schema=["text", "label"], orient="row").write_csv(path)
    return path


@pytest.mark.slow
def test_a_head_trained_on_labels_plugs_in(home: Path, tmp_path: Path) -> None:
    labels = read_labels(labelled(tmp_path / "labels.csv"))
    report = train_text("emotion", labels, None, TextTrainConfig(), home)
    assert report.macro_f1 == 1.0 == report.macro_f1_high >= report.macro_f1_low
    assert report.majority_macro_f1 < 0.4
    assert (report.trained_on, report.judged_on) == (60, 12)
    again = train_text("emotion", labels, None, TextTrainConfig(), home)
    assert (again.macro_f1, again.chosen, again.tried) == (report.macro_f1, report.chosen, report.tried)
    try:
        from mlflow import MlflowClient

        assert MlflowClient().get_run(report.run_id).data.metrics["macro_f1"] == 1.0
        table = reader_of(home)(["I am furious", "lovely sun"])
        assert table["emotion_label"].to_list() == ["anger", "joy"]
        assert (table["emotion_probability"] > 0.34).all()
    finally:
        for file in report.folder.iterdir():
            file.unlink()
        report.folder.rmdir()


def test_the_same_text_is_never_on_both_sides() -> None:
    from experiments.text.train_head import Labelled, _hold_out

    texts = [f"text {at % 7}" for at in range(70)]
    seen, judged = _hold_out(Labelled(texts, ["a" if at % 7 < 4 else "b" for at in range(70)], "x", ""),
                             TextTrainConfig(held_out=0.3))  # fmt: skip
    assert not set(seen.texts) & set(judged.texts)
    assert len(seen) + len(judged) == 70
    assert set(seen.labels) == {"a", "b"} == set(judged.labels)


def test_a_label_that_no_text_judges_is_named_or_refused(home: Path, tmp_path: Path) -> None:
    """A score over one label says nothing, and one that leaves labels out says which."""
    rows = [(f"a lovely day {at}", "joy") for at in range(30)] + [("this is bad", "anger")] * 3
    path = tmp_path / "labels.csv"
    pl.DataFrame(rows, schema=["text", "label"], orient="row").write_csv(path)
    message = r"a head for 2 labels cannot be judged: no text of 'anger' \(3 texts\) .* needs two different texts"
    with pytest.raises(DataError, match=message):
        train_text("rare", read_labels(path), None, TextTrainConfig(), home)
    two = Labelled([text for text, _ in rows], [label for _, label in rows], "labels.csv", "")
    other = Labelled(["so bad", "so good"], ["anger", "joy"], "test.csv", "")
    check_labels(two, other, TextTrainConfig())
    with pytest.raises(DataError, match=r"no text of 'anger' \(3 texts\) is among those"):
        check_labels(two, Labelled(["so good", "so new"], ["joy", "surprise"], "test.csv", ""), TextTrainConfig())
    three = Labelled([*two.texts, *(f"tea {at}" for at in range(9))], [*two.labels, *["calm"] * 9], "labels.csv", "")
    report = train_text("rare", three, None, TextTrainConfig(), home, out=tmp_path / "head")
    assert report.unjudged == ("anger",)
    assert "macro-F1 leaves labels out: no text of 'anger' (3 texts)" in report.notes[0]
    assert {one.label for one in report.labels if one.texts} == {"joy", "calm"}


def test_macro_f1_is_scikit_learns() -> None:
    rng = np.random.default_rng(3)
    truth, guess = rng.choice(["a", "b", "c"], 200), rng.choice(["a", "b", "d"], 200)
    assert macro_f1(truth, guess) == pytest.approx(f1_score(truth, guess, average="macro", zero_division=0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"text,label\n", "no labelled text"),
        (b"text,other\na,b\n", "no column 'label'"),
        (b"text,label\na,x\nb,x\n", "one label, 'x'"),
        ("text,label\nsträng,x\n".encode("latin-1"), "not UTF-8"),
        (b"text,label\n,\n,x\na,\n", "no labelled text"),
    ],
)
def test_bad_labels_are_one_line(tmp_path: Path, home: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        train_text("bad", read_labels(path), None, TextTrainConfig(), home)


def test_a_parquet_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "bad.parquet").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(tmp_path / "bad.parquet")
    pl.DataFrame({"text": ["a"], "label": [0.5]}).write_parquet(tmp_path / "float.parquet")
    with pytest.raises(DataError, match="texts or whole numbers"):
        read_labels(tmp_path / "float.parquet")


def test_a_file_is_read_whole_or_not_at_all(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader({}, resolve_encoder(cache=home / "cache"))
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    rows = pl.DataFrame(
        {"id": ["1", "2", "3"], "text": ["Hello London", None, "olá, tudo bem?"], "language": ["a"] * 3}
    )
    rows.write_csv(source)
    monkeypatch.setattr("experiments.text.analyze.CHUNK", 2)
    done = analyze_file(source, out, reader)
    table = pl.read_parquet(out)
    assert (done.rows, len(table)) == (3, 3)
    assert table["id"].to_list() == ["1", "2", "3"]
    assert table["input_language"].to_list() == ["a"] * 3
    assert table["places"].to_list() == [["London"], [], []]
    assert table["text"].to_list() == rows["text"].to_list()
    before = out.read_bytes()
    source.write_bytes(b"text\nfine\n" + "sträng\n".encode("latin-1") * 3)
    with pytest.raises(DataError, match="not UTF-8"):
        analyze_file(source, out, reader)
    assert out.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.csv", "out.parquet"]
    source.write_text("other\nx\n")
    with pytest.raises(DataError, match="no column 'text'"):
        analyze_file(source, out, reader)
    source.write_text("text\n")
    with pytest.raises(DataError, match="no rows"):
        analyze_file(source, out, reader)
    with pytest.raises(ConfigError, match="cannot be written"):
        analyze_file(source, tmp_path / "no" / "out.parquet", reader)


def test_options_out_of_range_are_refused(home: Path, tmp_path: Path) -> None:
    words = ["text", "train", "--task", "mood", "--labels", str(labelled(tmp_path / "labels.csv"))]
    with pytest.raises(ConfigError, match=f"seed = {2**32} in the options"):
        CliRunner().invoke(app, [*words, "--seed", str(2**32)], catch_exceptions=False)
    for encoder in ("", "/no/such/folder"):
        with pytest.raises(ConfigError, match="there is no such folder; use 'static'"):
            CliRunner().invoke(app, [*words, "--encoder", encoder], catch_exceptions=False)


def test_the_command_reads_one_text(home: Path) -> None:
    ran = CliRunner().invoke(app, ["text", "analyze", "Marie Curie went to Tokyo #physics", "--json"])
    assert ran.exit_code == 0
    facts = json.loads(ran.stdout)
    assert (facts["people"], facts["places"], facts["hashtags"]) == (["Marie Curie"], ["Tokyo"], ["physics"])
    assert len(facts["topics"]) == 5
    assert len(facts["embedding"]) == 256
