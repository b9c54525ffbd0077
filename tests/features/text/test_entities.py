"""People, places and organisations in texts whose names are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.text.entities import Names, names


@pytest.mark.parametrize(
    ("text", "people", "places", "organisations"),
    [
        ("Yesterday Marie Curie met Pierre in Paris", ["Marie Curie", "Pierre"], ["Paris"], []),
        ("tim cook's apple beat google in new york city", ["tim cook"], ["new york city"], ["google"]),
        ("We like Apple and Amazon", [], [], ["Apple", "Amazon"]),
        ("apple pie with turkey", [], [], []),
        ("Ask Dr. Okonkwo or President Zorn", ["Okonkwo", "Zorn"], [], []),
        ("She joined Quuxville University on Foo Street", [], ["Foo Street"], ["Quuxville University"]),
        ("I lived in Zorbograd for years", [], ["Zorbograd"], []),
        ("Will Smith will smile", ["Will Smith"], [], []),
        ("NATO and the UN met; un amigo no", [], [], ["NATO", "UN"]),
        ("Vivo en España con Lucía Martínez", ["Lucía Martínez"], ["España"], []),
        (
            "昨日、大谷翔平選手が東京ドームで。田中さんと京都大学へ",
            ["大谷翔平", "田中"],
            ["東京ドーム"],
            ["京都大学"],
        ),
        ("손흥민이 서울에서 삼성 행사에", ["손흥민"], ["서울"], ["삼성"]),
        ("#Paris @Paris https://paris.example/Paris", [], [], []),
        ("LOVE LONDON SO MUCH", [], ["LONDON"], []),
        ("", [], [], []),
        ("\0\0 😂", [], [], []),
    ],
)
def test_names_are_told_apart(text: str, people: list[str], places: list[str], organisations: list[str]) -> None:
    found = names(text)
    assert (found.people, found.places, found.organisations) == (people, places, organisations)


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("We saw Bo. Bo saw us.", ["Bo"]),
        ("Hello. Then nothing", []),
        ("I finished Elden Ring on Monday", ["Elden Ring"]),
        ("ALL IN CAPITALS", []),
    ],
)
def test_a_name_of_no_known_kind_is_said_to_be_one(text: str, others: list[str]) -> None:
    assert names(text) == Names(others=others)


@given(st.text(max_size=80) | st.text("Aa bMr.de#@/'東京さん\n", max_size=80))
def test_names_stand_in_the_text_each_once(text: str) -> None:
    found = names(text)
    for some in (found.people, found.places, found.organisations, found.others):
        assert len(some) == len(set(some))
        assert all(part in text for name in some for part in name.split())


def test_a_very_long_text_is_read() -> None:
    assert names("London calling Paris. " * 500).places == ["London", "Paris"]
