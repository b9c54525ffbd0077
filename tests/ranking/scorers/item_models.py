"""Small logs for tests of item models, and batches that ask about them."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import sparse

from data.batch import CandidateBatch, Ragged, Requests
from features.state.history import LENGTH
from ranking.scorers.items import HISTORY, Items


def log_of(pasts):
    """Training rows, the items and the matrix of readers 0.. who engaged with lists of item ids."""
    pairs = [(reader, item) for reader, past in enumerate(pasts) for item in past]
    rows = pl.DataFrame(pairs, schema={"user_id": pl.Int64, "tweet_id": pl.Int64}, orient="row")
    items = Items.of(rows)
    columns = items.places(rows["tweet_id"].to_numpy())
    matrix = sparse.csr_array(
        (np.ones(len(rows), np.float32), (rows["user_id"].to_numpy(), columns)), shape=(len(pasts), len(items))
    )
    matrix.sort_indices()
    return rows, items, matrix


def random_log(seed, readers, items, share=0.3):
    rng = np.random.default_rng(seed)
    return log_of([100 + np.flatnonzero(rng.random(items) < share) for _ in range(readers)])


def requests_of(histories, users=None):
    """Requests with histories, newest first, padded with -1."""
    table = np.full((len(histories), LENGTH), -1, np.int64)
    for row, history in zip(table, histories, strict=True):
        row[: len(history)] = history
    ids = np.asarray(users if users is not None else -1 - np.arange(len(histories)), np.int64)
    zeros = np.zeros(len(ids), np.int64)
    return Requests({"user_id": ids, "user_row": zeros, "time_us": zeros, HISTORY: table})


def candidates_of(requests, lists):
    ragged = Ragged.from_lists(lists)
    return CandidateBatch(requests, ragged.offsets, {"tweet_id": ragged.values, "tweet_row": ragged.values})


def check_model(model, histories, ids):
    """One model by every way of asking: pairs, alone, in another order, as a catalogue, and from its artifact."""
    requests = requests_of(histories)
    lists = [np.asarray(ids)] * len(histories)
    together = model.score(candidates_of(requests, lists)).reshape(len(histories), len(ids))
    assert together.dtype == np.float32
    catalogue = candidates_of(requests.take(np.zeros(1, np.int64)), lists[:1])
    np.testing.assert_array_equal(model.catalogue_scores(requests, catalogue), together)
    for b in range(len(histories)):
        alone = candidates_of(requests.take(np.array([b])), [np.asarray(ids)[::-1]])
        np.testing.assert_array_equal(model.score(alone)[::-1], together[b])
    config, weights = model.artifact()
    again = type(model).from_artifact(config, weights)
    np.testing.assert_array_equal(again.catalogue_scores(requests, catalogue), together)
    assert again.reads == model.reads
    return together
