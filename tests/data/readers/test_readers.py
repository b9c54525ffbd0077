"""MovieLens folders become data sets with their ids unchanged; one that does not fit is refused by line."""

from pathlib import Path

import pytest

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.readers import READERS, read_log

RATINGS = "userId,movieId,rating,timestamp\n7,50,4.5,100\n7,3,3.0,100\n2,50,0.5,90\n"
MOVIES = """movieId,title,genres
3,"Postman, The (1994)",Comedy|Drama
50,Hyena Road,(no genres listed)
60,Unrated (1999),War
"""


def _folder(tmp_path: Path, ratings: str | bytes | None = RATINGS, movies: str | bytes | None = MOVIES) -> Path:
    folder = tmp_path / "ml-tiny"
    folder.mkdir()
    for name, content in (("ratings.csv", ratings), ("movies.csv", movies)):
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def _read(tmp_path: Path, **files: str | bytes | None) -> Dataset:
    return read_log("movielens", _folder(tmp_path, **files), tmp_path / "out")


def test_films_become_items_and_ratings_engagements(tmp_path: Path) -> None:
    dataset = _read(tmp_path)
    assert (dataset.name, dataset.tables) == ("ml-tiny", ("users", "tweets", "engagements"))
    users, tweets, rates = (dataset.scan(name).collect() for name in dataset.tables)
    assert users.select("user_id", "created_us", "verified").rows() == [(2, 90_000_000, False), (7, 100_000_000, False)]
    assert tweets.select("tweet_id", "time_us", "text").rows() == [
        (50, 90_000_000, "Hyena Road"),
        (60, 90_000_000, "Unrated (1999). War"),
        (3, 100_000_000, "Postman, The (1994). Comedy, Drama"),
    ]
    assert tweets["kind"].unique().to_list() == ["item"]
    assert tweets["author_id"].null_count() == 3
    assert rates.select("engagement_id", "time_us", "user_id", "tweet_id", "action", "value").rows() == [
        (1, 90_000_000, 2, 50, "rate", 0.5),
        (2, 100_000_000, 7, 50, "rate", 4.5),
        (3, 100_000_000, 7, 3, "rate", 3.0),
    ]


FORMS: dict[str, dict[str, bytes]] = {
    "ml-1m": {
        "ratings.dat": b"7::50::4.5::100\n7::3::3::100\n2::50::0.5::90\n",
        "movies.dat": '3::Amélie, "Le" (2001)::Comedy|Drama\r\n50::Hyena: Road::War\r\n'.encode("latin-1"),
    },
    "ml-10m": {
        "ratings.dat": b"7::50::4.5::100\n7::3::3::100\n2::50::0.5::90\n",
        "movies.dat": '3::Amélie, "Le" (2001)::Comedy|Drama\n50::Hyena: Road::War\n'.encode(),
    },
    "ml-100k": {
        "u.data": b"7\t50\t4.5\t100\n7\t3\t3\t100\n2\t50\t0.5\t90\n",
        "u.item": (
            '3|Amélie, "Le" (2001)|01-Jan-1995||http://x|0|0|0|0|0|1|0|0|1|0|0|0|0|0|0|0|0|0|0\n'
            "50|Hyena: Road||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|1|0\n"
        ).encode("latin-1"),
    },
}


def _form(tmp_path: Path, name: str, **changed: bytes) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    for file, content in (FORMS[name] | {key.replace("_", "."): value for key, value in changed.items()}).items():
        (folder / file).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", FORMS)
def test_folders_without_headers_are_read_alike_in_every_form(tmp_path: Path, name: str) -> None:
    dataset = read_log("movielens", _form(tmp_path, name), tmp_path / "out")
    assert dataset.name == name
    assert dict(dataset.scan("tweets").select("tweet_id", "text").collect().iter_rows()) == {
        3: 'Amélie, "Le" (2001). Comedy, Drama',
        50: "Hyena: Road. War",
    }
    rates = dataset.scan("engagements").select("time_us", "user_id", "tweet_id", "value").collect()
    assert rates.rows() == [(90_000_000, 2, 50, 0.5), (100_000_000, 7, 50, 4.5), (100_000_000, 7, 3, 3.0)]


