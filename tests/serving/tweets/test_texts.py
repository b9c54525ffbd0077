"""What POST /2/tweets takes for a text and what it refuses, before it is read and after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from candidates.search.query import MAX_QUERY
from data.tweet_text import MAX_LENGTH
from serving.app import create_app
from serving.network import Network
from tests.serving.small_network import ALICE


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with TestClient(create_app(network), raise_server_exceptions=False) as made:
        made.headers["Authorization"] = f"Bearer {network.context.tokens.issue(ALICE, ())}"
        yield made


@pytest.mark.parametrize(
    "text",
    ["\u200b\u2060", "\U000e0067\U000e007f", "\u3164 \xad", "\n\u3000", "\ufe0f\u200d", "\x00"],
)
def test_a_text_in_which_nothing_is_seen_is_refused(client: TestClient, text: str) -> None:
    answer = client.post("/2/tweets", json={"text": text})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:rookery:problem:empty-tweet")


@pytest.mark.parametrize(("character", "name"), [("\x00", "U+0000"), ("\ufeff", "U+FEFF"), ("\uffff", "U+FFFF")])
def test_a_character_that_is_no_text_is_refused_by_name(client: TestClient, character: str, name: str) -> None:
    answer = client.post("/2/tweets", json={"text": f"hello{character}"})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:rookery:problem:not-text")
    assert f"{name} at 5" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("http://" + "a" * 300 + ".com", 311),
        ("🏴" + "\U000e0067" * 200, 402),
        ("\u200d👍" * 100, 300),
        ("http://a.com/" + ")" * 3_900, 3_923),
        ("a" + "\u0345\u0316" * 1_900, 3_801),
    ],
)
def test_there_is_no_way_round_the_limit(client: TestClient, text: str, length: int) -> None:
    answer = client.post("/2/tweets", json={"text": text})
    assert answer.status_code == 400
    assert (answer.json()["type"], answer.json()["length"]) == ("urn:rookery:problem:tweet-too-long", length)


@pytest.mark.parametrize("text", ["\U0001fae8", "🇯🇵" * 140, "http://a.com/" + "x" * 3_900, "語" * 140, ". \u200b"])
def test_what_can_be_seen_and_is_short_enough_is_taken_as_written(client: TestClient, text: str) -> None:
    answer = client.post("/2/tweets", json={"text": text})
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["text"] == text


def test_a_text_or_a_query_that_is_too_long_is_refused_before_it_is_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.tweets.service.weighted_length", lambda text: pytest.fail("it was read"))
    answer = client.post("/2/tweets", json={"text": "x" * (MAX_LENGTH + 1)})
    assert answer.status_code == 400
    assert "4000" in answer.json()["detail"]
    answer = client.get("/2/tweets/search/recent", params={"query": "x" * (MAX_QUERY + 1)})
    assert answer.status_code == 400
    assert str(MAX_QUERY) in answer.json()["detail"]
