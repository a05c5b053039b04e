from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache

from arena.models import Project
from judges.llm.gate import EndpointGate, Trouble
from judges.llm.model import Model
from judges.llm.params import ModelParams
from judges.services import backends, endpoints
from tests import factories

pytestmark = pytest.mark.django_db

LOCAL = "http://127.0.0.1:8000/v1"
TROUBLE = Trouble(datetime(2026, 1, 2, tzinfo=UTC), "host answered 500: boom")


@pytest.fixture
def lab() -> Project:
    made = factories.project()
    settings = {"name": "gpu", "base_url": LOCAL, "model": "m", "requests_per_minute": 6}
    endpoints.define(project=made, settings=settings, api_key="sk-1")
    return made


def test_judges_get_the_rows_of_their_project_with_keys_in_clear(lab: Project) -> None:
    endpoints.define(
        project=factories.project("other"), settings={"name": "cpu", "base_url": LOCAL}
    )
    backend = backends.backend_of(lab)
    assert list(backend.endpoints) == ["gpu"]
    row = backend.endpoints["gpu"]
    assert (row.base_url, row.model, row.api_key, row.unusable) == (LOCAL, "m", "sk-1", "")
    assert row.requests_per_minute == 6
    assert backend.namespace == str(lab.pk)
    assert "sk-1" not in repr(backend)


def test_a_key_that_cannot_be_read_says_what_to_do(lab: Project, settings: Any) -> None:
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "changed"
    row = backends.backend_of(lab).endpoints["gpu"]
    assert row.api_key == ""
    assert "SECRET_KEY was changed" in row.unusable
    assert "gpu" in row.unusable
    settings.SECRET_KEY_FALLBACKS = [former]
    assert backends.backend_of(lab).endpoints["gpu"].api_key == "sk-1"


def test_all_judges_of_a_process_pass_one_gate(lab: Project) -> None:
    gate = backends.backend_of(lab).gate
    assert isinstance(gate, EndpointGate)
    assert gate is backends.backend_of(factories.project("other")).gate


def test_trouble_with_an_endpoint_is_known_to_its_judges(lab: Project) -> None:
    cache.clear()
    mini = factories.judge(lab, "llm", "mini", endpoint="gpu")
    elsewhere = factories.judge(lab, "llm", "maxi", model="m", base_url="http://127.0.0.1:1/v1")
    people = factories.judge(lab, "human")
    assert backends.trouble_of(mini) is None

    address = Model(ModelParams(endpoint="gpu"), backends.backend_of(lab)).address
    backends._remember(address, TROUBLE)
    assert backends.trouble_of(mini) == TROUBLE
    assert backends.trouble_of(elsewhere) is None
    assert backends.trouble_of(people) is None

    backends._remember(address, None)
    assert backends.trouble_of(mini) is None


def test_a_judge_that_cannot_be_called_at_all_has_no_trouble(lab: Project, settings: Any) -> None:
    mini = factories.judge(lab, "llm", "mini", endpoint="gpu")
    settings.SECRET_KEY = "changed"
    assert backends.trouble_of(mini) is None
