from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.batch import CandidateBatch, Requests
from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.events import DAY_US, HOUR_US, EventBatch
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.people import WORLD_ACTIONS
from data.synthetic.state import State
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingConfig, LoggingFeed
from tests.data.synthetic.previews import Previews

CONFIG = WorldConfig(people=150, days=3, follows=30.0, annotated=200, seed=5, tweets_per_day=2.0, tick_min=15)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_world(CONFIG, tmp_path_factory.mktemp("worlds") / "one", feed=LoggingFeed())


@pytest.fixture(scope="module")
def world(dataset: Dataset) -> World:
    return World.open(dataset.truth)


def same(one: State, other: State, *names: str) -> bool:
    """Whether two states are equal in all that a log decides, and in `names`."""
    parts = [(getattr(one.tweets, n), getattr(other.tweets, n)) for n in one.tweets._fields]
    parts += [(getattr(one.memory, n), getattr(other.memory, n)) for n in one.memory._fields]
    parts += [(getattr(one, n).keys(), getattr(other, n).keys()) for n in ("follow_set", "mute_set", "block_set")]
    parts += list(zip(one.exposures.rows(), other.exposures.rows(), strict=True))
    parts.append((one.shown_today, other.shown_today))
    for name in ("answers", "supply", *names):
        parts += list(zip(getattr(one, name), getattr(other, name), strict=True))
    return (one.time_us, one.day) == (other.time_us, other.day) and all(np.array_equal(a, b) for a, b in parts)


def replayed(state: State, dataset: Dataset, until_us: int | None = None, step_us: int | None = None) -> State:
    replay = dataset.replay(state.tables, after_us=state.time_us - 1)
    if step_us is not None:
        for time_us in range(state.time_us, until_us or CONFIG.end_us, step_us):
            for events in replay.advance(time_us):
                state.apply(events)
    for events in replay.advance(until_us):
        state.apply(events)
    return state


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(dataset: Dataset, tmp_path: Path) -> None:
    assert make_world(CONFIG, tmp_path / "again", feed=LoggingFeed()).content_hash == dataset.content_hash
    other = CONFIG.model_copy(update={"seed": 6})
    assert make_world(other, tmp_path / "other", feed=LoggingFeed()).content_hash != dataset.content_hash


def test_a_replay_of_the_log_ends_in_the_state_of_the_run(dataset: Dataset, world: World) -> None:
    fresh = World.create(CONFIG)
    ran, feed = fresh.start(), LoggingFeed()
    for _ in fresh.run(ran, feed, CONFIG.end_us):
        pass
    kept = world.saved()
    assert kept.time_us == CONFIG.start_us + round(0.75 * 288) * CONFIG.tick_us
    assert same(replayed(kept, dataset, step_us=CONFIG.tick_us), ran, "lives")
    assert same(replayed(world.start(), dataset, step_us=CONFIG.tick_us), ran, "lives")
    assert same(replayed(world.saved(), dataset, step_us=7_000_000_000), ran)
    assert same(replayed(world.start(), dataset), ran)


def test_a_run_in_two_parts_is_the_run_in_one(dataset: Dataset) -> None:
    fresh = World.create(CONFIG)
    state, feed = fresh.start(), LoggingFeed()
    log: list[EventBatch] = []
    for until in (CONFIG.start_us + 31 * CONFIG.tick_us, CONFIG.end_us):
        log += list(fresh.run(state, feed, until))
    for table, key in (("impressions", "impression_id"), ("engagements", "engagement_id"), ("tweets", "tweet_id")):
        ours = np.concatenate([b.columns[key] for b in log if b.table == table])
        assert np.array_equal(ours, dataset.read(table).columns[key])


def test_ids_map_to_the_rows_of_the_log(dataset: Dataset, world: World) -> None:
    users, tweets = dataset.read("users").columns["user_id"], dataset.read("tweets").columns["tweet_id"]
    assert np.array_equal(world.user_rows(users), np.arange(len(users)))
    assert world.user_rows(np.array([5]))[0] == -1
    state = replayed(world.start(), dataset)
    assert np.array_equal(state.tweet_rows(tweets), np.arange(len(tweets)))


