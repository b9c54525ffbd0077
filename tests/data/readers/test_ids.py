"""Ids that lost digits or changed their form on the way are refused, repaired with words, or warned about."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import DataError
from data.readers import read_log
from tests.data.readers.test_formats import BANDIT, _bandit, _recbole
from tests.data.readers.test_notes import LOG, _mapping, _notes

ITEMS = '[items]\nfile = "items.csv"\nid = "sku"\n'
AT = 1_000_000_000


def _log(*pairs: tuple[str, str]) -> str:
    return "who,what,at\n" + "".join(f"{who},{what},{AT + at}\n" for at, (who, what) in enumerate(pairs))


def _pairs(dataset: Dataset) -> list[tuple[str, str]]:
    """User and item of each engagement, as their log calls them."""
    rows = dataset.scan("engagements").select("user_id", "tweet_id").collect()
    users, items = dataset.ids("users"), dataset.ids("tweets")
    return list(zip(users.originals(rows["user_id"]), items.originals(rows["tweet_id"]), strict=True))


@pytest.mark.parametrize("one", ["1.23457E+18", "1.23457e+18", "1.2345678901234567e18", "1E+18", "1,23457E+18"])
@pytest.mark.parametrize("kind", ["auto", "text", "integer"])
def test_ids_that_lost_digits_are_refused_by_line(tmp_path: Path, one: str, kind: str) -> None:
    csv = _log(("ann", "1")).replace(",", ";") + f"{one};2;{AT}\n"
    toml = f'user_ids = "{kind}"\n' + LOG + 'separator = ";"\n'
    with pytest.raises(DataError, match=r"line 3: who is '1.*', which has lost digits; export the ids as text"):
        _mapping(tmp_path, toml, log_csv=csv if kind != "integer" else csv.replace("ann", "5"))


def test_all_ids_of_a_column_that_lost_digits_are_no_texts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"who is '1.23457E\+18', which has lost digits.*none fits"):
        _mapping(tmp_path, LOG, log_csv=_log(("1.23457E+18", "1"), ("1.23457E+18", "2")))
    inter = f"user_id:token\titem_id:token\ttimestamp:float\n1.2E+17\t1\t{AT}\n"
    with pytest.raises(DataError, match="which has lost digits"):
        read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out")


def test_codes_that_only_look_like_powers_are_texts(tmp_path: Path) -> None:
    assert _pairs(_mapping(tmp_path, LOG, log_csv=_log(("12E5", "1"), ("3e10", "2")))) == [("12E5", "1"), ("3e10", "2")]


@pytest.mark.parametrize(
    ("column", "fits"),
    [
        (pl.Series([2.0**53 - 1, 1.0]), True),
        (pl.Series([2.0**53 + 2, 1.0]), False),
        (pl.Series([2.0**24 - 1, 1.0], dtype=pl.Float32), True),
        (pl.Series([2.0**24 + 2, 1.0], dtype=pl.Float32), False),
    ],
)
def test_floats_are_ids_as_far_as_they_are_exact(tmp_path: Path, column: pl.Series, fits: bool) -> None:
    frame = pl.DataFrame({"who": column, "what": [1, 2], "at": [AT, AT]})
    toml = LOG.replace("log.csv", "log.parquet")
    if fits:
        dataset = _mapping(tmp_path, toml, log_parquet=frame)
        assert _notes(dataset)["log.parquet", "2 values that are floats were taken as whole numbers"] == (
            ["who"],
            False,
        )
        return
    with pytest.raises(DataError, match=r"row 1: who is .*, which has lost digits"):
        _mapping(tmp_path, toml, log_parquet=frame)


def test_ids_that_all_end_in_zeros_after_fifteen_digits_are_warned_about(tmp_path: Path) -> None:
    ids = ["1234567890123450000", "1234567890123460000", "7234567890123410000"]
    notes = _notes(_mapping(tmp_path, LOG, log_csv=_log(*((one, "1") for one in ids))))
    words = "all 3 ids of over 15 digits end in zeros from the 16th on: were they cut by a spreadsheet?"
    assert notes["log.csv", words] == (["who"], True)
    fine = _mapping(tmp_path, LOG, log_csv=_log(*((one, "1") for one in [*ids, "1234567890123450001"])))
    assert _notes(fine) == {}


@pytest.mark.parametrize("kind", ["auto", "integer"])
def test_whole_floats_are_the_whole_numbers_they_are(tmp_path: Path, kind: str) -> None:
    toml = f'item_ids = "{kind}"\n' + LOG + ITEMS
    dataset = _mapping(tmp_path, toml, log_csv=_log(("1", "10"), ("2", "20")), items_csv="sku\n10.0\n20.00\n")
    assert sorted(dataset.scan("tweets").collect()["tweet_id"]) == [10, 20]
    notes = _notes(dataset)
    assert notes["items.csv", "2 values like '10.0' were taken as whole numbers"] == (["sku"], False)
    assert not any("are not in it" in what for _, what in notes)


def test_whole_floats_in_recbole_and_movielens_are_repaired(tmp_path: Path) -> None:
    inter = f"user_id:token\titem_id:token\ttimestamp:float\n1.0\tB\t{AT}\n2.0\tC\t{AT + 1}\n"
    dataset = read_log("recbole", _recbole(tmp_path, inter=inter, user="user_id:token\n1\n2\n"), tmp_path / "out")
    assert _pairs(dataset) == [("1", "B"), ("2", "C")]
    assert ("shop.inter", "2 values like '1.0' were taken as whole numbers") in _notes(dataset)
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n1, 010,4,{AT}\n2.0,20,4,{AT}\n")
    (folder / "movies.csv").write_text("movieId,title,genres\n10.0,Hat,War\n20,Cap,War\n")
    dataset = read_log("movielens", folder, tmp_path / "out")
    assert _pairs(dataset) == [("1", "10"), ("2", "20")]
    assert dict(dataset.scan("tweets").select("tweet_id", "text").collect().iter_rows()) == {
        10: "Hat. War", 20: "Cap. War",
    }  # fmt: skip
    assert set(_notes(dataset)) == {
        ("ratings.csv", "1 value like '2.0' was taken as a whole number"),
        ("ratings.csv", "1 value had blanks around it, which were taken away"),
        ("ratings.csv", "1 value with leading zeros, like '010', was taken as a whole number"),
        ("movies.csv", "1 value like '10.0' was taken as a whole number"),
    }


def test_versions_are_no_whole_numbers(tmp_path: Path) -> None:
    dataset = _mapping(
        tmp_path, LOG + ITEMS, log_csv=_log(("1", "2.0"), ("2", "2.1"), ("3", "2.10")), items_csv="sku\n2.0\n3.0\n"
    )
    assert _pairs(dataset) == [("1", "2.0"), ("2", "2.1"), ("3", "2.10")]
    with pytest.raises(DataError, match=r"line 2: what is '9007199254740994\.0', which has lost digits"):
        _mapping(tmp_path, LOG, log_csv=_log(("1", "9007199254740994.0"), ("2", "2")))


def test_ids_with_and_without_leading_zeros_are_refused_unless_it_is_said_what_they_are(tmp_path: Path) -> None:
    files = {"log_csv": _log(("1", "7"), ("2", "12")), "items_csv": "sku\n007\n0012\n13\n"}
    problem = (
        r"ids of items are written with and without leading zeros: '007' \(items\.csv\) and '7' \(log\.csv\), "
        r"2 such ids; "
        r'say item_ids = "integer" if they are the same, item_ids = "text" if they are not'
    )
    with pytest.raises(DataError, match=problem):
        _mapping(tmp_path, LOG + ITEMS, **files)
    assert not (tmp_path / "out").exists()
    same = _mapping(tmp_path, 'item_ids = "integer"\n' + LOG + ITEMS, **files)
    assert sorted(same.scan("tweets").collect()["tweet_id"]) == [7, 12, 13]
    words = "2 values with leading zeros, like '007', were taken as whole numbers"
    assert _notes(same)["items.csv", words] == (["sku"], False)
    other = _mapping(tmp_path, 'item_ids = "text"\n' + LOG + ITEMS, **files)
    assert other.rows("tweets") == 5
    assert _notes(other)["items.csv", "'007' and '7' are taken as two ids, and 1 more so written"][1]


def test_leading_zeros_in_one_file_of_recbole_are_refused_and_those_of_all_ids_are_texts(tmp_path: Path) -> None:
    inter = f"user_id:token\titem_id:token\ttimestamp:float\n007\t1\t{AT}\n7\t1\t{AT + 1}\n"
    with pytest.raises(
        DataError, match=r"ids of users are written with and without .*'007' and '7' \(shop\.inter\), 1 such ids"
    ):
        read_log("recbole", _recbole(tmp_path / "a", inter=inter), tmp_path / "out")
    dataset = _mapping(tmp_path, LOG, log_csv=_log(("007", "1"), ("08", "2")))
    assert (_pairs(dataset), _notes(dataset)) == ([("007", "1"), ("08", "2")], {})


def test_blanks_around_ids_are_taken_away_and_told(tmp_path: Path) -> None:
    toml = LOG + ITEMS
    dataset = _mapping(tmp_path, toml, log_csv=_log(("ann ", "x"), ("ann", "\ty")), items_csv="sku\nx\u00a0\ny\n")
    assert _pairs(dataset) == [("ann", "x"), ("ann", "y")]
    found = [one["columns"] for one in dataset.config["notes"] if "blanks" in one["what"]]
    assert sorted(found) == [["sku"], ["what"], ["who"]]
    inter = f"user_id:token\titem_id:token\ttimestamp:float\nann \tx\t{AT}\nann\t x\t{AT}\n"
    dataset = read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out")
    assert _pairs(dataset) == [("ann", "x"), ("ann", "x")]
    log = BANDIT.replace(",a1,", ", a1,", 1)
    dataset = read_log("open_bandit", _bandit(tmp_path, log), tmp_path / "out")
    assert dataset.rows("users") == 2


def test_words_for_nothing_are_warned_about(tmp_path: Path) -> None:
    notes = _notes(_mapping(tmp_path, LOG, log_csv=_log(("ann", "x"), ("NaN", "y"), ("nan", "z"), ("null", "z"))))
    assert notes["log.csv", "3 lines have an id that reads like none, as 'NaN': it is taken as an id"] == (
        ["who"],
        True,
    )


def test_integers_too_large_or_negative_are_refused_where_integers_are_asked_for(tmp_path: Path) -> None:
    toml = 'user_ids = "integer"\n' + LOG
    for one, problem in ((str(2**63), "more than 9223372036854775807"), ("-7", "less than 0"), ("+7", "not a whole")):
        with pytest.raises(DataError, match=rf"line 3: who is '{one.replace('+', '.')}', {problem}"):
            _mapping(tmp_path, toml, log_csv=_log(("1", "1"), (one, "2")))


def test_the_share_of_the_logs_ids_that_side_files_do_not_know_is_told(tmp_path: Path) -> None:
    toml = LOG + ITEMS + '[users]\nfile = "people.csv"\nid = "who"\ncreated = "since"\n'
    log = _log(*((str(at % 4), f"S{at}") for at in range(25)))
    notes = _notes(_mapping(
        tmp_path, toml, log_csv=log, items_csv="sku\n" + "".join(f"S{at}\n" for at in range(22)),
        people_csv="who,since\n9,5\n",
    ))  # fmt: skip
    assert notes["items.csv", "12.0% of the log's items (3 of 25) are not in it, as 'S22'"] == ([], False)
    assert notes["people.csv", "none of the log's 4 users is in it, as '0': are the ids written alike?"] == (
        [],
        True,
    )


def test_the_unknown_share_is_told_by_every_reader_with_side_files(tmp_path: Path) -> None:
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n1,10,4,{AT}\n1,11,4,{AT}\n")
    (folder / "movies.csv").write_text("movieId,title,genres\n10,Hat,War\n")
    assert ("movies.csv", "50.0% of the log's items (1 of 2) are not in it, as '11'") in _notes(
        read_log("movielens", folder, tmp_path / "out")
    )
    inter = f"user_id:token\titem_id:token\ttimestamp:float\nann\tx\t{AT}\nbob\ty\t{AT}\n"
    folder = _recbole(tmp_path, inter=inter, user="user_id:token\nann\n", item="item_id:token\tname:token\nX\tHat\n")
    notes = _notes(read_log("recbole", folder, tmp_path / "out"))
    assert ("shop.user", "50.0% of the log's users (1 of 2) are not in it, as 'bob'") in notes
    assert notes["shop.item", "none of the log's 2 items is in it, as 'x': are the ids written alike?"] == (
        [],
        True,
    )
    extra = BANDIT + "3,2019-11-25 00:00:01+00:00,99,1,0,0.1,a,b,c,d,0\n"
    assert ("item_context.csv", "33.3% of the log's items (1 of 3) are not in it, as '99'") in _notes(
        read_log("open_bandit", _bandit(tmp_path, extra), tmp_path / "out")
    )
    source = tmp_path / "MINDtiny"
    source.mkdir()
    (source / "behaviors.tsv").write_text("1\tU1\t11/11/2019 9:05:58 AM\t\tN1-1 N2-0\n")
    (source / "news.tsv").write_text("N1\tsports\tsoccer\tTitle\tAbstract\thttps://x\t[]\t[]\n")
    assert ("news.tsv", "50.0% of the log's items (1 of 2) are not in it, as 'N2'") in _notes(
        read_log("mind", source, tmp_path / "out")
    )


def test_lines_that_repeat_are_told(tmp_path: Path) -> None:
    csv = f"who,what,at\n1,10,{AT}\n2,10,{AT}\n1,10,{AT}\n1,10,{AT}\n"
    words = "2 engagements repeat another one's user, item, time and action; they are kept"
    dataset = _mapping(tmp_path, LOG, log_csv=csv)
    assert (_notes(dataset), dataset.rows("engagements")) == ({("log.csv", words): ([], False)}, 4)


BRANDS = LOG + ITEMS + 'author = "brand"\n'
SHOP = {"log_csv": _log(("1", "10"), ("2", "20"), ("3", "10")), "items_csv": "sku,brand\n10,1\n20,7\n30,\n"}


def test_makers_of_items_are_no_users_unless_the_mapping_says_so(tmp_path: Path) -> None:
    dataset = _mapping(tmp_path, BRANDS, **SHOP)
    assert sorted(dataset.scan("users").collect()["user_id"]) == [1, 2, 3]
    made = dict(dataset.scan("tweets").select("tweet_id", "author_id").collect().iter_rows())
    assert not {1, 2, 3} & set(made.values())
    assert dataset.ids("authors").originals([made[10], made[20]]) == ["1", "7"]
    assert dataset.ids("authors").ids(["7", "1", "nobody"]).tolist() == [made[20], made[10], -1]
    assert made[30] is None
    acted = dataset.scan("engagements").select("author_id").collect()["author_id"].to_list()
    assert acted == [made[10], made[20], made[10]]
    words = "1 of 2 authors is written like a user and taken as something else; if authors are users say author_ids"
    words += ' = "users"'
    assert _notes(dataset)["items.csv", words] == (["brand"], True)


def test_makers_of_items_are_users_where_the_mapping_says_so(tmp_path: Path) -> None:
    dataset = _mapping(tmp_path, 'author_ids = "users"\n' + BRANDS, **SHOP)
    assert sorted(dataset.scan("users").collect()["user_id"]) == [1, 2, 3, 7]
    assert dict(dataset.scan("tweets").select("tweet_id", "author_id").collect().iter_rows()) == {
        10: 1,
        20: 7,
        30: None,
    }
    assert dataset.ids("authors").originals([7]) == ["7"]
    files = {"log_csv": _log(("ann", "10"), ("bob", "20")), "items_csv": "sku,brand\n10,bob\n20,eve\n"}
    dataset = _mapping(tmp_path, 'author_ids = "users"\n' + BRANDS, **files)
    made = dataset.scan("tweets").sort("tweet_id").collect()["author_id"]
    assert dataset.ids("authors").originals(made) == ["bob", "eve"]
    assert set(made) < set(dataset.scan("users").collect()["user_id"])


def test_names_of_makers_stand_beside_numbers_of_users(tmp_path: Path) -> None:
    files = SHOP | {"items_csv": "sku,brand\n10,Acme\n20,Umbra\n"}
    dataset = _mapping(tmp_path, BRANDS, **files)
    made = dataset.scan("tweets").sort("tweet_id").select("author_id").collect()["author_id"]
    assert dataset.ids("authors").originals(made) == ["Acme", "Umbra"]
    with pytest.raises(DataError, match="brand is 'Acme', not a whole number as the other ids of users are"):
        _mapping(tmp_path, 'author_ids = "users"\n' + BRANDS, **files)
    text = SHOP | {"log_csv": _log(("ann", "10"), ("Acme", "20")), "items_csv": "sku,brand\n10,Acme\n20,ann\n"}
    dataset = _mapping(tmp_path, BRANDS, **text)
    assert not set(dataset.scan("users").collect()["user_id"]) & set(dataset.scan("tweets").collect()["author_id"])


def test_a_user_and_an_item_of_one_number_are_two_things(tmp_path: Path) -> None:
    dataset = _mapping(tmp_path, LOG, log_csv=_log(("5", "5"), ("7", "5")))
    assert (dataset.rows("users"), dataset.rows("tweets")) == (2, 1)
    assert dataset.scan("engagements").collect()["author_id"].null_count() == 2


def test_users_up_to_the_largest_number_leave_none_for_authors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'no numbers are left for authors.*say user_ids = "text"'):
        _mapping(tmp_path, BRANDS, **(SHOP | {"log_csv": _log((str(2**63 - 1), "10"))}))
