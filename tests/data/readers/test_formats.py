"""RecBole, Open Bandit and RecSys Challenge 2020 files become what their formats say, and what they lack is absent."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import DataError
from data.readers import read_log
from data.readers.recsys2020 import FIELDS

DAY = 86_400 * 10**6

INTER = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu1\tB0\t4.5\t100\nu2\tB0\t1\t90.5\nu1\t7\t3\t100\n"
)
USER = "user_id:token\tage:token\nu9\t33\nu1\t20\n"
ITEM = (
    'item_id:token\tclass:token_seq\tmovie_title:token\tprice:float\nB0\tDrama War\tHe said "no"\t1.5\nB1\tWar\t\t2\n'
)


def _recbole(folder: Path, **files: str) -> Path:
    (folder / "shop").mkdir(parents=True)
    for suffix, content in ({"inter": INTER} | files).items():
        (folder / "shop" / f"shop.{suffix}").write_text(content)
    return folder / "shop"


def _rows(dataset: Dataset, name: str, *columns: str) -> list[tuple[object, ...]]:
    return dataset.scan(name).select(columns).collect().rows()


def test_atomic_files_become_tables_and_tokens_numbers_and_back(tmp_path: Path) -> None:
    dataset = read_log("recbole", _recbole(tmp_path, user=USER, item=ITEM), tmp_path / "out")
    assert (dataset.name, dataset.tables) == ("shop", ("users", "tweets", "engagements"))
    users, items = dataset.ids("users"), dataset.ids("tweets")
    assert users.originals([0, 1, 2]) == ["u1", "u2", "u9"]
    assert items.originals([2, 0, 1]) == ["B1", "B0", "7"]
    assert items.ids(["7", "B0", "nothing"]).tolist() == [1, 0, -1]
    assert _rows(dataset, "engagements", "time_us", "user_id", "tweet_id", "action", "value") == [
        (90_500_000, 1, 0, "rate", 1.0),
        (100_000_000, 0, 0, "rate", 4.5),
        (100_000_000, 0, 1, "rate", 3.0),
    ]
    texts = dict(_rows(dataset, "tweets", "tweet_id", "text"))
    assert texts == {0: 'He said "no". Drama War', 1: "", 2: "War"}
    assert sorted(_rows(dataset, "users", "user_id", "created_us")) == [
        (0, 100_000_000), (1, 90_500_000), (2, 90_500_000),
    ]  # fmt: skip
    assert Dataset.open(dataset.folder).config["lines_out_of_order"] == 1


def test_tokens_that_are_whole_numbers_stay_what_they_are(tmp_path: Path) -> None:
    inter = "item_id:token\tuser_id:token\ttimestamp:float\tnote:float_seq\n5\t-\t1\t\n7\t9\t2\t0.5 1\n"
    dataset = read_log("recbole", _recbole(tmp_path, inter=inter) / "shop.inter", tmp_path / "out")
    assert (dataset.ids("tweets").numbered, dataset.ids("users").numbered) == (False, True)
    assert _rows(dataset, "engagements", "user_id", "tweet_id", "action") == [(0, 5, "click"), (1, 7, "click")]


def test_a_label_keeps_what_was_clicked(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\tlabel:float\ttimestamp:float\n1\t5\t1\t1\n1\t6\t0\t2\n"
    dataset = read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out")
    assert _rows(dataset, "engagements", "tweet_id", "action") == [(5, "click")]
    assert sorted(_rows(dataset, "tweets", "tweet_id", "time_us")) == [(5, 10**6), (6, 2 * 10**6)]
    assert dataset.config["skipped"] == [{"file": "shop.inter", "reason": "label: 0", "lines": 1, "first": [3]}]


def test_low_ratings_of_atomic_files_are_no_engagements(tmp_path: Path) -> None:
    folder = _recbole(tmp_path)
    dataset = read_log("recbole", folder, tmp_path / "out", min_value=3)
    assert _rows(dataset, "engagements", "user_id", "tweet_id", "value") == [(0, 0, 4.5), (0, 1, 3.0)]
    assert (dataset.rows("users"), dataset.rows("tweets"), dataset.config["min_value"]) == (2, 2, 3)
    assert [(one["reason"], one["first"]) for one in dataset.config["skipped"]] == [("rating: less than 3", [3])]
    with pytest.raises(DataError, match=r"has no engagement: rating: less than 6 \(3 lines\)"):
        read_log("recbole", folder, tmp_path / "out", min_value=6)
    folder = _recbole(tmp_path / "b", inter="user_id:token\titem_id:token\ttimestamp:float\n1\t5\t1\n")
    with pytest.raises(DataError, match="has no field 'rating', it has user_id, item_id, timestamp"):
        read_log("recbole", folder, tmp_path / "out", min_value=3)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"inter": ""}, r"shop\.inter is empty"),
        ({"inter": "user_id\titem_id:token\ttimestamp:float\n"}, "line 1: field 'user_id' has no type"),
        ({"inter": "user_id:int\titem_id:token\ttimestamp:float\n"}, "field 'user_id:int' has no type"),
        ({"inter": "user_id:token\ttimestamp:float\n1\t2\n"}, "has no field 'item_id', it has user_id, timestamp"),
        ({"inter": INTER + "u1\tB0\tgood\t1\n"}, r"shop\.inter line 5: rating is 'good', not a number"),
        ({"inter": INTER + "\tB0\t1\t1\n"}, "line 5: user_id is '', an id is needed"),
        ({"inter": INTER + "u1\tB0\t1\n"}, "line 5: the line does not have 4 fields but 3"),
        ({"item": ITEM + "B0\tAgain\tx\t1\n"}, r"shop\.item line 4: item_id is 'B0', which is there more than once"),
    ],
)
def test_atomic_files_that_do_not_fit_are_refused(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_log("recbole", _recbole(tmp_path, **files), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


BANDIT = """,timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,\
user_feature_3,user-item_affinity_0
0,2019-11-24 00:00:17.004101+00:00,11,3,0,0.0294,a1,b1,c1,d1,0.0
1,2019-11-24 00:00:17+00:00,4,1,1,0.25,a2,b1,c1,d1,0.0
2,2019-11-25 00:00:01.5+00:00,11,2,0,0.0294,a1,b1,c1,d1,0.0
"""


def _bandit(folder: Path, log: str = BANDIT) -> Path:
    campaign = folder / "random" / "men"
    campaign.mkdir(parents=True)
    (campaign / "men.csv").write_text(log)
    (campaign / "item_context.csv").write_text(",item_id,item_feature_0\n0,4,-0.5\n1,11,x\n2,12,x\n")
    return campaign


def test_open_bandit_keeps_propensities_policy_and_segments(tmp_path: Path) -> None:
    dataset = read_log("open_bandit", _bandit(tmp_path), tmp_path / "out")
    start = 18_224 * DAY
    assert dataset.name == "open-bandit-random-men"
    assert _rows(dataset, "impressions", "time_us", "user_id", "tweet_id", "position", "propensity") == [
        (start + 17_000_000, 1, 4, 0, 0.25),
        (start + 17_004_101, 0, 11, 2, 0.0294),
        (start + DAY + 1_500_000, 0, 11, 1, 0.0294),
    ]
    assert dataset.days("impressions") == ["2019-11-24", "2019-11-25"]
    requests = dict(_rows(dataset, "requests", "request_id", "policy"))
    assert requests == {1: "random", 2: "random", 3: "random"}
    assert _rows(dataset, "engagements", "request_id", "tweet_id", "action") == [(1, 4, "click")]
    assert dataset.ids("users").originals([0, 1]) == ["a1 b1 c1 d1", "a2 b1 c1 d1"]
    assert sorted(_rows(dataset, "tweets", "tweet_id", "text")) == [(4, ""), (11, ""), (12, "")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("3,yesterday,1,1,0,0.1,a,b,c,d,0", "timestamp is 'yesterday', not a timestamp"),
        ("3,2019-11-25 00:00:01+00:00,1,1,0,1.5,a,b,c,d,0", "propensity_score is '1.5', more than 1"),
        ("3,2019-11-25 00:00:01+00:00,1,0,0,0.5,a,b,c,d,0", "position is '0', less than 1"),
        ("3,2019-11-25 00:00:01+00:00,1,1,2,0.5,a,b,c,d,0", "click is '2', more than 1"),
        ("3,2019-11-25 00:00:01+00:00,1,1,0,0.5,,b,c,d,0", "user_feature_0 is '', a feature is needed"),
    ],
)
def test_a_bandit_line_that_does_not_fit_is_named(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(DataError, match=rf"men\.csv line 5: {problem}"):
        read_log("open_bandit", _bandit(tmp_path, BANDIT + line + "\n"), tmp_path / "out")
    dataset = read_log("open_bandit", tmp_path / "random" / "men", tmp_path / "out", skip_bad=True)
    assert dataset.rows("impressions") == 3
    assert [(one["lines"], one["first"]) for one in dataset.config["skipped"]] == [(1, [5])]


def _tweet(**values: str) -> str:
    fields = dict.fromkeys(FIELDS, "") | {
        "text_tokens": "101\t56\t102", "hashtags": "AB12\tCD34", "tweet_id": "T1", "tweet_type": "TopLevel",
        "language": "L1", "tweet_timestamp": "1581262691",
        "engaged_with_user_id": "A", "engaged_with_user_follower_count": "9", "engaged_with_user_following_count": "8",
        "engaged_with_user_is_verified": "true", "engaged_with_user_account_creation": "1300000000",
        "engaging_user_id": "R", "engaging_user_follower_count": "2", "engaging_user_following_count": "3",
        "engaging_user_is_verified": "false", "engaging_user_account_creation": "1400000000",
        "engagee_follows_engager": "false",
    } | values  # fmt: skip
    return "\x01".join(fields[one] for one in FIELDS)


def test_challenge_tweets_become_posts_readers_and_engagements(tmp_path: Path) -> None:
    path = tmp_path / "training.tsv"
    public = "\x01".join(_tweet(tweet_id="T3", tweet_type="Quote").split("\x01")[:20])
    path.write_text("\n".join([
        _tweet(present_media="Photo\tPhoto", like_timestamp="1581262700", reply_timestamp="1581262699"),
        _tweet(tweet_id="T2", tweet_type="Retweet", engaging_user_id="A", engaged_with_user_id="B"),
        _tweet(engaging_user_id="S", retweet_with_comment_timestamp="1581262800"),
        public,
    ]) + "\n")  # fmt: skip
    dataset = read_log("recsys2020", path, tmp_path / "out")
    assert dataset.tables == ("users", "tweets", "engagements")
    assert dataset.ids("tweets").originals([0, 1, 2]) == ["T1", "T2", "T3"]
    name = dict(enumerate(dataset.ids("users").originals(range(dataset.rows("users")))))
    assert set(name.values()) == {"A", "B", "R", "S"}
    assert [
        (time, name[user], tweet, name[author], action)
        for time, user, tweet, author, action in _rows(
            dataset, "engagements", "time_us", "user_id", "tweet_id", "author_id", "action"
        )
    ] == [
        (1581262699 * 10**6, "R", 0, "A", "reply"),
        (1581262700 * 10**6, "R", 0, "A", "like"),
        (1581262800 * 10**6, "S", 0, "A", "quote"),
    ]
    posts = dataset.scan("tweets").sort("tweet_id").select("kind", "media_count", "text", "language").collect().rows()
    assert posts == [("original", 2, "", None), ("retweet", 0, "", None), ("quote", 0, "", None)]
    verified = {name[user]: mark for user, mark in _rows(dataset, "users", "user_id", "verified")}
    assert verified == {"A": True, "B": True, "R": False, "S": False}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (_tweet(tweet_type="Poll"), "tweet_type is 'Poll', none of toplevel"),
        (_tweet(like_timestamp="soon"), "like_timestamp is 'soon', not a number of seconds"),
        (_tweet(engaging_user_is_verified="maybe"), "engaging_user_is_verified is 'maybe', neither true nor false"),
        (_tweet(tweet_id=""), "tweet_id is '', an id is needed"),
        (_tweet() + "\x01", "the line does not have 24 fields but 25"),
    ],
)
def test_a_challenge_line_that_does_not_fit_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "training.tsv"
    path.write_text(_tweet(like_timestamp="1581262700") + "\n" + line + "\n")
    with pytest.raises(DataError, match=rf"training\.tsv line 2: {problem}"):
        read_log("recsys2020", path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_test_file_alone_has_nothing_to_learn_from(tmp_path: Path) -> None:
    (tmp_path / "test.tsv").write_text("\x01".join(_tweet().split("\x01")[:20]) + "\n")
    with pytest.raises(DataError, match="has no engagement; give the training file"):
        read_log("recsys2020", tmp_path / "test.tsv", tmp_path / "out")


@pytest.mark.parametrize("reader", ["recbole", "open_bandit", "mind", "recsys2020"])
def test_a_source_that_is_not_there_is_named(tmp_path: Path, reader: str) -> None:
    with pytest.raises(DataError, match="nowhere"):
        read_log(reader, tmp_path / "nowhere", tmp_path / "out")


def test_every_time_is_within_its_day(tmp_path: Path) -> None:
    dataset = read_log("open_bandit", _bandit(tmp_path), tmp_path / "out")
    times = dataset.scan("impressions").select(pl.col("time_us") // DAY).collect().to_series().to_list()
    assert times == [18_224, 18_224, 18_225]