def pairs(state: State, users: np.ndarray, tweets: np.ndarray, time_us: int) -> CandidateBatch:
    n = len(users)
    requests = Requests({"user_row": users, "time_us": np.full(n, time_us)})
    return CandidateBatch(requests, np.arange(n + 1), {"tweet_row": tweets})


def test_logged_actions_are_as_frequent_as_the_truth_says(dataset: Dataset, world: World) -> None:
    """Replays the log tick by tick, computes the truth of every impression and compares sums, per action."""
    state = world.saved()
    expected, variance = np.zeros(len(WORLD_ACTIONS)), np.zeros(len(WORLD_ACTIONS))
    first = state.time_us
    impressions = dataset.read("impressions").columns
    replay, previews = dataset.replay(state.tables, after_us=first - 1), Previews(dataset)
    for tick in range(first, CONFIG.end_us, CONFIG.tick_us):
        for events in replay.advance(tick):
            state.apply(events)
        state.preview(previews.between(tick, tick + CONFIG.tick_us))
        here = (impressions["time_us"] >= tick) & (impressions["time_us"] < tick + CONFIG.tick_us)
        n = int(here.sum())
        requests = Requests(
            {"user_row": world.user_rows(impressions["user_id"][here]), "time_us": impressions["time_us"][here]}
        )
        rows = state.tweet_rows(impressions["tweet_id"][here])
        columns = {"tweet_row": rows, "position": impressions["position"][here]}
        p = world.truth.action_probability(state, CandidateBatch(requests, np.arange(n + 1), columns))
        expected += p.sum(axis=0)
        variance += (p * (1 - p)).sum(axis=0)
    done = dataset.scan("engagements").filter(pl.col("time_us") >= first, pl.col("request_id").is_not_null())
    done = done.collect()["action"].value_counts()
    counts = dict(done.iter_rows())
    observed = np.array([counts.get(a, 0) for a in WORLD_ACTIONS[:-1]])
    slack = 5 * np.sqrt(variance[:-1]) + 1
    assert (np.abs(observed - expected[:-1]) < slack).all(), dict(zip(WORLD_ACTIONS, expected, strict=True))


def test_probabilities_without_a_position_are_those_when_looked_at(world: World) -> None:
    state = world.saved()
    users, tweets = np.arange(20), np.arange(20) + 100
    batch = pairs(state, users, tweets, state.time_us)
    looked = world.truth.action_probability(state, batch)
    placed = world.truth.action_probability(state, batch.with_columns({"position": np.full(20, 9)}))
    assert np.allclose(placed, looked * 0.96 * np.exp(-9 / 45))
    own = pairs(state, state.tweets.author[tweets].astype(np.int64), tweets, state.time_us)
    assert (world.truth.action_probability(state, own) == 0).all()


def test_slate_value_is_the_expected_sum_of_weights(world: World) -> None:
    state = world.saved()
    requests = Requests({"user_row": np.array([1, 2, 3]), "time_us": np.full(3, state.time_us)})
    slate = CandidateBatch(requests, np.array([0, 4, 4, 9]), {"tweet_row": np.arange(50, 59)})
    weights = np.linspace(1.0, 2.0, len(WORLD_ACTIONS))
    p = world.truth.action_probability(state, slate)
    position = np.array([0, 1, 2, 3, 0, 1, 2, 3, 4])
    by_hand = (p @ weights) * 0.96 * np.exp(-position / 45)
    value = world.truth.slate_value(state, slate, weights)
    assert np.allclose(value, [by_hand[:4].sum(), 0.0, by_hand[4:].sum()])


def test_taste_moves_the_truth_more_than_popularity(world: World) -> None:
    state = world.saved()
    users = np.repeat(np.arange(60), 300)
    tweets = np.tile(np.arange(300), 60)
    like = world.truth.action_probability(state, pairs(state, users, tweets, state.time_us))[:, 0].reshape(60, 300)
    logit = np.log(like.clip(1e-9) / (1 - like.clip(1e-9)))
    by_tweet = logit.mean(axis=0)
    assert np.var(logit - by_tweet) > 2 * np.var(by_tweet)


