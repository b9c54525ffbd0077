"""The verbs of closed-loop studies as a person types them; each result is that of the study's function."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.studies.coefficients import CoefficientsConfig, study_coefficients
from experiments.studies.objectives import ObjectivesConfig, study_objectives
from experiments.studies.outcomes import MEASURES
from tests.experiments.cli.conftest import Run

WORDS = (
    "study",
    "objectives",
    "--set",
    "preset=tiny",
    "--set",
    "world={people=100,follows=10,tick_min=30}",
    "--workers",
    "1",
)


@pytest.mark.slow
def test_objectives_come_as_json_and_as_tables(home: Path, run: Run) -> None:
    world = {"people": 100, "follows": 10, "tick_min": 30}
    policies = ("engagement_oracle", "welfare_oracle")
    config = ObjectivesConfig(preset="tiny", seeds=(1,), days=2, policies=policies, world=world)
    more = ("--set", "days=2", "--set", "seeds=[1]", "--set", 'policies=["engagement_oracle","welfare_oracle"]')
    code, out, err = run(*WORDS, *more, "--json")
    assert code == 0, err
    found, result = json.loads(out), study_objectives(config, home)
    assert found["folder"] == str(result.folder)
    rows = [one for one in found["outcomes"] if (one["policy"], one["period"]) == ("welfare_oracle", "all")]
    assert {one["measure"]: one["value"]["mean"] for one in rows} == {
        name: result.outcome("welfare_oracle", name).value.mean for name in MEASURES
    }
    code, out, _ = run(*WORDS, *more)
    assert code == 0
    assert "Minus engagement_oracle" in out
    assert all(words in " ".join(out.split()) for words in result.measures.values())


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('policies=["welfare"]', "no policy 'welfare'"),
        ('policies=["recency","recency"]', "named twice"),
        ("policies=[]", "policies"),
        ("preset=huge", "no preset 'huge'"),
        ("days=0", "days"),
        ("seeds=[1,1]", "named twice"),
        ("seeds=[]", "seeds"),
        ("mix=1.5", "mix"),
        ("feedback=-1", "feedback"),
        ("world={days=3}", "world.days is a setting of the study"),
        ("world={peple=30}", "peple"),
        ("candidates={most=1}", "candidates.most"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(run: Run, setting: str, said: str) -> None:
    code, out, err = run(*WORDS[:4], "--set", setting)
    assert (code, out) == (2, "")
    lines = [line for line in err.splitlines() if line.startswith("rookery: ")]
    assert len(lines) == 1
    assert said in lines[0]


@pytest.mark.slow
def test_coefficients_come_as_json_and_as_tables(home: Path, run: Run) -> None:
    name = "retention.satisfaction_opens"
    config = CoefficientsConfig(
        preset="tiny",
        seeds=(1,),
        days=2,
        factors=(0.0,),
        coefficients=(name,),
        world={"people": 60, "follows": 5, "tick_min": 30},
    )
    words = ("study", "coefficients", "--set", "preset=tiny", "--set", "days=2", "--set", "factors=[0]")
    words += (
        "--set",
        f'coefficients=["{name}"]',
        "--set",
        "seeds=[1]",
        "--set",
        "world={people=60,follows=5,tick_min=30}",
    )
    code, out, err = run(*words, "--workers", "1", "--json")
    assert code == 0, err
    result = study_coefficients(config, home)
    assert json.loads(out)["effects"][0]["difference"]["mean"] == result.effects[0].difference.mean
    code, out, _ = run(*words, "--workers", "2")
    assert code == 0
    assert f"{name} x 0" in out
