"""Clock, cursors, secrets and tokens."""

from __future__ import annotations

import re
import stat
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.errors import ConfigError
from serving.auth.scopes import ACTS
from serving.auth.tokens import TokenError, Tokens, load_secret
from serving.events.outbox import Snowflakes
from serving.kit.answers import rfc3339
from serving.kit.clock import DataClock, WallClock
from serving.kit.ids import ID_PATTERN, MAX_ID, parse_id
from serving.kit.paging import Paging
from serving.kit.parameters import many_ids
from serving.kit.problems import ProblemError
from serving.settings import Settings

SECRET = b"s" * 48


class SetClock:
    def __init__(self, now_us: int) -> None:
        self.now = now_us

    def now_us(self) -> int:
        return self.now


def test_a_data_clock_goes_on_from_the_logs_end() -> None:
    clock = DataClock(1_000_000_000)
    times = [clock.now_us() for _ in range(1_000)]
    assert times[0] >= 1_000_000_000
    assert times == sorted(times)
    assert times[-1] - times[0] < 60_000_000


def test_the_wall_clock_never_goes_back() -> None:
    clock = WallClock()
    times = [clock.now_us() for _ in range(1_000)]
    assert times == sorted(times)


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.text(max_size=20))
def test_a_cursor_comes_back(after: int, scope: str) -> None:
    paging = Paging(SECRET)
    assert paging.keys(scope, paging.cursor(scope, after), 1) == (after,)


@given(st.integers(0, 1 << 62), st.integers(0, 26), st.sampled_from("ABab01-_"))
def test_an_altered_cursor_is_refused(after: int, place: int, letter: str) -> None:
    paging = Paging(SECRET)
    token = paging.cursor("followers 1", after)
    altered = token[:place] + letter + token[place + 1 :]
    # The last letter of a token carries bits that base64 leaves unused.
    if altered == token or place == len(token) - 1:
        return
    with pytest.raises(ProblemError, match="pagination_token"):
        paging.keys("followers 1", altered, 1)


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "A" * 27, "!" * 27])
def test_what_is_no_cursor_is_refused(token: str) -> None:
    with pytest.raises(ProblemError, match="pagination_token"):
        Paging(SECRET).keys("followers 1", token, 1)


def test_a_cursor_belongs_to_its_list_and_secret() -> None:
    token = Paging(SECRET).cursor("followers 1", 5)
    with pytest.raises(ProblemError):
        Paging(SECRET).keys("followers 2", token, 1)
    with pytest.raises(ProblemError):
        Paging(b"t" * 48).keys("followers 1", token, 1)


def test_the_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = load_secret(tmp_path / "home")
    assert load_secret(tmp_path / "home") == first
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600
    assert load_secret(tmp_path / "home", "given" * 10) == b"given" * 10


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ROOKERY_SECRET"):
        Tokens(b"short")
    (tmp_path / "secret").write_text("short")
    with pytest.raises(ConfigError, match="delete it"):
        load_secret(tmp_path)


def test_a_token_says_who_and_what_for() -> None:
    tokens = Tokens(SECRET)
    claims = tokens.verify(tokens.issue(7, ["rank"]))
    assert (claims.user_id, claims.scopes) == (7, ACTS | {"rank"})
    assert tokens.verify(tokens.issue(None, ["operator"])).user_id is None


def test_a_token_ends() -> None:
    clock = SetClock(1_700_000_000_000_000)
    tokens = Tokens(SECRET, clock)
    token = tokens.issue(7, ttl_s=60)
    tokens.verify(token)
    clock.now += 61_000_000
    with pytest.raises(TokenError, match="over"):
        tokens.verify(token)


@given(st.text(max_size=60))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(TokenError):
        Tokens(SECRET).verify(text)


def test_an_unsigned_or_foreign_token_is_refused() -> None:
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJyb29rZXJ5Iiwic3ViIjoiNyIsImV4cCI6OTk5OTk5OTk5OX0."
    foreign = Tokens(b"t" * 48).issue(7)
    for token in (unsigned, foreign):
        with pytest.raises(TokenError):
            Tokens(SECRET).verify(token)


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ConfigError, match="the scopes are"):
        Tokens(SECRET).issue(7, ["root"])


def test_ids_ascend_also_where_the_clock_stands() -> None:
    ids = Snowflakes()
    made = [ids.next(1_700_000_000_000_000) for _ in range(10_000)]
    assert all(a < b for a, b in pairwise(made))
    assert ids.next(1_600_000_000_000_000) > made[-1]


def test_settings_come_from_variables_and_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_FANOUT__CAPACITY", "7")
    monkeypatch.setenv("ROOKERY_PORT", "8123")
    settings = Settings.read()
    assert (settings.fanout.capacity, settings.port, settings.host) == (7, 8123, "127.0.0.1")
    monkeypatch.setenv("ROOKERY_FANOUT__CAPACITY", "-7")
    with pytest.raises(ConfigError, match=r"ROOKERY_FANOUT__CAPACITY \('-7'\)"):
        Settings.read()
    monkeypatch.delenv("ROOKERY_FANOUT__CAPACITY")
    monkeypatch.setenv("ROOKERY_FANOUT__PUSHBELOW", "7")
    with pytest.raises(ConfigError, match="ROOKERY_FANOUT__PUSHBELOW"):
        Settings.read()
    monkeypatch.delenv("ROOKERY_FANOUT__PUSHBELOW")
    with pytest.raises(ConfigError, match="ROOKERY_COLOUR"):
        Settings.read(colour="red")


def test_moments_are_utc() -> None:
    assert rfc3339(1_767_571_200_123_456) == "2026-01-05T00:00:00.123Z"


def test_lists_of_ids() -> None:
    assert many_ids("3,1,3") == [3, 1]
    for text in ("", "a", "1,", str(1 << 63), "-1", "3, 1", "3_0"):
        with pytest.raises(ProblemError):
            many_ids(text)
    with pytest.raises(ProblemError, match="101"):
        many_ids(",".join(map(str, range(101))))


@given(st.integers(0, 2 * MAX_ID).map(str) | st.from_regex(r"[0-9+_ -]{1,20}") | st.sampled_from([0, 1, -1]).map(str))
@example(str(MAX_ID))
@example(str(MAX_ID + 1))
@example("1" + "0" * 18)
@example("9" * 18)
@example("9" * 19)
@example("007")
def test_the_described_pattern_of_ids_is_what_is_taken(text: str) -> None:
    try:
        taken = str(parse_id(text)) == text
    except ValueError:
        taken = False
    assert (re.fullmatch(ID_PATTERN, text) is not None) == taken
