"""`rookery why` and `rookery score-post` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

from data.dataset import Dataset
from tests.experiments.cli.conftest import Run


def test_why_says_it_as_json_as_tables_and_as_a_page(run: Run, tiny_dataset: Dataset, tmp_path: Path) -> None:
    user = int(tiny_dataset.scan("requests").select("user_id").collect()["user_id"][-1])
    words = ("why", "--data", tiny_dataset.folder, "--user", str(user), "-k", "4")
    page = tmp_path / "why.html"
    code, out, _ = run(*words, "--json", "--html", page)
    found = json.loads(out)
    assert code == 0
    assert [one["position"] for one in found["tweets"]] == list(range(len(found["tweets"])))
    first = found["tweets"][0]
    assert found["candidates"] == found["scored"] + sum(found["removed"].values())
    text = page.read_text()
    assert f"Home feed of user {user}" in text
    assert text.count("<details>") == len(found["tweets"])
    code, out, _ = run(*words)
    assert code == 0
    assert str(first["tweet_id"]) in out
    assert all(name in out for name in first["sources"])
    assert "different ones" in out
    code, out, _ = run(*words, "--tweet", str(first["tweet_id"]), "--tweet", "7")
    assert code == 0
    assert "What the model read" in out
    assert "tweet 7: no source brought it" in out
    code, out, _ = run(*words, "--preset", "x_2026_10", "--json")
    assert code == 0
    assert "newest_in_language" in found["fetched"]
    assert "newest_in_language" not in json.loads(out)["fetched"], "the preset has no such source"


def test_score_post_prints_both_groups(run: Run, tiny_dataset: Dataset) -> None:
    author = int(tiny_dataset.scan("follows").select("followee_id").collect()["followee_id"][0])
    words = ("score-post", "a new lens", "--data", tiny_dataset.folder, "--author", str(author), "--readers", "12")
    code, out, _ = run(*words, "--json")
    assert code == 0
    assert sum(group["readers"] for group in json.loads(out)["groups"]) == 12
    code, out, _ = run(*words)
    assert code == 0
    assert "others" in out


def test_mistakes_are_one_line(run: Run, tiny_dataset: Dataset, tmp_path: Path) -> None:
    for words, said in (
        (("why", "--data", tiny_dataset.folder, "--user", "5"), "unknown user 5"),
        (("why", "--data", tmp_path, "--user", "5"), "is not a data set"),
        (("why", "--data", tiny_dataset.folder, "--user", "5", "--preset", "x_1999"), "no preset 'x_1999'"),
        (("score-post", "a", "--data", tiny_dataset.folder, "--author", "5", "--preset", "x_1999"), "use one of"),
        (("score-post", " ", "--data", tiny_dataset.folder, "--author", "5"), "unknown user 5"),
    ):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert said in err
        assert "Traceback" not in err