@pytest.mark.parametrize(
    ("name", "changed", "problem"),
    [
        ("ml-1m", {"ratings_dat": b"7::50::4::100\n7:50:4:100\n"}, r"ratings\.dat line 2: .* 4 fields but 1"),
        ("ml-1m", {"ratings_dat": b"7::50::good::100\n"}, r"ratings\.dat line 1: rating is 'good', not a number"),
        ("ml-10m", {"movies_dat": b"3::A::B::War\n"}, r"movies\.dat line 1: the line does not have 3 fields but 4"),
        ("ml-100k", {"u_data": b"7;50;4;100\n"}, r'u\.data line 1: .*seem to be separated by ";"'),
        ("ml-100k", {"u_item": b"3|A" + b"|" * 3 + b"|0" * 18 + b"|2\n"}, r"u\.item line 1: Western is '2'"),
    ],
)
def test_a_line_without_a_header_that_does_not_fit_is_named(
    tmp_path: Path, name: str, changed: dict[str, bytes], problem: str
) -> None:
    with pytest.raises(DataError, match=problem):
        read_log("movielens", _form(tmp_path, name, **changed), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_order_of_columns_extra_columns_and_lines_of_other_timestamps_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = "note,timestamp,rating,movieId,userId\n,90,0.5,50,2\ny,100,4.50,50,7\nx, 100 ,3,3,7\n"
    assert _read(tmp_path).content_hash == _read(tmp_path / "other", ratings=other).content_hash


def test_low_ratings_are_no_engagements_but_their_users_and_films_stay(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ratings=RATINGS + "7,51,2,95\n7,50,4.5,100\n")
    dataset = read_log("movielens", folder, tmp_path / "out", min_value=4)
    rates = dataset.scan("engagements").select("engagement_id", "user_id", "tweet_id", "value").collect()
    assert rates.rows() == [(1, 7, 50, 4.5), (2, 7, 50, 4.5)]
    users = dataset.scan("users").select("user_id", "created_us").collect()
    assert sorted(users.rows()) == [(2, 90_000_000), (7, 95_000_000)]
    films = dataset.scan("tweets").select("tweet_id", "time_us").collect()
    assert sorted(films.rows()) == [(3, 100_000_000), (50, 90_000_000), (51, 95_000_000), (60, 90_000_000)]
    left_out = {"file": "ratings.csv", "reason": "rating: less than 4", "lines": 3, "first": [3, 4, 5]}
    assert (dataset.config["skipped"], dataset.config["min_value"]) == ([left_out], 4)
    assert read_log("movielens", folder, tmp_path / "out").rows("engagements") == 5


def test_a_least_value_that_leaves_nothing_or_fits_no_reader_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    with pytest.raises(DataError, match=r"ratings\.csv has no engagement: rating: less than 5 \(3 lines\)"):
        read_log("movielens", folder, tmp_path / "out", min_value=5)
    with pytest.raises(ConfigError, match="min_value is nan; give a number"):
        read_log("movielens", folder, tmp_path / "out", min_value=float("nan"))
    with pytest.raises(ConfigError, match="reader 'open_bandit' takes no min_value, 4 was given; only movielens, rec"):
        read_log("open_bandit", folder, tmp_path / "out", min_value=4)
    with pytest.raises(ConfigError, match=r"say min_value under \[log\] in the mapping"):
        read_log("mapping", folder, tmp_path / "out", min_value=4)
    assert not (tmp_path / "out").exists()


def test_a_rated_film_without_a_title_has_no_text(tmp_path: Path) -> None:
    dataset = _read(tmp_path, ratings=RATINGS + "7,4711,1.0,95\n")
    assert dataset.scan("tweets").collect().row(by_predicate=_is(4711), named=True)["text"] == ""


def _is(tweet_id: int):  # type: ignore[no-untyped-def]
    import polars as pl

    return pl.col("tweet_id") == tweet_id


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {"ratings": None},
            r"ml-tiny holds none of ratings\.csv, ratings\.dat, u\.data; a folder holds one pair of ratings\.csv and "
            r"movies\.csv; ratings\.dat and movies\.dat; u\.data and u\.item",
        ),
        ({"movies": None}, r"movies\.csv does not exist"),
        ({"ratings": ""}, r"ratings\.csv is empty"),
        ({"ratings": "userId,movieId,rating,timestamp\n"}, r"ratings\.csv has a header and no rows"),
        (
            {"ratings": "userId,movieId,rating\n1,2,3\n"},
            r"has no column 'timestamp', it has 'userId', 'movieId', 'rating'",
        ),
        ({"ratings": "user,item,rating,timestamp\n1,2,3,4\n"}, r"has no column 'userId'"),
        ({"ratings": RATINGS + "seven,50,4.5,100\n"}, r"ratings\.csv line 5: userId is 'seven', not a whole number"),
        ({"ratings": RATINGS + "7,51,good,100\n"}, r"ratings\.csv line 5: rating is 'good', not a number"),
        ({"ratings": RATINGS + "7,51,NaN,100\n"}, r"ratings\.csv line 5: rating is 'NaN', not a number"),
        ({"ratings": RATINGS + "7,51,4,\n"}, r"ratings\.csv line 5: timestamp is '', not a number of seconds"),
        ({"ratings": RATINGS + "-7,51,4,100\n"}, r"line 5: userId is '-7', less than 0"),
        ({"ratings": RATINGS + "7,51,4,-1\n"}, r"line 5: timestamp is '-1', which is no timestamp .* seconds since"),
        ({"ratings": RATINGS + "7,51,4,1260759144000\n"}, r"line 5: timestamp is '1260759144000'"),
        ({"ratings": RATINGS + "1,2,3,4,5,6\n"}, r"ratings\.csv line 5: the line does not have 4 fields but 6"),
        ({"movies": MOVIES.encode() + b"1,Am\xe9lie,War\n"}, r"movies\.csv line 5: the line is not UTF-8"),
        (
            {"movies": MOVIES + "3,Again,War\n"},
            r"movies\.csv line 5: movieId is '3', a film that is there more than once",
        ),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_and_nothing_written(
    tmp_path: Path, files: dict[str, str | bytes | None], problem: str
) -> None:
    with pytest.raises(DataError, match=problem):
        _read(tmp_path, **files)
    assert [path.name for path in tmp_path.iterdir()] == ["ml-tiny"]


def test_a_missing_folder_and_an_unknown_reader_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere is not a folder; give the unpacked MovieLens folder"):
        read_log("movielens", tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(
        ConfigError,
        match="unknown reader 'netflix'; choose one of amazon, bookcrossing, kuairec, lastfm, mapping, ",
    ):
        read_log("netflix", tmp_path, tmp_path / "out")


@pytest.mark.parametrize("name", READERS)
def test_every_reader_resolves(name: str) -> None:
    from data.import_by_name import lookup

    assert callable(lookup("reader", READERS, name))
