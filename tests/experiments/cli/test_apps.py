"""`rookery app`: apps are registered, listed and revoked, while a server has the network open and while none does."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import oauthlib.oauth1
import pytest

from experiments.cli.serve import how_to_sign_in
from serving.app import create_app
from serving.auth import apps, grants
from serving.auth.scopes import USER_SCOPES
from serving.auth.tokens import load_secret
from tests.experiments.cli.conftest import Run
from tests.serving.conftest import networks
from tests.serving.small_network import ALICE, write_small


def test_an_app_is_registered_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    where = ("--network", tmp_path / "home", "--json")
    uris = ("https://app.example/back", "org.example.app:/back")
    with networks(tmp_path) as make:
        database = make(write_small(tmp_path / "data")).context.database
        code, out, err = run("app", "create", "Rook reader", "--redirect", uris[0], "--redirect", uris[1], *where)
        assert (code, "not shown again" in err) == (0, True)
        made = json.loads(out)
        assert (made["redirect_uris"], made["scopes"]) == (list(uris), list(USER_SCOPES))
        with database.write() as connection:
            found = apps.find(connection, made["client_id"])
            assert found is not None
            assert found.has_secret(made["client_secret"])
            grant = grants.begin(connection, found.client_id, ALICE, ["tweet.read"], now_s=0, expires_s=1 << 40)
        public = json.loads(run("app", "create", "Little", "--public", "--scope", "users.read", *where)[1])
        assert "client_secret" not in public
        assert public["scopes"] == ["users.read"]
        listed = {one["client_id"]: one for one in json.loads(run("app", "list", *where)[1])}
        assert listed[made["client_id"]]["kind"] == "confidential"
        assert listed[public["client_id"]]["kind"] == "public"
        assert made["client_secret"] not in str(listed)
        assert run("app", "revoke", made["client_id"], *where)[0] == 0
        with database.read() as connection:
            assert apps.find(connection, made["client_id"]) is None
            assert not grants.stands(connection, grant.grant_id)
    assert [one["client_id"] for one in json.loads(run("app", "list", *where)[1])] == [public["client_id"]]
    code, out, _ = run("app", "list", *where[:2])
    assert (code, "Little" in out) == (0, True)


def test_an_app_gets_four_strings_to_act_as_a_user(run: Run, tmp_path: Path, home: Path) -> None:
    from starlette.testclient import TestClient

    where = ("--network", tmp_path / "home")
    with networks(tmp_path) as make:
        network = make(write_small(tmp_path / "data"), secret=load_secret(home).decode())
        made = json.loads(run("app", "create", "Script", "--user", str(ALICE), *where, "--json")[1])
        assert made["consumer_key"] == made["client_id"]
        script = oauthlib.oauth1.Client(
            made["consumer_key"],
            made["consumer_secret"],
            resource_owner_key=made["access_token"],
            resource_owner_secret=made["access_token_secret"],
        )
        with TestClient(create_app(network)) as client:

            def me() -> httpx.Response:
                return client.get("/2/users/me", headers=script.sign("http://testserver/2/users/me")[1])

            assert me().json()["data"]["username"] == "alice"
            assert run("app", "revoke", made["client_id"], *where)[0] == 0
            assert me().status_code == 401
    for words, named in ((("--user", "999"), "no user 999"), (("--user", str(ALICE), "--public"), "--public")):
        code, out, err = run("app", "create", "Script", *words, *where)
        assert (code, out) == (2, "")
        assert named in err
    assert json.loads(run("app", "list", *where, "--json")[1]) == []


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("create", "x", "--redirect", "http://app.example/back"), "http://app.example/back"),
        (("create", "x", "--redirect", "javascript:alert(1)"), "javascript"),
        (("create", ""), "app name"),
        (("create", "x", "--scope", "rank"), "'rank'"),
        (("revoke", "nobody"), "'nobody'"),
    ],
)
def test_what_is_not_taken_is_one_line(run: Run, tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    with networks(tmp_path) as make:
        make(write_small(tmp_path / "data"))
    code, out, err = run("app", *words, "--network", tmp_path / "home")
    assert (code, out) == (2, "")
    assert named in err
    assert err.startswith("rookery: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "the password {}"),
        ({"auth": {"password": "a password of ours"}}, "ROOKERY_AUTH__PASSWORD"),
        ({"host": "0.0.0.0"}, "nobody can sign in"),
    ],
)
def test_a_start_shows_the_password_that_it_made_and_no_other(
    tmp_path: Path, settings: dict[str, object], said: str
) -> None:
    with networks(tmp_path) as make:
        network = make(write_small(tmp_path / "data"), **settings)
        line = how_to_sign_in(network)
        assert said.format(network.context.password) in line
        assert "a password of ours" not in line


def test_without_a_network_there_is_nowhere_to_register(run: Run, tmp_path: Path) -> None:
    code, _, err = run("app", "create", "x", "--network", tmp_path)
    assert (code, "holds no network" in err) == (2, True)
