"""The pair features as one would write them in pandas: cumulative sums by key, joined as of each row's time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from data.batch import F32, Array
from data.events import DAY_US
from data.schema import NEGATIVE_ACTIONS, POSITIVE_ACTIONS
from features.bases.interactions import KEEP
from features.text.understanding import Understanding

_COUNTED = {
    "likes": ["like"], "replies": ["reply"], "retweets": ["retweet"], "quotes": ["quote"], "clicks": ["click"],
    "profile_clicks": ["profile_click"], "shares": ["share"], "negatives": list(NEGATIVE_ACTIONS),
    "replies_answered": ["reply_answered"], "interactions": list(POSITIVE_ACTIONS),
}  # fmt: skip
_FADING = ("likes", "replies", "retweets", "quotes", "clicks", "profile_clicks", "shares", "negatives")
_JOINED = 10_000_000
"""Rows and engagers that are joined with the follows at a time; more do not fit in memory."""


def pair_features(
    tables: Mapping[str, pl.LazyFrame], rows: pl.DataFrame, understanding: Understanding
) -> dict[str, Array]:
    """The `pair.*` features of `features.views` at each row, in the order of `rows`, from logs under 60 days."""
    tweets = tables["tweets"].select("tweet_id", "author_id", "text").collect()
    fields = understanding(tweets["text"].to_list())
    about = tweets.select("tweet_id", "author_id").to_pandas()
    about["topic"], about["place"] = fields.topics[:, 0].astype(np.int64), np.arange(len(about))
    actions = tables["engagements"].select("time_us", "user_id", "tweet_id", "author_id", "action", "dwell_ms")
    acted = actions.collect().to_pandas().merge(about[["tweet_id", "topic", "place"]], on="tweet_id")
    acted = acted.sort_values("time_us", kind="stable", ignore_index=True)
    shown = tables["impressions"].select("time_us", "user_id", "tweet_id", "author_id").collect().to_pandas()
    shown = shown.merge(about[["tweet_id", "topic"]], on="tweet_id").sort_values("time_us", kind="stable")
    queries = rows.select("user_id", "tweet_id", "time_us").to_pandas().merge(about, on="tweet_id", how="left")
    queries["row"] = np.arange(len(queries))
    queries = queries.sort_values("time_us", kind="stable", ignore_index=True)
    out = _ledger(queries, acted, shown, "author_id", "pair.", tuple(_COUNTED), _FADING)
    topic = _ledger(queries, acted, shown, "topic", "pair.topic_", ("interactions",), ())
    out |= {name: topic[name] for name in topic if name != "pair.topic_engagement_rate"}
    out["pair.topic_engagement_rate"] = topic["pair.topic_engagement_rate"]
    out |= _follows(queries, tables["follows"].collect().to_pandas())
    out["pair.social_proof"] = _social_proof(queries, acted, tables["follows"].collect().to_pandas())
    out["pair.similarity"] = _similarity(queries, acted, fields.embedding)
    order = np.argsort(queries["row"].to_numpy())
    return {name: np.asarray(values)[order] for name, values in out.items()}


def _as_of(queries: pd.DataFrame, events: pd.DataFrame, key: str, columns: list[str]) -> pd.DataFrame:
    """`columns` of the last event of each row's `key` before its time, 0 where there is none."""
    joined = pd.merge_asof(
        queries[["time_us", key]], events[["time_us", key, *columns]], on="time_us", by=key, allow_exact_matches=False
    )
    return joined[columns].fillna(0)


