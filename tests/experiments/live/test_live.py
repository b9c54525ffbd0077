"""The live path: a server in a process of its own, posts over HTTP, and timelines against the funnel in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from data.dataset import Dataset
from experiments.live.open_network import scaled_fanout
from experiments.live.run import HOME_SIZE, _identical, _in_process, await_fanout, compose_texts
from experiments.live.server import LiveError, Server, get, post_tweets, read_homes, running_server
from serving.fanout.policies.classic import Classic

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Served:
    """The running server and what it serves. Nothing was trained in its home: the newest tweet comes first."""

    server: Server
    home: Path
    fanout: Classic
    followers: dict[int, list[int]]
    """Standing followers by author; authors with any, only."""


@pytest.fixture(scope="module")
def served(
    tiny_dataset: Dataset, with_encoder: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    room = tmp_path_factory.mktemp("live")
    own = with_encoder(room / "home")
    fanout = scaled_fanout(tiny_dataset)
    settings = {
        "ROOKERY_FANOUT__SETTINGS": fanout.model_dump_json(),
        "ROOKERY_RATE_LIMITS__ENABLED": "false",
    }
    last = tiny_dataset.scan("follows").group_by("follower_id", "followee_id").agg(pl.col("ended").last())
    edges = last.filter(~pl.col("ended")).sort("followee_id", "follower_id").collect()
    grouped = edges.group_by("followee_id", maintain_order=True).agg("follower_id")
    with running_server(own, tiny_dataset.folder, room / "network", settings=settings) as server:
        yield Served(server, own, fanout, dict(grouped.iter_rows()))


def muted_pairs(dataset: Dataset) -> set[tuple[int, int]]:
    """Pairs of a reader and an author whom the reader ever muted."""
    return set(dataset.scan("mutes").select("user_id", "muted_id").collect().iter_rows())


def fanned(server: Server) -> dict[str, dict[str, int]]:
    stats: dict[str, dict[str, int]] = get(server, "/v1/network")["data"]["fanout"]
    return stats


def test_timelines_over_http_are_those_of_the_funnel_in_process(
    served: Served, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    asked = tiny_dataset.scan("requests").select(pl.col("user_id").unique().sort()).collect()["user_id"]
    readers = asked.head(25).to_list()
    answers, latency = read_homes(served.server, readers, HOME_SIZE)
    assert latency.n == len(answers) == 25
    assert sum(len(answer["data"]) for answer in answers) > 100
    network = _in_process(tiny_dataset, served.home, tmp_path / "in-process", served.fanout)
    try:
        assert _identical(network, readers, answers) == 25
        # The same answers given to other readers are not theirs.
        assert _identical(network, readers, [*answers[1:], answers[0]]) < 25
    finally:
        network.close()


def test_posts_come_back_on_the_timelines_of_followers(served: Served, tiny_dataset: Dataset) -> None:
    muted = muted_pairs(tiny_dataset)
    before = fanned(served.server)
    # The authors with the fewest, some and the most followers are pushed, mixed and pulled. Of very few followers all
    # may be among the authors.
    followed = [one for one, by in served.followers.items() if sum((reader, one) not in muted for reader in by) > 5]
    ranked = sorted(followed, key=lambda one: (len(served.followers[one]), one))
    authors = [*ranked[:5], *ranked[len(ranked) // 2 : len(ranked) // 2 + 5], *ranked[-5:]]
    texts = compose_texts(tiny_dataset, authors, seed=3)
    assert len(set(texts)) == len(authors)
    posted, latency = post_tweets(served.server, authors, texts)
    assert latency.n == len(set(posted)) == len(authors)
    await_fanout(served.server, sum(before["tweets"].values()) + len(posted))

    after = fanned(served.server)
    grown = {name: sum(after[name].values()) - sum(before[name].values()) for name in after}
    assert grown["tweets"] == len(authors)
    assert grown["lost"] == 0
    edges = sum(len(served.followers[one]) for one in authors)
    assert grown["deliveries"] + grown["left_to_pull"] + grown["away"] == edges
    modes = [
        "push" if n < served.fanout.push_below else "pull" if n >= served.fanout.pull_from else "hybrid"
        for n in (len(served.followers[one]) for one in authors)
    ]
    for mode in ("push", "hybrid", "pull"):
        assert after["tweets"].get(mode, 0) - before["tweets"].get(mode, 0) == modes.count(mode)
    assert "push" in modes
    assert "pull" in modes

    # A reader for each author, each asked once: what was served is not served again. Nothing is newer than the posts.
    wanted: dict[int, dict[int, str]] = {}
    for author, tweet, text in zip(authors, posted, texts, strict=True):
        reader = next(one for one in served.followers[author] if (one, author) not in muted and one not in authors)
        wanted.setdefault(reader, {})[tweet] = text
    # Below the twenty places that MMR diversifies the rest follow by score: the newest that it passed over come there.
    homes, _ = read_homes(served.server, list(wanted), 100)
    for tweets, answer in zip(wanted.values(), homes, strict=True):
        shown = {int(one["id"]): one["text"] for one in answer["data"]}
        assert tweets.items() <= shown.items()
        assert answer["meta"]["model"]["version"] == "untrained"


def test_a_tweet_of_281_characters_is_refused_in_the_servers_words(served: Served) -> None:
    author = min(served.followers)
    tweets = get(served.server, "/v1/network")["data"]["tweets"]
    with pytest.raises(LiveError, match=r"POST /2/tweets answered 400: .*281, over the limit of 280"):
        post_tweets(served.server, [author], ["x" * 281])
    assert get(served.server, "/v1/network")["data"]["tweets"] == tweets
    posted, _ = post_tweets(served.server, [author], ["x" * 280])
    assert len(posted) == 1


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(LiveError, match="is not a data set"),
        running_server(tmp_path, tmp_path / "nowhere", tmp_path / "network", settings={}),
    ):
        pytest.fail("it came up without data")