def test_state_survives_a_save(world: World, tmp_path: Path) -> None:
    state = world.saved()
    state.save(tmp_path / "state")
    assert same(State.load(tmp_path / "state", CONFIG, world.people, world.hidden), state, "lives")
    with pytest.raises(DataError, match="no state"):
        State.load(tmp_path / "absent", CONFIG, world.people)


def test_a_log_applied_twice_is_refused(dataset: Dataset, world: World) -> None:
    state = replayed(world.saved(), dataset)
    with pytest.raises(DataError, match="twice"):
        state.apply(dataset.read("tweets").where(slice(-3, None)))


def test_unknown_rows_are_refused(world: World) -> None:
    state = world.saved()
    with pytest.raises(DataError, match="tweet row"):
        world.truth.action_probability(state, pairs(state, np.array([0]), np.array([10**7]), state.time_us))
    with pytest.raises(DataError, match="user row -1"):
        world.truth.action_probability(state, pairs(state, np.array([-1]), np.array([0]), state.time_us))


class OneTweet:
    """Serves the same tweet id to every user, `times` times."""

    policy = "one"

    def __init__(self, tweet_id: int, times: int) -> None:
        self.tweet_id, self.times = tweet_id, times

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        n = len(requests) * self.times
        columns = {"tweet_id": np.full(n, self.tweet_id), "source": np.full(n, "x", object), "score": np.zeros(n),
                   "propensity": np.ones(n)}  # fmt: skip
        return CandidateBatch(requests, np.arange(len(requests) + 1) * self.times, columns)

    def preview(self, originals: EventBatch) -> None:
        pass

    def observe(self, events: EventBatch) -> None:
        if events.table == "tweets" and self.tweet_id < 0:
            self.tweet_id = int(events.columns["tweet_id"][0])
            self.times = 2


class Early(OneTweet):
    """Serves the last of a tick's originals to all of its requests."""

    def preview(self, originals: EventBatch) -> None:
        self.times = min(len(originals), 1)
        if self.times:
            self.tweet_id = int(originals.columns["tweet_id"][-1])


def run(feed: OneTweet) -> Iterator[EventBatch]:
    world = World.create(CONFIG)
    return world.run(world.start(), feed, CONFIG.end_us)


def test_a_feed_that_serves_nonsense_is_told() -> None:
    with pytest.raises(DataError, match="tweet 7, which nobody posted"):
        list(run(OneTweet(7, 1)))
    with pytest.raises(DataError, match="twice in one slate"):
        list(run(OneTweet(-1, 0)))
    with pytest.raises(DataError, match="before it was posted"):
        list(run(Early(0, 0)))


def test_a_preview_leaves_no_trace(world: World, dataset: Dataset) -> None:
    plain, previewed = world.start(), world.start()
    tweets = dataset.read("tweets")
    originals = tweets.where(tweets.columns["kind"] == "original")
    plain.apply(tweets.where(slice(0, 100)))
    previewed.preview(originals.where(slice(0, 30)))
    assert previewed.size == 30
    previewed.preview(originals.where(slice(0, 60)))
    assert previewed.size == 60
    assert previewed.tweet_rows(originals.columns["tweet_id"][:60]).tolist() == list(range(60))
    previewed.apply(tweets.where(slice(0, 100)))
    assert same(previewed, plain, "lives")