def _ledger(
    queries: pd.DataFrame, acted: pd.DataFrame, shown: pd.DataFrame, side: str, prefix: str,
    counted: tuple[str, ...], fading: tuple[str, ...],
) -> dict[str, Array]:  # fmt: skip
    """Totals, strengths, impressions, rates and dwell by user and side."""
    size = 1 + max(int(frame[side].max()) for frame in (queries, acted, shown))
    keyed = [frame.assign(key=frame["user_id"] * size + frame[side]) for frame in (queries, acted, shown)]
    queries, acted, shown = keyed
    start = int(acted["time_us"].min()) // DAY_US
    weight = KEEP ** -(acted["time_us"] // DAY_US - start).to_numpy(np.float64)
    for name in counted:
        acted[name] = acted["action"].isin(_COUNTED[name])
    for name in (*fading, "interactions"):
        acted[f"strength_{name}"] = acted[name] * weight
    acted["seconds"], acted["known"] = acted["dwell_ms"].fillna(0) / 1000.0, acted["dwell_ms"].notna()
    columns = [*counted, *(f"strength_{name}" for name in (*fading, "interactions")), "seconds", "known"]
    acted[columns] = acted.groupby("key", sort=False)[columns].cumsum()
    found = _as_of(queries, acted, "key", columns)
    shown["shown"] = shown.groupby("key", sort=False).cumcount() + 1
    impressions = _as_of(queries, shown, "key", ["shown"])["shown"]
    kept = KEEP ** (queries["time_us"] // DAY_US - start).to_numpy(np.float64)
    out: dict[str, Array] = {f"{prefix}{name}": found[name].to_numpy() for name in counted}
    out |= {f"{prefix}strength_{name}": found[f"strength_{name}"].to_numpy() * kept for name in fading}
    out[f"{prefix}strength"] = found["strength_interactions"].to_numpy() * kept
    out[f"{prefix}dwell_s"] = ((found["seconds"] + 50) / (found["known"] + 5)).to_numpy()
    out[f"{prefix}impressions"] = impressions.to_numpy()
    out[f"{prefix}engagement_rate"] = ((found["interactions"] + 1) / (impressions + 20)).to_numpy()
    return out


def _follows(queries: pd.DataFrame, follows: pd.DataFrame) -> dict[str, Array]:
    size = 1 + int(max(follows["followee_id"].max(), follows["follower_id"].max(), queries["user_id"].max()))
    edges = follows.assign(key=follows["follower_id"] * size + follows["followee_id"], active=~follows["ended"])
    ways = {"follows": ("user_id", "author_id"), "followed_by": ("author_id", "user_id")}
    found = {
        name: _as_of(queries.assign(key=queries[one] * size + queries[other]), edges, "key", ["active"])["active"]
        .astype(bool).to_numpy()
        for name, (one, other) in ways.items()
    }  # fmt: skip
    out: dict[str, Array] = {f"pair.{name}": values.astype(float) for name, values in found.items()}
    return out | {"pair.mutual_follow": (found["follows"] & found["followed_by"]).astype(float)}


def _social_proof(queries: pd.DataFrame, acted: pd.DataFrame, follows: pd.DataFrame) -> Array:
    positive = acted[acted["action"].isin(POSITIVE_ACTIONS)]
    first = positive.groupby(["tweet_id", "user_id"], sort=False)["time_us"].min().reset_index()
    first = first.rename(columns={"user_id": "followee_id", "time_us": "first_us"})
    first = first[first["followee_id"].isin(follows["followee_id"])]
    end = follows.groupby(["follower_id", "followee_id"], sort=False)["time_us"].shift(-1)
    edges = follows.assign(end_us=end.fillna(np.inf))[~follows["ended"]]
    edges = edges.rename(columns={"follower_id": "user_id", "time_us": "begin_us"})
    edges = edges[["user_id", "followee_id", "begin_us", "end_us"]]
    first = first.sort_values("tweet_id", kind="stable", ignore_index=True)
    rows = queries[["user_id", "tweet_id", "time_us"]].reset_index(names="row").sort_values("tweet_id", kind="stable")
    low, high = (np.searchsorted(first["tweet_id"], rows["tweet_id"], side) for side in ("left", "right"))
    part = np.cumsum(high - low) // _JOINED
    out = np.zeros(len(queries))
    for one in np.unique(part):
        at = np.flatnonzero(part == one)
        engaged = rows.iloc[at].merge(first.iloc[low[at[0]] : high[at[-1]]], on="tweet_id")
        engaged = engaged[engaged["first_us"] < engaged["time_us"]]
        friends = engaged.merge(edges, on=["user_id", "followee_id"])
        friends = friends[(friends["begin_us"] < friends["time_us"]) & (friends["end_us"] >= friends["time_us"])]
        count: Any = friends.groupby("row").size()
        out[count.index.to_numpy()] = count.to_numpy()
    return out


def _similarity(queries: pd.DataFrame, acted: pd.DataFrame, vectors: F32) -> Array:
    """Cosine of the tweet's vector with the mean of the user's last 50 positive actions', at least 0."""
    past = acted[acted["action"].isin(POSITIVE_ACTIONS)].reset_index(drop=True)
    names = [f"v{d}" for d in range(vectors.shape[1])]
    wide = pd.DataFrame(vectors[past["place"].to_numpy()].astype(np.float64), columns=names)
    by = past["user_id"]
    total = wide.groupby(by, sort=False).cumsum()
    total -= total.groupby(by, sort=False).shift(50).fillna(0)
    found = _as_of(queries, pd.concat([past[["time_us", "user_id"]], total], axis=1), "user_id", names).to_numpy()
    norm = np.linalg.norm(found, axis=1)
    dots = np.einsum("nd,nd->n", found, vectors[queries["place"].to_numpy()])
    return np.where(norm > 1e-9, np.maximum(dots / np.maximum(norm, 1e-9), 0), 0)
