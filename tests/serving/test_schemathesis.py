"""Requests that follow the description of the API, and such that break it: no answer is a failure or undescribed."""

from __future__ import annotations

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from data.dataset import Dataset
from serving.app import create_app
from tests.serving.conftest import MakeNetwork
from tests.serving.examples import ENDLESS
from tests.serving.small_network import ALICE


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_what_is_described_is_answered_as_described(
    make_network: MakeNetwork, small: Dataset, mode: GenerationMode
) -> None:
    """As Alice, who may do everything, without limits of rates."""
    network = make_network(small, rate_limits={"enabled": False})
    token = network.context.tokens.issue(ALICE, ("rank", "operator"))
    asked = 0

    def ask(case: schemathesis.Case) -> None:
        nonlocal asked
        asked += 1
        # No schema can say that a token for a page was given out for the list that it is sent to.
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=[positive_data_acceptance])

    few = settings(
        max_examples=6,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    described = schemathesis.openapi.from_asgi("/openapi.json", create_app(network))
    for operation in described.exclude(path=list(ENDLESS)).get_all_operations():
        with suppress(Unsatisfiable):  # of a route that takes nothing there is no wrong request
            few(given(case=operation.ok().as_strategy(generation_mode=mode))(ask))()
    assert asked > 150
