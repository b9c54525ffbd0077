"""Words inside texts of scripts without blanks: all are found, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.search.text import TextIndex
from candidates.search.tokens import has_word, runs, spell
from tests.candidates.search.referee import Tweet, batch

JAPANESE = (
    "今日は渋谷でコーヒーを飲んだ",
    "東京都に住んでいます。猫が好き!",
    "京都の紅葉Instagram最高",
    "カラオケに行きたい",
    "猫",
)
KOREAN = ("오늘 학교에서 축구를 했다", "서울의 날씨가 좋다", "커피 한잔 할래요?", "고양이")


def test_runs_are_spelled_as_pairs_and_their_last_character() -> None:
    words, singles = spell(["東京都でtea、猫 OK", "don't", "", "a_b\nc", "ｺｰﾋｰ", "café!"])
    assert words[0].split() == ["東京", "京都", "都で", "で", "tea", "猫", "OK"]
    assert singles[0].split() == ["東", "京", "都", "で", "猫"]
    assert [one.split() for one in words[1:]] == [
        ["don", "t"],
        [],
        ["a", "b", "c"],
        ["コー", "ーヒ", "ヒー", "ー"],
        ["café"],
    ]
    assert singles[1] == singles[2] == ""


def test_what_has_no_word() -> None:
    for text in ("", " ", "!?", "🙂", "\ud83d", "_", "\x00"):
        assert not has_word(text)
        assert spell([text])[0][0].strip() == ""
    assert [run.text for run in runs("x 한국-y")] == ["x", "한국", "y"]


@pytest.mark.parametrize("texts", [JAPANESE, KOREAN])
def test_every_part_of_a_run_finds_its_text_and_only_such(texts: tuple[str, ...]) -> None:
    index = TextIndex()
    index.add(batch([Tweet(at, at, 1, text) for at, text in enumerate(texts)]))
    asked = 0
    for text in texts:
        for run in runs(text):
            for size in range(1, len(run.text) + 1):
                for at in range(len(run.text) - size + 1):
                    part = run.text[at : at + size]
                    if run.gram:
                        found = set(index.search(part, 10).tweet_ids.tolist())
                        assert found == {row for row, other in enumerate(texts) if part in other}, part
                        asked += 1
    assert asked > 50


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="ab 東京都ー가나é!.\u0e01\u0e31", max_size=12), min_size=1, max_size=6))
def test_texts_do_not_run_into_each_other(texts: list[str]) -> None:
    together, alone = spell(texts), [spell([text]) for text in texts]
    assert [word.split() for word in together[0]] == [one[0][0].split() for one in alone]
    assert [word.split() for word in together[1]] == [one[1][0].split() for one in alone]


def test_a_long_run_without_blanks_matches_by_its_parts_where_any_word_is_enough() -> None:
    index = TextIndex()
    index.add(batch([Tweet(at, at, 1, text) for at, text in enumerate(JAPANESE)]))
    query = "渋谷のコーヒーは最高だった"
    assert len(index.search(query, 5)) == 0
    found = index.search(query, 5, any_word=True).tweet_ids
    assert found[0] == 0
    assert not np.isin(4, found)
