"""The table of everything that is read in texts, and heads kept in folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.errors import ConfigError, ModelError
from features.text.analysis import READ, analyze
from features.text.heads import Head
from features.text.ngrams import NGrams
from features.text.saved_heads import TaskHead, check_task, heads_in
from features.text.training import Examples, train_head
from tests.features.logs import LetterEncoder, letters

ODD = ["", " ", "\0", "😂😂😂", "aab " * 2_500, "#tag", "@someone", "https://a.example/b", "\u200b", "12"]


def heads() -> dict[str, TaskHead]:
    """Topics are letters; sentiment, toxicity and a task of people's own come from words."""
    texts = ["good day", "awful day", "plain day", "good thing", "awful thing", "plain thing"] * 10
    examples = Examples.of(LetterEncoder().encode(texts), texts, [""] * 60)
    encoder = LetterEncoder()

    def head(*labels: str) -> Head:
        trained = train_head(examples.labelled(list(labels) * (60 // len(labels))))
        assert trained is not None
        return trained

    topics = letters().topic_head
    assert topics is not None
    found = {
        "topic": topics,
        "sentiment": head("positive", "negative", "neutral"),
        "toxicity": head("none", "insult", "none"),
        "mood": head("up", "down", "flat"),
    }
    return {task: TaskHead(task, one, encoder, {"source": "labels"} if task == "mood" else {})
            for task, one in found.items()}  # type: ignore[arg-type]  # fmt: skip


def test_every_field_of_a_text() -> None:
    text = "A good day: Marie Curie and @pierre left Google for Paris #physics https://curie.org/b"
    row = analyze([text], heads(), LetterEncoder()).row(0, named=True)  # type: ignore[arg-type]
    assert row["language"] == "en"
    assert 0 < row["language_probability"] <= 1
    assert -1 <= row["sentiment"] <= 1
    assert (row["people"], row["places"], row["organisations"]) == (["Marie Curie"], ["Paris"], ["Google"])
    assert (row["hashtags"], row["mentions"], row["urls"]) == (["physics"], ["pierre"], ["https://curie.org/b"])
    assert list(row["toxicity"]) == ["insult"]
    assert len(row["topics"]) == 5
    scores = [one["score"] for one in row["topics"]]
    assert scores == sorted(scores, reverse=True)
    assert [one["topic"] for one in row["topics"][:2]] == ["e", "a"]
    assert len(row["embedding"]) == 6
    moods = analyze(["good day", "awful day"], heads(), LetterEncoder())  # type: ignore[arg-type]
    assert moods["sentiment"][0] > 0 > moods["sentiment"][1]
    assert moods["mood_label"].to_list() == ["up", "down"]
    assert (moods["mood_probability"] > 1 / 3).all()


def test_a_text_is_read_the_same_alone_and_among_others() -> None:
    texts = [*ODD, "an awful day in London", "good"]
    together = analyze(texts, heads(), LetterEncoder())  # type: ignore[arg-type]
    for row, text in enumerate(texts):
        assert analyze([text], heads(), LetterEncoder()).equals(together[row])  # type: ignore[arg-type]


def test_of_texts_without_words_nothing_is_said() -> None:
    table = analyze(["", " ", "\0"], heads(), LetterEncoder())  # type: ignore[arg-type]
    assert table["language"].to_list() == [""] * 3
    assert table["sentiment"].to_list() == [0] * 3
    assert table["topics"].list.len().to_list() == [0] * 3
    assert table["mood_label"].to_list() == table["mood_probability"].to_list() == [None] * 3
    assert not np.array(table["embedding"].to_list()).any()


def test_without_heads_and_without_texts_the_columns_stand() -> None:
    bare = analyze(["Hello London"], {}, LetterEncoder())  # type: ignore[arg-type]
    assert bare["sentiment"].to_list() == [None]
    assert bare["topics"].to_list() == [[]]
    assert bare["places"].to_list() == [["London"]]
    none = analyze([], heads(), LetterEncoder())  # type: ignore[arg-type]
    assert len(none) == 0
    assert none.schema == analyze(["a"], heads(), LetterEncoder()).schema  # type: ignore[arg-type]


def test_of_a_long_text_the_beginning_is_read_and_the_whole_is_kept() -> None:
    start = ("plain day " * READ)[: READ - 5] + " #in "
    table = analyze([start + "#out @late good"], heads(), LetterEncoder())  # type: ignore[arg-type]
    assert table["text"][0].endswith("#out @late good")
    assert (table["hashtags"].to_list(), table["mentions"].to_list()) == ([["in"]], [[]])
    same = analyze([start], heads(), LetterEncoder())  # type: ignore[arg-type]
    assert table.drop("text").equals(same.drop("text"))


def test_n_grams_are_those_of_words_whatever_their_case_handles_and_links() -> None:
    one = NGrams.of(["Hello @Ann see https://x.example/1"])
    other = NGrams.of(["hello  @bob see https://y.example/2\0"])
    assert np.array_equal(one.buckets, other.buckets)
    assert np.array_equal(one.values, other.values)
    texts = ["ab ab", "", "a"]
    many = NGrams.of(texts)
    assert np.diff(many.offsets)[1] == 0
    # " a", "a ", " a " and the word.
    assert np.diff(many.offsets)[2] == 4
    for row, text in enumerate(texts):
        assert np.array_equal(NGrams.of([text]).buckets, many.take(np.array([row])).buckets)


def test_heads_survive_saving_and_damage_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.text.saved_heads.resolve_encoder", lambda name, cache: LetterEncoder())
    made = heads()
    for task, one in made.items():
        one.save(tmp_path / task)
    back = heads_in(tmp_path, tmp_path)
    assert sorted(back) == sorted(made)
    texts = ["a good day", "an awful thing"]
    before = analyze(texts, made, LetterEncoder())  # type: ignore[arg-type]
    after = analyze(texts, {task: back[task] for task in made}, LetterEncoder())  # type: ignore[arg-type]
    assert after.equals(before)
    about = tmp_path / "mood" / "head.json"
    about.write_text(about.read_text().replace("letters-1", "letters-2"))
    with pytest.raises(ModelError, match="other weights"):
        TaskHead.load(tmp_path / "mood", tmp_path)
    (tmp_path / "mood" / "head.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="holds no text head"):
        TaskHead.load(tmp_path / "mood", tmp_path)
    assert heads_in(tmp_path / "nowhere", tmp_path) == {}


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "1a", "a" * 41])
def test_a_task_needs_a_plain_name(name: str) -> None:
    with pytest.raises(ConfigError, match="is no name"):
        check_task(name)


@pytest.mark.slow
def test_the_shipped_heads_are_of_the_three_tasks(home: Path) -> None:
    from features.text.encoder import resolve_encoder
    from features.text.saved_heads import shipped_heads

    encoder = resolve_encoder(cache=home / "cache")
    shipped = shipped_heads(home / "cache", {"static": encoder})
    assert sorted(shipped) == ["sentiment", "topic", "toxicity"]
    table = analyze(["I love this so much", "this is awful, I hate it"], shipped, encoder)
    good, bad = table["sentiment"].to_list()
    assert good > bad
    assert set(table["toxicity"].struct.fields) == {"insult", "profanity", "threat", "identity"}
    assert isinstance(table.schema["embedding"], pl.Array)
