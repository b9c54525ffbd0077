"""Redirect URIs that may be registered, and secrets."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ConfigError
from serving.auth import apps
from serving.auth.config import AuthConfig, is_loopback
from serving.kit.db import Database
from serving.settings import Settings


@pytest.mark.parametrize(
    "uri",
    ["https://app.example/back", "https://app.example", "https://app.example:8443/a?b=c&d=%20", "http://127.0.0.1:5000/cb",
     "http://localhost/cb", "http://[::1]:80/cb", "org.example.app:/back", "org.example.app://back"],
)  # fmt: skip
def test_redirect_uris_that_are_taken(uri: str) -> None:
    apps.check_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    ["", "app.example/back", "/back", "//app.example", "http://app.example/back", "http://127.0.0.1.example/",
     "https://", "https:///back", "https://a.example/#f", "https://user@a.example/", "https://a.example/ b",
     "https://a.example/\n", "https://a.example;script-src/", "https://a.example'/", "https://a.example\\@b.example/",
     "https://a.example:x/", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "app:/back",
     "org.example.app:", "https://\u00e9.example/", "https://[::1/", "https://a.example/" + "x" * 2_000],
)  # fmt: skip
def test_redirect_uris_that_are_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match="redirect URI"):
        apps.check_redirect_uri(uri)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_is_taken_or_refused_in_words(text: str) -> None:
    for uri in (text, f"https://{text}", f"https://a.example/{text}"):
        try:
            apps.check_redirect_uri(uri)
        except ConfigError:
            continue
        assert uri.isascii()
        assert not set(uri) & set(' #\\"<>\r\n')


def test_a_database_that_knew_no_apps_learns_of_them(tmp_path: Path) -> None:
    path = tmp_path / "network.sqlite"
    Database(path).close()
    with closing(sqlite3.connect(path)) as old, old:
        for table in ("apps", "grants", "codes", "refresh_tokens"):
            old.execute(f"DROP TABLE {table}")
    with closing(Database(path)) as database, database.write() as connection:
        made, secret = apps.register(connection, "x", now_s=1)
        assert secret is not None
        found = apps.find(connection, made.client_id)
        assert found == made
        assert (made.has_secret(secret), made.has_secret(secret[:-1]), made.has_secret("")) == (True, False, False)
        public, none = apps.register(connection, "y", confidential=False, now_s=1)
        assert (none, public.has_secret(""), public.confidential) == (None, False, False)
        assert len(apps.listed(connection)) == 2


def test_a_password_is_made_where_only_this_machine_listens() -> None:
    made = {AuthConfig().password_for("127.0.0.1") for _ in range(3)}
    assert len(made) == 3
    assert all(one is not None and len(one) >= 16 for one in made)
    for host in ("0.0.0.0", "", "::", "192.168.1.4", "rookery.example", "127.0.0.1.example"):
        assert not is_loopback(host)
        assert AuthConfig().password_for(host) is None
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))


def test_fixed_tokens_and_secrets_that_are_refused_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_AUTH__FIXED_TOKENS", '{"a-token-of-ours": 101}')
    assert Settings.read(host="localhost").auth.fixed_tokens == {"a-token-of-ours": 101}
    with pytest.raises(ConfigError, match=r"ROOKERY_AUTH: .*fixed_tokens.*'0.0.0.0'") as refused:
        Settings.read(host="0.0.0.0")
    assert "a-token-of-ours" not in str(refused.value)
    for wrong in ('{"short": 101}', '{"a token of ours": 101}', '{"a-token-of-ours": "1_0"}'):
        monkeypatch.setenv("ROOKERY_AUTH__FIXED_TOKENS", wrong)
        with pytest.raises(ConfigError, match="ROOKERY_AUTH__FIXED_TOKENS"):
            Settings.read()
    monkeypatch.delenv("ROOKERY_AUTH__FIXED_TOKENS")
    monkeypatch.setenv("ROOKERY_AUTH__PASSWORD", "tooshort")
    with pytest.raises(ConfigError, match="ROOKERY_AUTH__PASSWORD") as refused:
        Settings.read()
    assert "tooshort" not in str(refused.value)
