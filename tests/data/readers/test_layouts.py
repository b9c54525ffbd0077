"""Public logs by name: a few lines as each is published become its engagements and texts; logs without times say so."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.readers import read_log
from data.split import default_split, parse_split


def _write(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".").replace("--", "-")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def _events(dataset: Dataset) -> list[tuple[str, str, int, str, float | None]]:
    rows = dataset.scan("engagements").select("user_id", "tweet_id", "time_us", "action", "value").collect()
    users = dataset.ids("users").originals(rows["user_id"].to_numpy())
    items = dataset.ids("tweets").originals(rows["tweet_id"].to_numpy())
    return list(zip(users, items, rows["time_us"], rows["action"], rows["value"], strict=True))


def _texts(dataset: Dataset) -> dict[str, str]:
    rows = dataset.scan("tweets").select("tweet_id", "text").collect()
    return dict(zip(dataset.ids("tweets").originals(rows["tweet_id"].to_numpy()), rows["text"], strict=True))


def _lines(*rows: dict[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_amazon_of_2018_and_2023(tmp_path: Path) -> None:
    reviews = _lines(
        {"reviewerID": "A1", "asin": "0001", "overall": 5.0, "unixReviewTime": 1_400_000_000, "verified": True},
        {"reviewerID": "A2", "asin": "B2", "overall": 1.0, "unixReviewTime": 1_400_000_001},
    )
    meta = _lines({"asin": "0001", "title": "Hat", "brand": "Bo", "category": ["Hats"]}, {"asin": "B2", "title": "Cap"})
    older = _write(tmp_path / "fashion", fashion__json__gz=gzip.compress(reviews.encode()), meta_fashion__json=meta)
    dataset = read_log("amazon", older, tmp_path / "out")
    assert dataset.name == "fashion"
    assert _events(dataset) == [
        ("A1", "0001", 1_400_000_000_000_000, "rate", 5.0),
        ("A2", "B2", 1_400_000_001_000_000, "rate", 1.0),
    ]
    assert _texts(dataset) == {"0001": "Hat. Bo", "B2": "Cap"}
    assert _events(read_log("amazon", older, tmp_path / "out", min_value=4))[0][1] == "0001"
    newer = _lines({"user_id": "U", "parent_asin": "7", "rating": 4.0, "timestamp": 1_600_000_000_123, "title": "ok"})
    dataset = read_log("amazon", _write(tmp_path / "new", Beauty__jsonl=newer), tmp_path / "out2")
    assert _events(dataset) == [("U", "7", 1_600_000_000_123_000, "rate", 4.0)]
    csv = _write(tmp_path / "csv", Beauty__csv="user_id,parent_asin,rating,timestamp\nU,7,4.0,1600000000123\n")
    assert _events(read_log("amazon", csv, tmp_path / "out3")) == _events(dataset)


def test_yelp(tmp_path: Path) -> None:
    prefix = "yelp_academic_dataset_"
    review = {"review_id": "r", "user_id": "u", "business_id": "b", "stars": 4.0, "date": "2018-07-07 22:09:11"}
    business = {"business_id": "b", "name": "Deli", "categories": "Food, Bagels", "city": "Tampa"}
    folder = _write(tmp_path / "yelp")
    (folder / f"{prefix}review.json").write_text(_lines(review))
    (folder / f"{prefix}business.json").write_text(_lines(business))
    dataset = read_log("yelp", folder, tmp_path / "out")
    assert _events(dataset) == [("u", "b", 1_531_001_351_000_000, "rate", 4.0)]
    assert _texts(dataset) == {"b": "Deli. Food, Bagels. Tampa"}


def test_lastfm_with_and_without_times(tmp_path: Path) -> None:
    old = _write(
        tmp_path / "2k", user_artists__dat="userID\tartistID\tweight\n2\t51\t13883\n2\t52\t3\n",
        artists__dat='id\tname\turl\tpictureURL\n51\tDuran "D" Duran\tu\tp\n52\tX\tu\tp\n',
    )  # fmt: skip
    dataset = read_log("lastfm", old, tmp_path / "out")
    assert [row[:2] + row[3:] for row in _events(dataset)] == [("2", "51", "click", 13883.0), ("2", "52", "click", 3.0)]
    assert _texts(dataset)["51"] == 'Duran "D" Duran'
    assert dataset.timeless
    assert len(_events(read_log("lastfm", old, tmp_path / "out", min_value=10))) == 1
    line = "user_000001\t2009-05-04T23:08:57Z\tf1b1\tDeep Dish\t\tFuck Me Im Famous\n"
    new = _write(tmp_path / "1k")
    (new / "userid-timestamp-artid-artname-traid-traname.tsv").write_text(line)
    assert _events(read_log("lastfm", new, tmp_path / "out2"))[0][:2] == ("user_000001", "Deep Dish")
    with pytest.raises(ConfigError, match="has no values"):
        read_log("lastfm", new, tmp_path / "out2", min_value=2)


def test_bookcrossing_in_both_forms(tmp_path: Path) -> None:
    rows = ['"User-ID";"ISBN";"Book-Rating"', '"276725";"034545104X";"0"', '"276726";"0155061224";"5"']
    books = ['"ISBN";"Book-Title";"Book-Author"', '"034545104X";"Caf\xe9";"Ann"', '"0155061224";"Rites";"Bo"']
    old = _write(tmp_path / "bx")
    (old / "BX-Book-Ratings.csv").write_text("\n".join(rows), encoding="latin-1")
    (old / "BX-Books.csv").write_text("\n".join(books), encoding="latin-1")
    dataset = read_log("bookcrossing", old, tmp_path / "out")
    assert [row[:2] for row in _events(dataset)] == [("276725", "034545104X"), ("276726", "0155061224")]
    assert _texts(dataset)["034545104X"] == "Caf\xe9. Ann"
    new = _write(tmp_path / "new", Ratings__csv="User-ID,ISBN,Book-Rating\n1,0155061224,5\n")
    assert _events(read_log("bookcrossing", new, tmp_path / "out2"))[0][1] == "0155061224"


def test_kuairec(tmp_path: Path) -> None:
    head = "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio\n"
    text = head + "14,148,4381,6067,2020-07-05 05:27:48.378,20200705,1593898068.378,0.75\n"
    dataset = read_log("kuairec", _write(tmp_path / "k", small_matrix__csv=text), tmp_path / "out")
    assert _events(dataset) == [("14", "148", 1_593_898_068_378_000, "click", 0.75)]
    assert dataset.scan("engagements").collect()["dwell_ms"].to_list() == [4381]


def test_a_folder_without_such_a_log_or_with_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no log of yelp; it has one of \*review.json"):
        read_log("yelp", _write(tmp_path / "a", other__json="{}"), tmp_path / "out")
    with pytest.raises(DataError, match=r"holds a.json, b.json: which is the log\?"):
        read_log("amazon", _write(tmp_path / "b", a__json="{}", b__json="{}"), tmp_path / "out")
    with pytest.raises(DataError, match="does not exist"):
        read_log("amazon", tmp_path / "nowhere", tmp_path / "out")


def test_a_zip_of_a_folder_is_that_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ml-tiny.zip", "w") as archive:
        archive.writestr("ml-tiny/ratings.csv", "userId,movieId,rating,timestamp\n1,10,4.0,1000000000\n")
        archive.writestr("ml-tiny/movies.csv", "movieId,title,genres\n10,A (1990),War\n")
    dataset = read_log("movielens", tmp_path / "ml-tiny.zip", tmp_path / "out")
    assert (dataset.name, _texts(dataset)) == ("ml-tiny", {"10": "A (1990). War"})


def test_atomic_files_without_times_are_split_at_random_alone(tmp_path: Path) -> None:
    rows = "".join(f"{user}\t{item}\n" for user in range(6) for item in range(8))
    folder = _write(tmp_path / "shop")
    (folder / "shop.inter.gz").write_bytes(gzip.compress(f"user_id:token\titem_id:token\n{rows}".encode()))
    dataset = read_log("recbole", folder, tmp_path / "out")
    assert (dataset.name, dataset.rows("engagements"), dataset.timeless) == ("shop", 48, True)
    notes = [one["what"] for one in dataset.config["notes"]]
    assert "no field timestamp: only random splits, and those by files, are possible" in notes
    assert default_split(dataset).name == "random_ratio"
    for text in ("time", "leave_last_out", "per_user_ratio"):
        with pytest.raises(DataError, match=r"has no times and no order, .* take a random split"):
            parse_split(text).apply(dataset)
    assert parse_split("random_ratio").apply(dataset).warmth.test_rows == 12
