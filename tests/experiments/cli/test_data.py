"""`rookery data` as a person types it: what is told, and for every mistake one line, exit code 2, nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.dataset import Dataset
from data.errors import DataError
from tests.experiments.cli.conftest import Run

RATINGS = "userId,movieId,rating,timestamp\n" + "".join(
    f"{user},{film},{1 + film % 5},{1_000_000_000 + 86_400 * (user + film)}\n"
    for user in (1, 2, 3)
    for film in range(4)
)
MOVIES = "movieId,title,genres\n" + "".join(f"{film},Film {film} (1999),War\n" for film in range(4))


def _refused(answer: tuple[int, str, str], *said: str) -> None:
    code, out, err = answer
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("rookery: ")
    for words in said:
        assert words in err


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "ratings.csv").write_text(RATINGS)
    (folder / "movies.csv").write_text(MOVIES)
    return folder


def test_import_describe_and_audit_in_turn(run: Run, films: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, _ = run("data", "import", "movielens", films, "--out", out)
    assert code == 0
    assert said.split()[-2:] == ["engagements", "12"]
    code, said, _ = run("data", "describe", out, "--verify", "--json")
    facts = json.loads(said)
    assert (code, facts["rows"]) == (0, {"users": 3, "tweets": 4, "engagements": 12})
    assert (facts["from"], facts["split"], facts["numbered_ids"]) == ("2001-09-10T01:46:40+00:00", "leave_last_out", [])
    assert facts["warmth"]["test_rows"] == 3
    code, said, _ = run("data", "describe", out, "--split", "random_ratio fraction=0.5")
    assert code == 0
    assert "split: random ratio, 50% of each user's pairs" in " ".join(said.split())
    code, said, _ = run("data", "audit", out, "--rows", "20", "--encoder", "none")
    assert code == 0
    assert said.startswith("ml: nothing found")


def test_a_log_without_times_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "user_artists.dat").write_text("userID\tartistID\tweight\n1\t5\t3\n1\t6\t2\n2\t5\t1\n")
    code, said, _ = run("data", "import", "lastfm", tmp_path, "--out", tmp_path / "out")
    assert code == 0
    assert "no times and no order: only random splits" in " ".join(said.split())
    assert "microseconds" not in said
    code, said, _ = run("data", "describe", tmp_path / "out")
    assert code == 0
    assert "no times" in " ".join(said.split("table")[0].split())
    facts = json.loads(run("data", "describe", tmp_path / "out", "--json")[1])
    assert (facts["from"], facts["until"]) == (None, None)
    code, said, err = run("data", "describe", tmp_path / "out", "--split", "time")
    assert (code, said, len(err.splitlines())) == (2, "", 1)
    assert "take a random split" in err


def test_lists_go_out_and_runs_are_measured(run: Run, films: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("data", "import", "movielens", films, "--out", data)[0] == 0
    people = tmp_path / "people.txt"
    people.write_text("3\n\n1\n")
    out, qrels = tmp_path / "lists", tmp_path / "q.qrels"
    code, said, _ = run(
        "recommend", "popularity", "--data", data, "--users", people, "--k", "1", "--out", out,
        "--format", "trec", "--qrels", qrels,
    )  # fmt: skip
    assert code == 0
    assert "2 places in the lists of 2 users" in " ".join(said.split())
    code, said, _ = run("evaluate-run", out, "--qrels", qrels, "--k", "1")
    assert code == 0
    assert "2 queries count" in said
    code, said, err = run("evaluate-run", qrels, "--qrels", qrels)
    assert (code, said, len(err.splitlines())) == (2, "", 1)
    assert "line 1 does not have the fields" in err


def test_a_preset_prints_ours_beside_theirs(run: Run, films: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("data", "import", "movielens", films, "--out", data)[0] == 0
    code, said, _ = run("evaluate", "popularity", "--data", data, "--preset", "leave_last_out_100")
    assert code == 0
    assert "among 100 other items" in " ".join(said.split())
    code, said, _ = run("evaluate", "popularity", "--data", data, "--preset", "recommenders")
    assert code == 0
    for words in ("Beside published numbers", "published", "BiVAE", "another log", "recommenders-team"):
        assert words in " ".join(said.split())
    code, said, err = run("evaluate", "popularity", "--data", data, "--preset", "recommenders", "--k", "5")
    assert (code, said) == (2, "")
    assert "leave out --k, or --preset" in err


def test_a_broken_line_is_refused_or_left_out_and_told(run: Run, films: Path, tmp_path: Path) -> None:
    (films / "ratings.csv").write_text(RATINGS + "1,5,many,1000000000\n")
    words = ("data", "import", "movielens", films, "--out", tmp_path / "out")
    _refused(run(*words), "ratings.csv line 14: rating is 'many', not a number", "--skip-bad")
    assert [path.name for path in tmp_path.iterdir() if path.name != "ml"] == []
    code, said, _ = run(*words, "--skip-bad", "--json")
    assert code == 0
    assert json.loads(said)["skipped"] == [
        {"file": "ratings.csv", "reason": "rating: not a number", "lines": 1, "first": [14]}
    ]
    code, said, _ = run(*words, "--skip-bad")
    assert "ratings.csv: rating: not a number" in said
    code, said, _ = run("data", "audit", tmp_path / "out", "--encoder", "none", "--json")
    assert {"check": "lines left out", "where": "ratings.csv", "verdict": "note", "count": 1,
            "detail": "rating: not a number, first 14"} in json.loads(said)["findings"]  # fmt: skip


def test_low_ratings_are_left_out_and_told(run: Run, films: Path, tmp_path: Path) -> None:
    words = ("data", "import", "movielens", films, "--out", tmp_path / "out", "--min-value")
    code, said, _ = run(*words, "4")
    assert code == 0
    assert "ratings.csv: rating: less than 4" in said
    assert json.loads(run(*words, "4", "--json")[1])["rows"] == {"users": 3, "tweets": 4, "engagements": 3}
    _refused(run(*words, "9"), "ratings.csv has no engagement: rating: less than 9 (12 lines)")
    _refused(run("data", "import", "open_bandit", films, "--out", tmp_path / "x", "--min-value", "4"), "no min_value")


def test_what_an_import_passed_over_is_told_by_import_describe_and_audit(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.inter").write_text(
        "user_id:token\titem_id:token\tratting:float\ttimestamp:float\tplace:token\n"
        + "".join(f"{user}\t{item}\t4\t{1_000_000_000 + item}\tx\n" for user in (1, 2) for item in (10, 11))
    )
    out = tmp_path / "out"
    code, said, _ = run("data", "import", "recbole", tmp_path / "shop.inter", "--out", out)
    assert code == 0
    words = " ".join(said.split())
    assert "notes" in words
    assert "warning: dropped; did you mean 'rating'? (ratting:float)" in words
    assert "no field rating or label: each line is a click" in words
    code, said, _ = run("data", "import", "recbole", tmp_path / "shop.inter", "--out", out, "--json")
    notes = json.loads(said)["notes"]
    assert {"file": "shop.inter", "what": "dropped; did you mean 'rating'?", "columns": ["ratting:float"],
            "warning": True} in notes  # fmt: skip
    assert {"file": "shop.inter", "what": "dropped", "columns": ["place:token"], "warning": False} in notes
    code, said, _ = run("data", "describe", out, "--json")
    assert json.loads(said)["notes"] == notes
    assert "did you mean 'rating'?" in run("data", "describe", out)[1]
    code, said, _ = run("data", "audit", out, "--rows", "4", "--encoder", "none", "--json")
    assert code == 0
    told = [
        one["detail"] for one in json.loads(said)["findings"] if (one["check"], one["verdict"]) == ("import", "note")
    ]
    assert "warning: dropped; did you mean 'rating'? (ratting:float)" in told


def test_many_dropped_columns_are_one_line_for_people_and_all_in_json(run: Run, films: Path, tmp_path: Path) -> None:
    more = [f"extra{at}" for at in range(40)]
    lines = (films / "ratings.csv").read_text().splitlines()
    wide = [",".join([lines[0], *more]), *(line + "," * 40 for line in lines[1:])]
    (films / "ratings.csv").write_text("\n".join(wide) + "\n")
    _, said, _ = run("data", "import", "movielens", films, "--out", tmp_path / "out")
    assert "extra0, extra1, extra2, extra3, extra4, extra5, extra6, extra7 and 32 more" in " ".join(said.split())
    _, said, _ = run("data", "import", "movielens", films, "--out", tmp_path / "out", "--json")
    assert json.loads(said)["notes"] == [{"file": "ratings.csv", "what": "dropped", "columns": more, "warning": False}]


def test_audit_exits_with_1_where_it_finds_something(run: Run, films: Path, tmp_path: Path) -> None:
    (films / "ratings.csv").write_text(RATINGS + RATINGS.splitlines()[-1] + "\n")
    run("data", "import", "movielens", films, "--out", tmp_path / "out")
    code, said, _ = run("data", "audit", tmp_path / "out", "--encoder", "none")
    assert code == 1
    assert said.startswith("ml: 1 of ")
    assert "duplicate events" in said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"ratings.csv": ""}, "ratings.csv is empty"),
        ({"ratings.csv": "userId,movieId,rating\n1,2,3\n"}, "ratings.csv has no column 'timestamp'"),
        ({"ratings.csv": RATINGS + "ann,1,4,1000000000\n"}, "ratings.csv line 14: userId is 'ann', not a whole number"),
    ],
)
def test_a_log_that_does_not_fit_is_one_line(
    run: Run, films: Path, tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, content in files.items():
        (films / name).write_text(content)
    _refused(run("data", "import", "movielens", films, "--out", tmp_path / "out"), said)
    assert not (tmp_path / "out").exists()


def test_wrong_names_options_and_folders_are_one_line(run: Run, films: Path, tmp_path: Path) -> None:
    _refused(run("data", "import", "netflix", films, "--out", tmp_path / "out"), "unknown reader 'netflix'")
    _refused(run("data", "describe", films), "is not a data set")
    _refused(run("data", "audit", films), "is not a data set")
    _refused(run("data", "import", "movielens", films, "--out", films), "exists and is not a data set")
    run("data", "import", "movielens", films, "--out", tmp_path / "out")
    _refused(run("data", "describe", tmp_path / "out", "--split", "weekly"), "unknown split 'weekly'")
    _refused(run("data", "describe", tmp_path / "out", "--split", "time fraction=2"), "split 'time' does not take")
    _refused(run("data", "audit", tmp_path / "out", "--rows", "1"), "rows")


def test_a_log_that_cannot_be_split_is_described_all_the_same(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,what,at\nann,x,1\nbob,y,2\n")
    (tmp_path / "m.toml").write_text(
        '[log]\nfile = "log.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nconstants.action = "like"\n'
    )
    code, said, _ = run("data", "import", "mapping", tmp_path / "m.toml", "--out", tmp_path / "out")
    assert code == 0
    assert "ids of users and tweets were numbered" in said
    code, said, _ = run("data", "describe", tmp_path / "out")
    assert code == 0
    assert "nothing to train and test on: no user of 'm' has more than 1 engagements" in said
    _refused(run("data", "describe", tmp_path / "out", "--split", "leave_last_out"), "no user of 'm'")


def test_what_a_log_lacks_is_said_by_the_command_that_needs_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,what,at\n1,10,1\n1,11,2\n2,10,3\n")
    (tmp_path / "m.toml").write_text(
        '[log]\nfile = "log.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nconstants.action = "like"\n'
    )
    out = tmp_path / "out"
    assert run("data", "import", "mapping", tmp_path / "m.toml", "--out", out)[0] == 0
    dataset = Dataset.open(out)
    assert set(dataset.tables) == {"users", "tweets", "engagements"}
    assert not dataset.has_texts
    _refused(run("search", "war", "--data", out), "data set 'm' has no texts, which search needs")
    _refused(run("trends", "--data", out), "data set 'm' has no texts, which trends needs")
    with pytest.raises(DataError, match="data set 'm' has no table 'impressions', which training on slates needs"):
        dataset.require("impressions", purpose="training on slates")
