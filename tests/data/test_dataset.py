"""A data set appears whole or not at all, the same content has the same hash, and damage is named."""

import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.dataset import MANIFEST, Dataset
from data.dataset_writer import DatasetWriter
from data.errors import DataError, NotFoundError
from data.events import DAY_US, EventBatch
from data.schema import conform, table

USERS = pl.DataFrame({"user_id": [2, 1], "created_us": [7, 7], "verified": [False, True]})
FOLLOWS = pl.DataFrame({
    "follow_id": [1, 2, 3, 4],
    "time_us": [3 * DAY_US, 5, DAY_US, 5],
    "follower_id": [1, 1, 2, 2],
    "followee_id": [2, 2, 1, 1],
    "ended": [True, False, True, False],
})  # fmt: skip
DELETIONS = pl.DataFrame({"tweet_id": [4, 3, 9], "time_us": [2 * DAY_US, 5, 2 * DAY_US - 1]})


def _writer(folder: Path, **about: object) -> DatasetWriter:
    return DatasetWriter(folder, **({"name": "little", "config": {"people": 2}, "seed": 3} | about))  # type: ignore[arg-type]


def _make(folder: Path) -> Dataset:
    with _writer(folder) as writer:
        writer.write("users", USERS)
        writer.write("follows", FOLLOWS)
        writer.write("deletions", DELETIONS)
        return writer.commit()


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_reads_back_what_was_written_in_order(tmp_path: Path) -> None:
    dataset = _make(tmp_path / "d")
    assert (dataset.name, dataset.config, dataset.tables) == (
        "little",
        {"people": 2},
        ("users", "follows", "deletions"),
    )
    assert dataset.scan("follows").collect()["follow_id"].to_list() == [2, 4, 3, 1]
    assert dataset.read("users").columns["user_id"].tolist() == [1, 2]
    assert dataset.days("deletions") == ["1970-01-01", "1970-01-02", "1970-01-03"]
    assert dataset.days("follows") == ["all"]
    assert (dataset.rows("follows"), dataset.rows("tweets")) == (4, 0)
    assert dataset.read_day("deletions", "1970-01-03")["tweet_id"].to_list() == [4]
    dataset.verify()
    assert not list(tmp_path.glob(".*"))


def test_a_table_written_without_rows_is_there_and_empty(tmp_path: Path) -> None:
    with _writer(tmp_path / "d") as writer:
        writer.write("mutes", pl.DataFrame(schema=table("mutes").polars_schema))
        dataset = writer.commit()
    assert dataset.tables == ("mutes",)
    assert dataset.scan("mutes", before_us=5).collect().height == 0
    assert len(dataset.read("mutes")) == 0
    assert list(dataset.replay(["mutes"]).advance()) == []


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4), st.booleans())
def test_the_same_content_has_the_same_hash_whatever_the_order_of_writes(
    chance: st.DataObject, parts: int, as_events: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        expected = _make(Path(folder) / "a").content_hash
        pieces = [
            (name, frame[row : row + parts])
            for name, frame in (("users", USERS), ("follows", FOLLOWS), ("deletions", DELETIONS))
            for row in range(0, len(frame), parts)
        ]
        chance.shuffle(pieces)  # type: ignore[attr-defined]
        with _writer(Path(folder) / "b", name="another name") as writer:
            for name, piece in pieces:
                rows = conform(name, piece)
                writer.write(name, EventBatch.from_frame(name, rows) if as_events else rows)
            assert writer.commit().content_hash == expected


def test_other_content_has_another_hash(tmp_path: Path) -> None:
    with _writer(tmp_path / "b") as writer:
        writer.write("users", USERS.with_columns(verified=True))
        writer.write("follows", FOLLOWS)
        writer.write("deletions", DELETIONS)
        assert writer.commit().content_hash != _make(tmp_path / "a").content_hash


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with _writer(tmp_path / "d") as writer:
            writer.write("users", USERS)
            writer.flush()
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_the_data_set_that_was_there(tmp_path: Path) -> None:
    before = _make(tmp_path / "d")
    with pytest.raises(DataError, match="lacks column"), _writer(tmp_path / "d") as writer:
        writer.write("users", USERS.drop("verified"))
    assert Dataset.open(tmp_path / "d").content_hash == before.content_hash
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_leaving_without_a_commit_writes_nothing(tmp_path: Path) -> None:
    with _writer(tmp_path / "d") as writer:
        writer.write("users", USERS)
    assert list(tmp_path.iterdir()) == []


def test_replaces_a_data_set_and_what_a_killed_writer_left(tmp_path: Path) -> None:
    _make(tmp_path / "d")
    _writer(tmp_path / "d")  # killed before its end: the staging folder stays
    (tmp_path / ".d.replaced" / "d").mkdir(parents=True)
    with _writer(tmp_path / "d") as writer:
        writer.write("users", USERS)
        dataset = writer.commit()
    assert _files(tmp_path / "d") == ["manifest.json", "users/all.parquet"]
    assert dataset.tables == ("users",)
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_does_not_touch_a_folder_that_is_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(DataError, match="exists and is not a data set; name another folder"):
        _writer(tmp_path / "thesis")
    assert _files(tmp_path) == ["thesis/chapter.tex"]


def test_a_key_stands_for_one_row(tmp_path: Path) -> None:
    with _writer(tmp_path / "d") as writer:
        writer.write("users", USERS)
        writer.write("users", USERS[1:])
        with pytest.raises(DataError, match="'users' has user_id 1 more than once"):
            writer.commit()
    assert list(tmp_path.iterdir()) == []


def test_a_day_takes_no_rows_after_it_was_flushed(tmp_path: Path) -> None:
    with _writer(tmp_path / "d") as writer:
        writer.write("deletions", DELETIONS)
        writer.flush(before_day="1970-01-02")
        writer.write("deletions", pl.DataFrame({"tweet_id": [77], "time_us": [DAY_US]}))
        writer.flush(before_day="1970-01-02")
        writer.write("deletions", pl.DataFrame({"tweet_id": [78], "time_us": [8]}))
        with pytest.raises(DataError, match="day 1970-01-01 of table 'deletions' was flushed"):
            writer.commit()


def test_one_file_a_table_where_days_are_off(tmp_path: Path) -> None:
    with _writer(tmp_path / "d", daily=False) as writer:
        writer.write("deletions", DELETIONS)
        dataset = writer.commit()
    assert dataset.days("deletions") == ["all"]
    assert dataset.scan("deletions").collect()["tweet_id"].to_list() == [3, 9, 4]


def test_the_truth_is_kept_and_not_hashed(tmp_path: Path) -> None:
    plain = _make(tmp_path / "a").content_hash
    with _writer(tmp_path / "b") as writer:
        for name, frame in (("users", USERS), ("follows", FOLLOWS), ("deletions", DELETIONS)):
            writer.write(name, frame)
        pl.DataFrame({"secret": [1]}).write_parquet(writer.truth / "people.parquet")
        dataset = writer.commit()
    assert dataset.content_hash == plain
    assert (dataset.truth / "people.parquet").is_file()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [_cut, _flip, Path.unlink])