@pytest.mark.parametrize(
    ("table", "who", "whom", "reader_first"),
    [("mutes", "user_id", "muted_id", True), ("blocks", "user_id", "blocked_id", True),
     ("blocks", "user_id", "blocked_id", False)],
)  # fmt: skip
def test_no_feed_may_show_whom_the_reader_muted_or_blocked_or_who_blocked_them(
    table: str, who: str, whom: str, reader_first: bool
) -> None:
    world, feed = World.create(CONFIG), OneTweet(-1, 0)
    state = world.start()
    while feed.tweet_id < 0:
        list(world.run(state, feed, state.time_us + CONFIG.tick_us))
    feed.times = 1
    row = state.tweet_rows(np.array([feed.tweet_id]))
    author = np.full(len(world.people), state.tweets.author[row[0]].astype(np.int64))
    reader = np.arange(len(world.people))
    pair = (reader, author) if reader_first else (author, reader)
    ids = [world.people.user_id[one] for one in pair]
    columns = {who: ids[0], whom: ids[1], "time_us": np.full(len(reader), state.time_us - 1)}

    def told(ended: bool) -> None:
        state.apply(EventBatch(table, {**columns, "ended": np.full(len(reader), ended)}))

    assert not state.hides(reader, author).any()
    told(False)
    assert state.hides(reader, author).all()
    p = world.truth.action_probability(state, pairs(state, reader, np.repeat(row, len(reader)), state.time_us))
    assert (p == 0.0).all()
    with pytest.raises(DataError, match=f"tweet {feed.tweet_id} to user [0-9]+, who muted or blocked its author"):
        list(world.run(state, feed, CONFIG.end_us))
    told(True)
    p = world.truth.action_probability(state, pairs(state, reader, np.repeat(row, len(reader)), state.time_us))
    assert (p.max(axis=1) > 0.0).sum() == len(reader) - 1
    # Until somebody sees it: later, one who saw it may have muted the author.
    seen = 0
    while not seen:
        events = list(world.run(state, feed, state.time_us + CONFIG.tick_us))
        seen = sum(len(one) for one in events if one.table == "impressions")


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        make_world(CONFIG, tmp_path / "w", feed=OneTweet(7, 1))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises((DataError, ConfigError), match="truth"):
        World.open(tmp_path)


def test_the_log_is_consistent(dataset: Dataset) -> None:
    tweets, users = dataset.scan("tweets").collect(), dataset.scan("users").collect()
    impressions, engagements = dataset.scan("impressions").collect(), dataset.scan("engagements").collect()
    assert tweets["author_id"].is_in(users["user_id"].implode()).all()
    assert tweets["text"].str.len_chars().max() <= 280
    assert (tweets.filter(pl.col("kind") == "retweet")["text"] == "").all()
    assert (tweets.filter(pl.col("kind") != "retweet")["text"] != "").all()
    assert tweets.filter(pl.col("kind") != "original")["referenced_id"].is_in(tweets["tweet_id"].implode()).all()
    posted = impressions.join(tweets.select("tweet_id", posted="time_us", by="author_id"), on="tweet_id")
    assert len(posted) == len(impressions)
    age = posted["time_us"] - posted["posted"]
    assert age.min() >= LoggingConfig().indexing_s * 1e6
    of_tick = ((posted["time_us"] - CONFIG.start_us) % CONFIG.tick_us) > age
    assert of_tick.sum() > 20
    assert (posted["by"] == posted["author_id"]).all()
    assert (posted["by"] != posted["user_id"]).all()
    by_feed, answers = engagements.drop_nulls("request_id"), engagements.filter(pl.col("request_id").is_null())
    shown = by_feed.join(impressions, on=["request_id", "tweet_id", "user_id"], suffix="_shown")
    assert len(shown) == len(by_feed)
    assert set(answers["action"].unique()) == {"reply", "reply_answered"}
    replied = engagements.filter(pl.col("action") == "reply").select("user_id", "tweet_id", "author_id")
    answered = answers.filter(pl.col("action") == "reply_answered").join(
        replied, on=["user_id", "tweet_id"], how="anti"
    )
    assert len(answered) == 0
    assert (shown["time_us"] > shown["time_us_shown"]).all()
    retweets = (engagements["action"] == "retweet").sum()
    assert (tweets["kind"] == "retweet").sum() == retweets
    slates = impressions.sort("request_id", "position").group_by("request_id", maintain_order=True).agg("position")
    assert all(p == list(range(len(p))) for p in slates["position"].to_list())


