"""Every column, file and default that an import passes over is named in the data set, with what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import DataError
from data.readers import read_log
from tests.data.readers.test_formats import BANDIT, _bandit, _recbole, _tweet

LOG = '[log]\nfile = "log.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nconstants.action = "like"\n'


def _notes(dataset: Dataset) -> dict[tuple[str, str], tuple[list[str], bool]]:
    """(file, words) to the columns and whether it is a warning."""
    notes = Dataset.open(dataset.folder).config["notes"]
    return {(one["file"], one["what"]): (one["columns"], one["warning"]) for one in notes}


def _mapping(folder: Path, toml: str, **files: str | pl.DataFrame) -> Dataset:
    (folder / "shop.toml").write_text(toml)
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_text(content)
    return read_log("mapping", folder / "shop.toml", folder / "out")


def test_a_misspelt_rating_is_named_with_what_was_meant_and_what_lines_became(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\tratting:float\ttimestamp:float\n1\t10\t4\t1000000000\n"
    notes = _notes(read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out"))
    assert notes["shop.inter", "dropped; did you mean 'rating'?"] == (["ratting:float"], True)
    assert notes["shop.inter", "no field rating or label: each line is a click"] == ([], False)


@pytest.mark.parametrize("field", ["Rating:float", "ratings:float", "lable:float", "rating_:float"])
def test_names_near_to_a_known_field_are_suspected(tmp_path: Path, field: str) -> None:
    inter = f"user_id:token\titem_id:token\t{field}\ttimestamp:float\n1\t10\t1\t1000000000\n"
    notes = _notes(read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out"))
    (near,) = [what for (_, what), (columns, warning) in notes.items() if columns == [field] and warning]
    assert near == f"dropped; did you mean '{'label' if 'la' in field else 'rating'}'?"


def test_a_field_that_is_there_is_not_suggested(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\trating:float\tratings:float\ttimestamp:float\n1\t10\t4\t4\t1000000000\n"
    notes = _notes(read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out"))
    assert notes["shop.inter", "dropped"] == (["ratings:float"], False)


def test_fields_of_side_files_are_named_whether_dropped_or_taken_as_text(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\trating:float\ttimestamp:float\tplace:token\n1\t10\t4\t1000000000\tx\n"
    user = "user_id:token\tage:token\tgender:token\n1\t20\tF\n"
    item = "item_id:token\tclass:token_seq\ttitle:token\tprice:float\ttitel:token\n10\tWar\tHat\t2\tHut\n"
    folder = _recbole(tmp_path, inter=inter, user=user, item=item)
    (folder / "shop.link").write_text("item_id:token\tentity_id:token\n10\tm1\n")
    notes = _notes(read_log("recbole", folder, tmp_path / "out"))
    assert notes == {
        ("shop.inter", "dropped"): (["place:token"], False),
        ("shop.user", "dropped"): (["age:token", "gender:token"], False),
        ("shop.item", "dropped"): (["price:float", "titel:token"], False),
        ("shop.item", "taken as text, in this order"): (["title", "class"], False),
        ("shop.link", "not read"): ([], False),
    }


def test_side_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    notes = _notes(read_log("recbole", _recbole(tmp_path), tmp_path / "out"))
    assert ("shop.inter", "no shop.item beside it: items have no texts") in notes


def test_a_field_that_stands_twice_is_refused(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\trating:float\trating:token\ttimestamp:float\n1\t10\t4\t1\t1000000000\n"
    with pytest.raises(DataError, match=r"shop\.inter line 1: field 'rating' is there twice"):
        read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out")


def test_a_needed_column_that_is_misspelt_is_suggested(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\ttimestmp:float\n1\t10\t4\n"
    with pytest.raises(DataError, match=r"has no field 'timestamp', it has .*; did you mean 'timestmp'\?"):
        read_log("recbole", _recbole(tmp_path / "a", inter=inter), tmp_path / "out")
    inter = "user_id:token\titemid:token\ttimestamp:float\n1\t10\t4\n"
    with pytest.raises(DataError, match=r"has no field 'item_id', it has .*; did you mean 'itemid'\?"):
        read_log("recbole", _recbole(tmp_path / "b", inter=inter), tmp_path / "out")
    with pytest.raises(DataError, match=r"log\.csv has no column 'what', it has .*; did you mean ' What'\?"):
        _mapping(tmp_path, LOG, log_csv="who, What,at\n1,2,3\n")


def test_columns_that_a_mapping_does_not_name_are_dropped_by_name(tmp_path: Path) -> None:
    toml = LOG + '[items]\nfile = "things.parquet"\nid = "sku"\n[users]\nfile = "people.csv"\nid = "who"\n'
    things = pl.DataFrame({"sku": [10], "title": ["Hat"], "stock": [3]})
    dataset = _mapping(
        tmp_path, toml, log_csv="who,what,at,stars,shop\n1,10,1000000000,4,x\n", things_parquet=things,
        people_csv="who,joined,age\n1,5,20\n",
    )  # fmt: skip
    assert _notes(dataset) == {
        ("log.csv", "dropped"): (["shop"], False),
        ("log.csv", "dropped; did you mean `value`?"): (["stars"], True),
        ("things.parquet", "dropped"): (["stock"], False),
        ("things.parquet", "dropped; did you mean `text`?"): (["title"], True),
        ("things.parquet", "no `time`: items count from their first event"): ([], False),
        ("things.parquet", "no `text`: items have no texts"): ([], False),
        ("people.csv", "dropped"): (["age"], False),
        ("people.csv", "dropped; did you mean `created`?"): (["joined"], True),
        ("people.csv", "no `created`: accounts count from their first event"): ([], False),
    }


def test_a_mapping_that_names_every_column_has_nothing_to_tell(tmp_path: Path) -> None:
    assert _notes(_mapping(tmp_path, LOG, log_csv="who,what,at\n1,10,1000000000\n")) == {}


def test_defaults_of_shown_items_and_of_ratings_are_told(tmp_path: Path) -> None:
    toml = (
        LOG.replace('"like"', '"rate"')
        + '[impressions]\nfile = "shown.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nclicked = "click"\n'
    )
    dataset = _mapping(
        tmp_path, toml, log_csv="who,what,at\n1,10,1000000000\n",
        shown_csv="who,what,at,click,position\n1,10,1000000000,1,3\n",
    )  # fmt: skip
    assert _notes(dataset) == {
        ("log.csv", "no `value`: ratings have no stars"): ([], False),
        ("shown.csv", "dropped; did you mean `position`?"): (["position"], True),
        ("shown.csv", "no `request`: the lines of one user and time are one request"): ([], False),
        ("shown.csv", "no `position`: the order of a request's lines is used for it"): ([], False),
        ("shown.csv", "no `propensity`: impressions have none"): ([], False),
    }


def test_files_and_columns_of_movielens_that_are_passed_over_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp,note\n1,10,4,1000000000,x\n")
    (folder / "movies.csv").write_text("movieId,title,genres,year\n10,Hat,War,1999\n")
    (folder / "tags.csv").write_text("userId,movieId,tag,timestamp\n")
    assert _notes(read_log("movielens", folder, tmp_path / "out")) == {
        ("ratings.csv", "dropped"): (["note"], False),
        ("movies.csv", "dropped"): (["year"], False),
        ("tags.csv", "not read"): ([], False),
    }


def test_columns_of_fixed_formats_are_named_many_in_one_note(tmp_path: Path) -> None:
    wide = BANDIT.replace("user-item_affinity_0", ",".join(f"user-item_affinity_{at}" for at in range(30)))
    wide = "\n".join(line if at == 0 or not line else line + ",0" * 29 for at, line in enumerate(wide.split("\n")))
    notes = _notes(read_log("open_bandit", _bandit(tmp_path, wide), tmp_path / "out"))
    assert notes["men.csv", "dropped"] == (["", *(f"user-item_affinity_{at}" for at in range(30))], False)
    assert notes["item_context.csv", "dropped"] == (["", "item_feature_0"], False)
    (tmp_path / "training.tsv").write_text(_tweet(like_timestamp="1581262700") + "\n")
    notes = _notes(read_log("recsys2020", tmp_path / "training.tsv", tmp_path / "out"))
    assert "language" in notes["training.tsv", "dropped"][0]


def test_histories_and_columns_of_mind_are_named(tmp_path: Path) -> None:
    source = tmp_path / "MINDtiny"
    source.mkdir()
    (source / "behaviors.tsv").write_text("1\tU1\t11/11/2019 9:05:58 AM\tN5\tN1-1 N2-0\n")
    (source / "news.tsv").write_text("N1\tsports\tsoccer\tTitle\tAbstract\thttps://x\t[]\t[]\n")
    (source / "entity_embedding.vec").write_text("Q1\t0.1\n")
    notes: dict[tuple[str, str], Any] = _notes(read_log("mind", source, tmp_path / "out"))
    assert notes["behaviors.tsv", "dropped"] == (["impression_id", "history"], False)
    assert notes["news.tsv", "dropped"] == (["url", "title entities", "abstract entities"], False)
    assert notes["entity_embedding.vec", "not read"] == ([], False)