def test_a_damaged_file_is_named(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    dataset = _make(tmp_path / "d")
    damage(dataset.folder / "deletions" / "1970-01-02.parquet")
    with pytest.raises(DataError, match=r"deletions/1970-01-02\.parquet is damaged: .*; make or import the data set"):
        Dataset.open(tmp_path / "d")


def test_verify_names_a_file_damaged_after_opening(tmp_path: Path) -> None:
    dataset = _make(tmp_path / "d")
    _flip(dataset.folder / "users" / "all.parquet")
    with pytest.raises(DataError, match=r"users/all\.parquet is damaged"):
        dataset.verify()
    dataset = _make(tmp_path / "d")
    (dataset.folder / "users" / "all.parquet").unlink()
    with pytest.raises(DataError, match=r"users/all\.parquet is damaged"):
        dataset.verify()


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (None, "is not a data set: it has no manifest.json; make one"),
        ("{", r"manifest\.json is damaged"),
        ("[]", r"manifest\.json is damaged"),
        (json.dumps({"schema_version": 1}), r"manifest\.json is damaged"),
        (json.dumps({"schema_version": 99, "files": {}}), "has schema version 99, not 1"),
        (json.dumps({"schema_version": 1, "files": {"users/all.parquet": 3}}), r"manifest\.json is damaged"),
    ],
)
def test_a_folder_that_is_no_data_set_is_told_apart(tmp_path: Path, manifest: str | None, problem: str) -> None:
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(DataError, match=problem):
        Dataset.open(tmp_path)


def test_an_absent_table_is_named_with_those_there_are(tmp_path: Path) -> None:
    dataset = _make(tmp_path / "d")
    with pytest.raises(DataError, match="no table 'tweets', which training needs; it has users, follows, deletions"):
        dataset.require("users", "tweets", purpose="training")
    with pytest.raises(DataError, match="no table 'tweets'"):
        dataset.scan("tweets")
    with pytest.raises(DataError, match="unknown table 'tweet'"):
        dataset.scan("tweet")


def test_ids_that_were_numbered_are_kept_hashed_and_translated(tmp_path: Path) -> None:
    hashes = []
    for names in (["ann", "007"], ["ann", "bob"]):
        with _writer(tmp_path / names[1]) as writer:
            writer.write("users", USERS.with_columns(user_id=pl.Series([1, 0])))
            writer.write_ids("users", pl.Series(names))
            dataset = writer.commit()
        hashes.append(dataset.content_hash)
        assert dataset.verify() is None
        assert dataset.ids("users").originals([1, 0, 1]) == [names[1], "ann", names[1]]
        assert dataset.ids("users").ids([names[1], "eve"]).tolist() == [1, -1]
        assert (dataset.ids("users").numbered, dataset.ids("tweets").numbered) == (True, False)
    assert hashes[0] != hashes[1]
    with pytest.raises(NotFoundError, match="no id 2; they go from 0 to 1"):
        dataset.ids("users").originals([0, 2])
    assert dataset.ids("tweets").originals([7]) == ["7"]
    assert dataset.ids("tweets").ids(["7", "07", "x"]).tolist() == [7, -1, -1]


@pytest.mark.parametrize(("texts", "some"), [(["", ""], False), (["", "hat"], True)])
def test_a_log_without_texts_says_so(tmp_path: Path, texts: list[str], some: bool) -> None:
    rows = pl.DataFrame({"tweet_id": [1, 2], "time_us": [5, 6], "text": texts, "media_count": [0, 0]})
    with _writer(tmp_path / "log") as writer:
        writer.write("tweets", rows.with_columns(kind=pl.lit("item")))
        dataset = writer.commit()
    assert dataset.has_texts is some
    if not some:
        with pytest.raises(DataError, match="data set 'little' has no texts, which search needs"):
            dataset.require_texts(purpose="search")