def test_kept_days_of_another_policy_are_not_taken_up(tmp_path: Path) -> None:
    def stop(done: int, ticks: int) -> None:
        if done == ticks // 2:
            raise KeyboardInterrupt

    other = LoggingConfig(explore=0.5)
    with pytest.raises(KeyboardInterrupt):
        make_world(CONFIG, tmp_path / "w", feed=LoggingFeed(), progress=stop)
    began: list[int] = []
    made = make_world(CONFIG, tmp_path / "w", feed=LoggingFeed(other), progress=lambda done, _: began.append(done))
    assert began[0] == 1
    assert made.read("requests").columns["policy"][0] == LoggingFeed(other).policy != LoggingFeed().policy


def test_a_kept_day_of_another_world_is_not_taken_up(tmp_path: Path) -> None:
    def stop(done: int, ticks: int) -> None:
        if done == ticks // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_world(CONFIG, tmp_path / "w", feed=LoggingFeed(), progress=stop)
    other = CONFIG.model_copy(update={"seed": 8, "days": 1})
    whole = make_world(other, tmp_path / "w", feed=LoggingFeed())
    assert whole.content_hash == make_world(other, tmp_path / "v", feed=LoggingFeed()).content_hash


@pytest.mark.parametrize(("workers", "chunk"), [(2, 1 << 16), (1, 3)])
def test_workers_and_chunks_change_no_byte(dataset: Dataset, tmp_path: Path, workers: int, chunk: int) -> None:
    made = make_world(CONFIG, tmp_path / "w", feed=LoggingFeed(), workers=workers, chunk=chunk)
    assert made.content_hash == dataset.content_hash


