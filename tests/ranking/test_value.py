"""The value model: its sum, its offset, its presets, and what it leaves out."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.batch import CandidateBatch, Requests
from data.errors import ConfigError
from data.schema import ACTIONS
from ranking.value import OFFSET, PRESETS, ValueModel, ValueScorer

PUBLISHED = ("x_2023", "x_2026_08", "x_2026_10")


class _Known:
    reads = ("p",)
    actions = ("like", "reply", "not_interested")
    taken = np.ones(3, bool)

    def predict(self, batch):
        return batch.column("p").astype(np.float32)


def _batch(p):
    requests = Requests({"user_row": np.zeros(1, np.int64), "time_us": np.zeros(1, np.int64)})
    return CandidateBatch(requests, np.array([0, len(p)]), {"p": np.array(p)})


def test_published_weights():
    old, new, newest = (PRESETS[name] for name in PUBLISHED)
    assert (old["like"], old["retweet"], old["reply"], old["profile_click"], old["click"]) == (0.5, 1, 13.5, 12, 11)
    assert (old["reply_answered"], old["report"]) == (75, -369)
    assert {old[a] for a in ("not_interested", "mute", "block")} == {-74}
    assert new == {
        "like": 0.5, "reply": 5, "retweet": 1, "quote": 5, "share": 2, "follow_author": 4, "click": 0.4,
        "not_interested": -43.2, "mute": -58.8, "block": -31.2, "report": -234,
    }  # fmt: skip
    assert newest == {**new, "click": 0.3, "profile_click": 0, "not_interested": -47.52}


def test_a_reply_weighs_more_where_reader_and_author_follow_each_other(caplog):
    with caplog.at_level(logging.WARNING):
        scorer = ValueScorer(_Known(), ValueModel.preset("x_2026_10"))
    assert "share by copied link (20)" in caplog.text
    assert scorer.reads == ("p", "pair.mutual_follow")
    batch = _batch([[0.2, 0.1, 0]] * 2).with_columns({"pair.mutual_follow": np.array([0, 1])})
    assert scorer.score(batch) == pytest.approx([0.5 * 0.2 + 5 * 0.1 + OFFSET, 0.5 * 0.2 + 20 * 0.1 + OFFSET])
    assert ValueScorer(_Known(), ValueModel.preset("x_2026_08")).reads == ("p",)
    with pytest.raises(ConfigError, match="mutual weight of 'reply' is -1"):
        ValueModel({"like": 1.0}, mutual={"reply": -1})


def test_offset_by_hand():
    # Weights 2 and -6: S = 8, M = 6. Sums 2, 0, -3 and -6 become 2 + 0.4, 0.4, 3 / 8 * 0.4 and 0.
    model = ValueModel({"like": 2.0, "report": -6.0}, offset=0.4)
    p = np.array([[1, 0], [0, 0], [0, 0.5], [0, 1]], np.float32)
    assert model.value(p, ("like", "report")) == pytest.approx([2.4, 0.4, 0.15, 0.0])
    assert ValueModel({"like": 2.0, "report": -6.0}).value(p, ("like", "report")) == pytest.approx([2, 0, -3, -6])


@given(
    name=st.sampled_from(PUBLISHED),
    rows=st.lists(st.lists(st.floats(0, 1), min_size=len(ACTIONS), max_size=len(ACTIONS)), min_size=2, max_size=20),
    calm=st.booleans(),
)
def test_the_offset_keeps_order_and_negatives_below(name, rows, calm):
    p = np.array(rows, np.float32)
    if calm:  # Small chances of what people reject, so that both signs occur.
        p[:, [a in ("not_interested", "mute", "block", "report") for a in ACTIONS]] *= 0.02
    model = ValueModel.preset(name)
    weights = np.array([model.weights.get(a, 0.0) for a in ACTIONS])
    plain, got = (p.astype(np.float64) * weights).sum(axis=1), model.value(p, ACTIONS)
    assert (np.diff(got[np.argsort(plain, kind="stable")]) >= 0).all()
    assert (got >= 0).all()
    assert (got[plain >= 0] >= np.float32(OFFSET)).all()
    assert (got[plain < 0] < np.float32(OFFSET)).all()


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=20))
def test_with_negative_weights_alone_a_rounding_cannot_lift_to_zero(chances):
    p = np.abs(np.array([chances], np.float32).T) * np.float32(1e-6)
    got = ValueModel({"report": -300.0}, OFFSET).value(p, ("report",))
    assert ((got < np.float32(OFFSET)) == (p[:, 0] > 0)).all()


def test_what_no_model_predicts_is_left_out_and_said(caplog):
    with caplog.at_level(logging.WARNING):
        scorer = ValueScorer(_Known(), ValueModel.preset("x_2026_08"))
    assert scorer.left_out == ("retweet", "quote", "share", "follow_author", "click", "mute", "block", "report")
    assert "value leaves out retweet, quote, share" in caplog.text
    # M and S are of the weights in use: 43.2 of 48.7.
    assert scorer.score(_batch([[0, 0, 1], [0, 0, 0.5]])) == pytest.approx([0, 21.6 / 48.7 * OFFSET], abs=1e-9)


def test_what_nobody_did_in_training_is_left_out_throughout():
    model = _Known()
    model.taken = np.array([True, False, True])
    value = ValueModel({"like": 1.0, "reply": 9.0, "not_interested": -1.0}, OFFSET)
    scorer = ValueScorer(model, value)
    assert scorer.left_out == ("reply",)
    # M and S are of the weights in use: 1 of 2.
    assert scorer.score(_batch([[0, 0, 0.5]])) == pytest.approx([0.25 * OFFSET], abs=1e-9)
    with pytest.raises(ConfigError, match=r"what the model predicts \(like, not_interested\)"):
        ValueScorer(model, ValueModel({"reply": 9.0}))


def test_nothing_is_said_when_nothing_is_left_out(caplog):
    with caplog.at_level(logging.WARNING):
        assert ValueScorer(_Known(), ValueModel({"like": 1.0, "mute": 0.0})).left_out == ()
    assert caplog.text == ""


@given(rows=st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=12))
def test_a_value_does_not_depend_on_its_neighbours(rows):
    model, p = ValueModel.preset("x_2023"), np.array(rows, np.float32)
    alone = [model.value(p[i : i + 1], _Known.actions)[0] for i in range(len(p))]
    assert model.value(p, _Known.actions).tolist() == alone
    assert model.value(p[:0], _Known.actions).shape == (0,)


def test_own_weights_are_given_as_a_table():
    assert ValueModel.of({"like": 1, "report": -6.0, "offset": 0.4}) == ValueModel({"like": 1.0, "report": -6.0}, 0.4)
    assert ValueModel.of({"like": 2}).offset == 0
    assert ValueModel.of("x_2026_08") == ValueModel.preset("x_2026_08")
    for value, said in (
        ({"likes": 1}, "unknown action 'likes'; use like, reply"),
        ({"like": "much"}, "'like' is 'much'"),
        ({"like": True}, "'like' is True"),
        ({"like": 1, "offset": -1}, "offset is -1"),
        (3, "value 3 is neither"),
        ("best", "'best'; choose one of engagement"),
    ):
        with pytest.raises(ConfigError, match=said):
            ValueModel.of(value)


def test_a_value_that_weighs_nothing_is_refused():
    for weights in ({}, {"like": 0.0}, {"share": 1.0}):
        with pytest.raises(ConfigError, match=r"what the model predicts \(like, reply\); name one of engagement"):
            ValueModel(weights).check(("like", "reply"))


def test_bad_input_is_named():
    with pytest.raises(ConfigError, match="'like' is nan"):
        ValueModel({"like": float("nan")})
    with pytest.raises(ConfigError, match="offset is -1"):
        ValueModel({"like": 1.0}, offset=-1)
    with pytest.raises(ConfigError, match=r"\(2, 3\) for 2 actions"):
        ValueModel({"like": 1.0}).value(np.zeros((2, 3), np.float32), ("like", "reply"))
    with pytest.raises(ConfigError, match="none of what the model predicts"):
        ValueScorer(_Known(), ValueModel({"share": 1.0}))
