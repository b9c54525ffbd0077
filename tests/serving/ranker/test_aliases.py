"""Who gets which model, and what of a configuration is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data.errors import ConfigError, ModelError, NotFoundError
from serving.aliases import AliasConfig, Aliases
from serving.settings import Settings
from tests.features.logs import letters
from tests.serving.ranker.models import ById, Model, Registry


def split(**shares: float) -> Aliases:
    models = {name: Model(ById(1.0), "1") for name in shares}
    config = AliasConfig(loaded=tuple(models), shares=shares)
    return Aliases(config, Model(ById(1.0), "0"), Registry(dict(models)))


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=4).map(lambda parts: [part / (sum(parts) + 0.5) for part in parts]),
    st.integers(0, 2**62),
)
def test_shares_are_kept_and_a_user_keeps_the_alias(shares: list[float], first: int) -> None:
    named = {f"a{at}": share for at, share in enumerate(shares)}
    aliases = split(**named)
    users = range(first, first + 4_000)
    got = [aliases.of(user) for user in users]
    assert got == [split(**named).of(user) for user in users]
    for alias, share in {**named, "champion": 1 - sum(shares)}.items():
        # Six deviations of a binomial share.
        assert np.mean([one == alias for one in got]) == pytest.approx(share, abs=6 * (0.25 / 4_000) ** 0.5)
        assert aliases.share(alias) == pytest.approx(share)


def test_a_greater_share_takes_users_from_the_champion_alone() -> None:
    some, more = split(challenger=0.1), split(challenger=0.3)
    moved = [(some.of(user), more.of(user)) for user in range(2_000)]
    assert set(moved) == {("challenger", "challenger"), ("champion", "challenger"), ("champion", "champion")}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"shares": {"new": 0.1}}, "shares names 'new', which is not loaded"),
        ({"shadow": ["new"]}, "shadow names 'new'"),
        ({"loaded": ["champion"]}, "always loaded"),
        ({"loaded": ["a", "b"], "shares": {"a": 0.6, "b": 0.5}}, "parts of 1"),
        ({"loaded": ["a"], "shares": {"a": -0.1}}, "parts of 1"),
    ],
)
def test_what_cannot_be_split_is_refused(config: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AliasConfig.model_validate(config)


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_ALIASES__LOADED", '["challenger"]')
    monkeypatch.setenv("ROOKERY_ALIASES__SHARES", '{"challenger": 0.2}')
    assert Settings.read().aliases == AliasConfig(loaded=("challenger",), shares={"challenger": 0.2})
    monkeypatch.setenv("ROOKERY_ALIASES__SHARES", '{"nobody": 0.2}')
    with pytest.raises(ConfigError, match="ROOKERY_ALIASES"):
        Settings.read()


def test_a_model_that_is_not_there_or_reads_texts_otherwise_is_refused() -> None:
    config, champion = AliasConfig(loaded=("new",)), Model(ById(1.0), "0")
    with pytest.raises(ConfigError, match="without a registry"):
        Aliases(config, champion)
    with pytest.raises(NotFoundError, match="new"):
        Aliases(config, champion, Registry({}))
    with pytest.raises(ModelError, match="understands texts in another way"):
        Aliases(config, champion, Registry({"new": Model(ById(1.0), "1", understanding=letters())}))
    with_texts = Model(ById(1.0), "0", understanding=letters())
    both = Aliases(config, with_texts, Registry({"new": Model(ById(1.0), "1", understanding=letters())}))
    assert [*both.models] == ["champion", "new"]