def replayed_truth(dataset: Dataset, world: World) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Impressions ordered by request and position, their [N, A] true chances, and whether each action was done."""
    state = world.start()
    impressions = dataset.scan("impressions").sort("request_id", "position").collect()
    truth = np.empty((len(impressions), len(WORLD_ACTIONS)))
    replay, previews = dataset.replay(state.tables, after_us=CONFIG.start_us - 1), Previews(dataset)
    time = impressions["time_us"].to_numpy()
    for tick in range(CONFIG.start_us, int(time.max()) + 1, CONFIG.tick_us):
        for events in replay.advance(tick):
            state.apply(events)
        state.preview(previews.between(tick, tick + CONFIG.tick_us))
        here = np.flatnonzero((time >= tick) & (time < tick + CONFIG.tick_us))
        if not len(here):
            continue
        shown = impressions[here]
        first = np.flatnonzero(shown["position"].to_numpy() == 0)
        users, tweets, times = (shown[name].to_numpy() for name in ("user_id", "tweet_id", "time_us"))
        requests = Requests({"user_row": world.user_rows(users[first]), "time_us": times[first]})
        columns = {"tweet_row": state.tweet_rows(tweets), "position": shown["position"].to_numpy()}
        batch = CandidateBatch(requests, np.r_[first, len(here)], columns)
        truth[here] = world.truth.action_probability(state, batch)
    done = np.zeros(truth.shape, bool)
    acted = dataset.scan("engagements").drop_nulls("request_id").select("request_id", "tweet_id", "action").collect()
    at = acted.join(impressions.with_row_index("row"), on=["request_id", "tweet_id"])
    done[at["row"].to_numpy(), [WORLD_ACTIONS.index(action) for action in at["action"]]] = True
    return impressions, truth, done


@pytest.mark.slow
def test_rates_lie_on_the_diagonal_by_decile_of_the_truth(dataset: Dataset, world: World) -> None:
    _, truth, done = replayed_truth(dataset, world)
    for action, name in enumerate(WORLD_ACTIONS[:-1]):
        p, happened = truth[:, action], done[:, action]
        decile = np.digitize(p, np.quantile(p, np.linspace(0.1, 0.9, 9)))
        for one in range(10):
            part = decile == one
            slack = 4.5 * np.sqrt((p[part] * (1 - p[part])).sum()) + 1
            assert abs(happened[part].sum() - p[part].sum()) < slack, (name, one)
    likes = truth[:, 0]
    assert np.quantile(likes, 0.95) > 20 * np.median(likes)


def test_authors_answer_as_many_replies_as_the_truth_says(tmp_path: Path) -> None:
    behaviour = CONFIG.behaviour.model_copy(update={"eagerness": 3.5})
    made = make_world(CONFIG.model_copy(update={"behaviour": behaviour}), tmp_path / "w", feed=LoggingFeed())
    people = World.open(made.truth)
    engagements = made.scan("engagements").collect()
    early = engagements.filter(pl.col("time_us") < CONFIG.end_us - 13 * HOUR_US)
    replies = early.filter(pl.col("action") == "reply", pl.col("user_id") != pl.col("author_id"))
    chance = people.people.sociability[people.user_rows(replies["author_id"].to_numpy())]
    answered = engagements.filter(pl.col("action") == "reply_answered")
    happened = answered.join(replies.select("user_id", "tweet_id").unique(), on=["user_id", "tweet_id"], how="semi")
    assert len(replies) > 50
    assert abs(len(happened) - chance.sum()) < 5 * np.sqrt((chance * (1 - chance)).sum()) + 2


def test_by_cascade_an_action_makes_people_leave_sooner(world: World) -> None:
    behaviour = CONFIG.behaviour.model_copy(update={"examination": "cascade", "stay": 1.0, "stay_engaged": 0.0})
    truth = World(CONFIG.model_copy(update={"behaviour": behaviour}), world.people, world.graph, world.hidden).truth
    state = world.saved()
    requests = Requests({"user_row": np.array([3]), "time_us": np.full(1, state.time_us)})
    slate = CandidateBatch(requests, np.array([0, 5]), {"tweet_row": np.arange(50, 55)})
    p = truth.action_probability(state, slate)
    looked = truth.action_probability(state, slate.with_columns({"position": np.arange(5)}))
    # Who acted is gone: the chance to see the next is the chance that nothing was done before.
    nothing = np.cumprod(np.r_[0.96, np.prod(1 - p[:-1, :-1], axis=1)])
    assert np.allclose(looked, p * nothing[:, None])
    with pytest.raises(DataError, match="positions"):
        truth.action_probability(state, slate.with_columns({"position": np.full(5, 2)}))


def test_a_cascade_is_drawn_as_the_truth_says(tmp_path: Path) -> None:
    changes = {"examination": "cascade", "stay": 0.9, "stay_engaged": 0.3, "eagerness": 2.0}
    behaviour = CONFIG.behaviour.model_copy(update=changes)
    config = CONFIG.model_copy(update={"behaviour": behaviour, "days": 1, "impressions_per_day": 120.0})
    made = make_world(config, tmp_path / "w", feed=LoggingFeed())
    impressions, truth, done = replayed_truth(made, World.open(made.truth))
    position = impressions["position"].to_numpy()
    p, happened = truth[:, :-1].sum(axis=1), done.sum(axis=1)
    variance = (truth * (1 - truth)).sum(axis=1)
    for low, high in ((0, 1), (1, 2), (2, 4), (4, 8), (8, 40)):
        part = (position >= low) & (position < high)
        assert abs(happened[part].sum() - p[part].sum()) < 6 * np.sqrt(variance[part].sum()) + 1, low
    assert p[position == 0].mean() > 2 * p[(position >= 4) & (position < 8)].mean()


def test_forgotten_tweets_change_nothing_that_follows(dataset: Dataset, world: World) -> None:
    whole = replayed(world.start(), dataset)
    some = replayed(world.start(), dataset)
    some.forget(CONFIG.end_us - DAY_US)
    gone = whole.size - some.size
    assert gone > 0
    tweets = np.arange(gone, whole.size)
    users = np.arange(len(tweets)) % CONFIG.people
    before = world.truth.action_probability(whole, pairs(whole, users, tweets, whole.time_us))
    after = world.truth.action_probability(some, pairs(some, users, tweets - gone, some.time_us))
    assert np.array_equal(before, after)
    assert some.tweet_rows(whole.tweets.tweet_id[:gone]).tolist() == [-1] * gone
