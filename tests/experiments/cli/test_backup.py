"""`rookery backup` and `restore`: beside a running network, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

from tests.experiments.cli.conftest import Run
from tests.serving.conftest import networks
from tests.serving.small_network import write_small


def test_a_network_is_saved_and_put_back(run: Run, tmp_path: Path) -> None:
    backup, target = tmp_path / "monday", tmp_path / "restored"
    with networks(tmp_path) as make:
        make(write_small(tmp_path / "data"))
        code, out, _ = run("backup", backup, "--network", tmp_path / "home", "--json")
        made = json.loads(out)
        assert (code, made["users"], made["tweets"], made["events"]) == (0, 5, 6, 0)
        code, _, err = run("backup", backup, "--network", tmp_path / "home")
        assert (code, "there already" in err, len(err.splitlines())) == (2, True, 1)
        code, out, _ = run("restore", backup, "--network", target, "--json")
        assert (code, json.loads(out)) == (0, made)
        assert len(make(home="restored").context.state.network.tweets) == 7
    code, _, err = run("restore", backup, "--network", target)
    assert (code, "there already" in err) == (2, True)
    code, _, err = run("restore", tmp_path / "none", "--network", tmp_path / "other")
    assert (code, "holds no backup" in err) == (2, True)
    assert not (tmp_path / "other").exists()
