"""The encoder, the heads and the understanding on texts whose answers are known."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.errors import ConfigError, DataError, ModelError
from features.text.encoder import resolve_encoder, verify
from features.text.heads import Head
from features.text.training import Examples, HeadConfig, train_head
from features.text.understanding import Understanding, majority
from tests.features.logs import START, LetterEncoder, letters


@pytest.mark.slow
def test_the_static_encoder_knows_what_texts_are_about_and_is_cached(home: Path) -> None:
    cache = home / "cache"
    encoder = resolve_encoder(cache=cache)
    texts = ["The goalkeeper saved a penalty", "A striker scored two goals", "Bake the bread until golden", "", "  "]
    vectors = encoder.encode(texts)
    assert vectors.shape == (5, encoder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors[:3], axis=1), 1, atol=1e-5)
    assert not vectors[3:].any()
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    again = resolve_encoder(cache=cache)
    assert again.identity == encoder.identity
    assert np.array_equal(again.encode(texts), vectors)
    folders = [path for path in (cache / "encoders").iterdir() if not path.name.startswith(".")]
    assert len(folders) == 1
    # By its path it is read by sentence-transformers, whose vectors are the same to the last bit.
    by_path = resolve_encoder(str(folders[0]), cache=cache)
    texts += [one * 200 for one in ("striker ", "olá 日本語 ", "zqxj'd [UNK]\n")]
    assert np.array_equal(by_path.encode(texts), encoder.encode(texts))


@pytest.mark.slow
def test_minilm_comes_from_its_package_verified(tmp_path: Path) -> None:
    encoder = resolve_encoder("minilm", cache=tmp_path)
    one, other, far = encoder.encode(["a cat sleeps", "a kitten naps", "interest rates rose"])
    assert encoder.dim == 384
    assert one @ other > one @ far
    assert not any(tmp_path.iterdir())


def test_to_load_the_static_encoder_takes_none_of_the_large_libraries(home: Path) -> None:
    resolve_encoder(cache=home / "cache")
    code = (
        "import sys; from pathlib import Path; from features.text.encoder import resolve_encoder\n"
        "resolve_encoder(cache=Path(sys.argv[1])).encode(['a'])\n"
        "print(sorted({'sentence_transformers', 'transformers', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, home / "cache"], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_weights_that_differ_from_their_checksum_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"weights")
    verify(path, hashlib.sha256(b"weights").hexdigest())
    with pytest.raises(DataError, match="damaged"):
        verify(path, "0" * 64)
    with pytest.raises(DataError, match="nothing"):
        verify(tmp_path / "absent", "0" * 64)


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no text encoder"):
        resolve_encoder(str(tmp_path), cache=tmp_path)


def test_a_head_learns_what_can_be_told_apart() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 600)
    vectors = (np.eye(8)[truth] + 0.2 * rng.standard_normal((600, 8)) + 3).astype(np.float32)
    labels = [("x", "y", "z")[t] for t in truth]
    every = Examples.of(vectors, ["same"] * 600, labels)
    head = train_head(every.take(np.arange(400)))
    assert head is not None
    rest = every.take(np.arange(400, 600))
    p = head.probabilities(rest.vectors, rest.ngrams)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    assert np.mean(p.argmax(axis=1) == truth[400:]) > 0.95
    same = Head.from_arrays("h", head.labels, head.arrays("h"))
    assert np.array_equal(same.probabilities(rest.vectors, rest.ngrams), p)


def test_a_head_learns_from_words_where_vectors_say_nothing() -> None:
    texts = [f"{word} number {at}" for at in range(60) for word in ("sunny", "rainy")]
    examples = Examples.of(np.ones((120, 4), np.float32), texts, ["good", "bad"] * 60)
    head = train_head(examples)
    assert head is not None
    new = Examples.of(np.ones((2, 4), np.float32), ["a RAINY day", "sunny?"])
    assert head.probabilities(new.vectors, new.ngrams).argmax(axis=1).tolist() == [0, 1]
    with pytest.raises(ValueError, match="n-grams"):
        head.probabilities(new.vectors)


def test_a_head_of_two_labels_gives_both_and_of_one_label_none() -> None:
    vectors = np.array([[1, 0], [0, 1]] * 20, np.float32)
    examples = Examples.of(vectors, [""] * 40, ["a", "b"] * 20)
    head = train_head(examples, HeadConfig(inverse_penalty=10))
    assert head is not None
    assert head.probabilities(vectors[:2], examples.ngrams.take(np.arange(2))).argmax(axis=1).tolist() == [0, 1]
    assert train_head(examples.labelled(["a"] * 40)) is None


def test_fields_of_texts_without_words_are_empty() -> None:
    fields = letters()(["aab", "", "ff"])
    assert fields.topics[:, 0].tolist() == [0, -1, 5]
    assert fields.topic_scores[1].tolist() == [0, 0, 0]
    assert fields.sentiment[1] == 0 < fields.sentiment[2]
    assert letters()([]).topics.shape == (0, 3)


def test_the_majority_of_annotators_and_the_first_name_of_a_tie() -> None:
    votes = [(1, "b"), (1, "a"), (2, "c"), (2, "a"), (2, "c")]
    frame = pl.LazyFrame({"tweet_id": [v[0] for v in votes], "task": ["topic"] * 5, "label": [v[1] for v in votes]})
    assert majority(frame).sort("tweet_id").collect()["label"].to_list() == ["a", "c"]


def annotated(folder: Path) -> Dataset:
    """Forty tweets of one letter each; annotators name it, from the twentieth hour on wrongly."""
    tweets, labels = [], []
    for one in range(40):
        time, letter = START + one * 3_600_000_000, "ab"[one % 2]
        tweets.append({"tweet_id": one, "time_us": time, "kind": "original", "text": letter, "media_count": 0})
        label = letter if one < 20 else "ba"[one % 2]
        labels.append({"annotation_id": one, "time_us": time + 1, "tweet_id": one, "annotator": 1, "task": "topic",
                       "label": label})  # fmt: skip
    with DatasetWriter(folder, name="small", config={}, seed=1) as writer:
        writer.write("tweets", pl.DataFrame(tweets))
        writer.write("annotations", pl.DataFrame(labels))
        return writer.commit()


def test_training_sees_annotations_before_its_moment_only_and_survives_saving(tmp_path: Path) -> None:
    data = annotated(tmp_path / "data")
    early = Understanding.train(data, LetterEncoder(), START + 20 * 3_600_000_000)  # type: ignore[arg-type]
    assert early.topics == ("a", "b")
    assert early(["a", "b"]).topics[:, 0].tolist() == [0, 1]
    assert early.sentiment_head is None
    late = Understanding.train(data, LetterEncoder(), None)  # type: ignore[arg-type]
    assert late.identity != early.identity
    nothing = Understanding.train(data, LetterEncoder(), START)  # type: ignore[arg-type]
    assert nothing.topics == ()


@pytest.mark.slow
def test_saved_heads_come_back_with_their_encoder_or_not_at_all(home: Path, tmp_path: Path) -> None:
    cache = home / "cache"
    trained = Understanding.train(annotated(tmp_path / "data"), resolve_encoder(cache=cache), None)
    trained.save(tmp_path / "text")
    back = Understanding.load(tmp_path / "text", cache)
    assert back.identity == trained.identity
    assert np.array_equal(back(["a b c"]).topic_scores, trained(["a b c"]).topic_scores)
    about = tmp_path / "text" / "understanding.json"
    about.write_text(about.read_text().replace(trained.encoder.identity, "other"))
    with pytest.raises(ModelError, match="other weights"):
        Understanding.load(tmp_path / "text", cache)
    with pytest.raises(ModelError, match="no text understanding"):
        Understanding.load(tmp_path / "nowhere", cache)
