"""The REST API does what its OpenAPI document says: requests that schemathesis makes up, on the program."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis.openapi.loaders import from_url

from tests.gateway.process import running_gateway

EXAMPLES = 12
"""Of each route."""


def test_every_answer_is_as_it_is_described(tmp_path_factory: pytest.TempPathFactory) -> None:
    tried: list[str] = []
    with running_gateway(tmp_path_factory.mktemp("gateway"), scripted__word_ms=0) as gateway:
        headers = {"Authorization": f"Bearer {gateway.token}"}
        for described in from_url(gateway.url + "/v1/openapi.json").get_all_operations():
            operation: Any = described.ok()  # type: ignore[union-attr]  # an Err raises, as it should
            tried.append(operation.label)

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy())
            def answers(case: Any) -> None:
                case.call_and_validate(headers=headers)

            answers()
    assert len(tried) >= 10
