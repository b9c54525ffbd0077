"""The query language: the tree of a query, and the column of every fault."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.search.nodes import And, Around, Flag, From, Mention, Not, Or, Phrase, Since, Tag, Until, Word
from candidates.search.operators import READERS, REFUSED
from candidates.search.query import MAX_DEPTH, QueryError, parse


def test_and_binds_tighter_than_or_and_a_minus_tightest() -> None:
    assert parse("a b OR -c d") == Or(
        (And((Word("a", 1), Word("b", 3)), 1), And((Not(Word("c", 9), 8), Word("d", 11)), 8)), 1
    )
    assert parse('a (b OR "c d") -(e f)') == And(
        (
            Word("a", 1),
            Or((Word("b", 4), Phrase("c d", 9)), 4),
            Not(And((Word("e", 18), Word("f", 20)), 18), 16),
        ),
        1,
    )


def test_signs_and_operators_are_read() -> None:
    tree = parse('#Baking @Bob from:@Alice is:reply since:2026-01-05 until:2026-01-05T12:30:00+01:00 place:"new york"')
    assert tree == And(
        (
            Tag("baking", 1), Mention("bob", 9), From("alice", 14), Flag("is:reply", 26),
            Since(1_767_571_200_000_000, 35), Until(1_767_612_600_000_000, 52), Around(40.71, -74.01, 50.0, 84),
        ),
        1,
    )  # fmt: skip
    assert parse("point_radius:[-0.13 51.5 10mi]") == Around(51.5, -0.13, pytest.approx(16.09344), 1)
    assert parse('place:"São Paulo"') == parse("place:455827")


def test_what_only_looks_like_an_operator_is_a_word() -> None:
    for text in ("https://x.org/y", "10:30", ":smile:", "[/b]", "a-b", "or", "C++:x", "日本:東京"):
        assert parse(text) == Word(text, 1)


@pytest.mark.parametrize(
    ("query", "column", "problem"),
    [
        ("a OR", 3, "nothing behind"),
        ("OR a", 1, "nothing before"),
        ("a OR OR b", 3, "nothing behind"),
        ("a (b OR c", 3, r"\( is not closed"),
        ("a (", 3, r"\( is not closed"),
        ("a )", 3, r"\) closes nothing"),
        (") a", 1, r"\) closes nothing"),
        ("a ()", 3, "group is empty"),
        ("a --b", 3, "minus"),
        ("a OR -b", 6, "everything is negated"),
        ("a (-b)", 4, "everything is negated"),
        ("x foo:bar", 3, "no operator foo"),
        ("x from:", 8, "nothing behind"),
        ("x from:a!b", 8, "no handle"),
        ("x @", 3, "no handle"),
        ("x @a!b", 3, "no handle"),
        ("x has:cheese", 7, "does not take"),
        ("x is:media", 6, "does not take"),
        ("x lang:12", 8, "no language"),
        ("x since:yesterday", 9, "no date"),
        ("x until:2026-02-30", 9, "no date"),
        ("x min_faves:-2", 13, "whole number"),
        ("x conversation_id:abc", 19, "whole number"),
        ("x place:Narnia", 9, "no place"),
        ("x point_radius:[1 2]", 16, "longitude latitude radius"),
        ("x point_radius:[181 2 5km]", 16, "longitude 181 is out of range"),
        ("x point_radius:[1 91 5km]", 16, "latitude 91 is out of range"),
        ("x point_radius:[1 2 501km]", 16, "radius 501 is out of range"),
        ("x point_radius:[1 2 5km", 16, r"\[ is not closed"),
        ('x place:"New', 9, "quote is not closed"),
        ("(" * (MAX_DEPTH + 1) + "a", MAX_DEPTH + 1, "deep"),
    ],
)
def test_every_fault_has_its_column(query: str, column: int, problem: str) -> None:
    with pytest.raises(QueryError, match=problem) as caught:
        parse(query)
    assert caught.value.column == column


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_operator_that_is_not_offered_is_refused_by_name(name: str) -> None:
    assert name not in READERS
    with pytest.raises(QueryError, match=f"operator {name}: is not offered") as caught:
        parse(f"word {name}:x")
    assert caught.value.column == 6


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab -()"#@:OR[]13/_.猫\n', max_size=40))
def test_any_text_is_a_tree_or_a_fault_inside_it(query: str) -> None:
    column = 1
    try:
        parse(query)
    except QueryError as error:
        column = error.column
    assert 1 <= column <= len(query) + 1
