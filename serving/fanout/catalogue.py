"""All fan-out policies by name: to add one, add its file and its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.import_by_name import lookup
from serving.fanout.policy import FanoutPolicy

POLICIES: dict[str, str] = {
    "push": "serving.fanout.policies.push:Push",
    "pull": "serving.fanout.policies.pull:Pull",
    "follower-count": "serving.fanout.policies.follower_count:FollowerCount",
    "classic": "serving.fanout.policies.classic:Classic",
    "per-edge": "serving.fanout.policies.per_edge:PerEdge",
    "lossy": "serving.fanout.policies.lossy:Lossy",
}
"""One line a policy."""


def make_policy(name: str, settings: Mapping[str, Any] | None = None) -> FanoutPolicy:
    """The policy `name` of the catalogue, with settings that are not to be its defaults.

    Raises:
        ConfigError: no policy of that name.
        ValidationError: it has no such setting or refuses its value.
    """
    policy: type[FanoutPolicy] = lookup("fan-out policy", POLICIES, name)
    return policy.model_validate(dict(settings or {}))
