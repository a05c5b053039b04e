from __future__ import annotations

from typing import Any

import pytest

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.common.secrets import decrypt
from arena.models import Project
from judges.models import Endpoint
from judges.services import endpoints
from tests import factories

pytestmark = pytest.mark.django_db

LOCAL = "http://127.0.0.1:8000/v1"


@pytest.fixture
def lab() -> Project:
    return factories.project()


def defined(where: Project, api_key: str = "", **settings: Any) -> Endpoint:
    given = {"name": "gpu", "base_url": LOCAL} | settings
    return endpoints.define(project=where, settings=given, api_key=api_key)


def test_an_endpoint_with_all_it_can_have(lab: Project) -> None:
    row = defined(
        lab,
        " sk-1 ",
        base_url=f"{LOCAL}/",
        model="m",
        headers={"x-team": "red"},
        price_in=1,
        price_out=2.5,
        requests_per_minute=60,
        tokens_per_minute=1000,
        max_in_flight=4,
    )
    row.refresh_from_db()
    assert (row.base_url, row.model, row.headers) == (LOCAL, "m", {"x-team": "red"})
    assert (row.price_in, row.price_out) == (1.0, 2.5)
    assert (row.requests_per_minute, row.tokens_per_minute, row.max_in_flight) == (60, 1000, 4)
    assert decrypt(row.api_key_encrypted) == "sk-1"
    assert "sk-1" not in row.api_key_encrypted


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a/b"),
        ("name", ".."),
        ("name", "a\n"),
        ("name", "x" * 101),
        ("base_url", "ftp://host"),
        ("base_url", "https://sk-secret@host/v1"),
        ("base_url", "https://host/v1?key=sk-secret"),
        ("model", "m\x00"),
        ("api_key_env", "SECRET_KEY"),
        ("api_key_env", "sk-secret"),
        ("headers", {"Authorization": "Bearer sk-secret"}),
        ("headers", {"x-api-key": "sk-secret"}),
        ("headers", {"x y": "z"}),
        ("headers", {"x": "a\r\nhost: b"}),
        ("headers", {"x": "\u00e9"}),
        ("price_in", -1),
        ("price_in", float("inf")),
        ("requests_per_minute", 0),
        ("tokens_per_minute", 10**12),
        ("max_in_flight", "many"),
        ("api_key", "two words"),
        ("api_key", "x\r\nhost: y"),
    ],
)
def test_what_is_wrong_is_named_and_not_quoted(lab: Project, field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as raised:
        defined(lab, **{field: value})
    assert list(raised.value.fields) == [field]
    assert "sk-secret" not in f"{raised.value.message} {raised.value.fields}"
    assert not lab.endpoints.exists()


def test_unknown_settings_are_refused(lab: Project) -> None:
    with pytest.raises(InvalidInput) as raised:
        defined(lab, colour="red")
    assert raised.value.fields == {"colour": "is not known here"}


def test_one_key_not_two(lab: Project) -> None:
    with pytest.raises(InvalidInput, match="not in both"):
        defined(lab, "sk-1", api_key_env="LAB_API_KEY")


def test_a_name_is_taken_once_in_a_project(lab: Project) -> None:
    defined(lab)
    with pytest.raises(Conflict, match="gpu already"):
        defined(lab)
    defined(factories.project("other"))


def test_changes_leave_the_rest(lab: Project) -> None:
    row = endpoints.change(
        defined(lab, "sk-1", model="m", requests_per_minute=6), {"tokens_per_minute": 9}
    )
    assert (row.model, row.requests_per_minute, row.tokens_per_minute) == ("m", 6, 9)
    assert decrypt(row.api_key_encrypted) == "sk-1"
    row = endpoints.change(row, {"requests_per_minute": None}, api_key="sk-2")
    assert row.requests_per_minute is None
    assert decrypt(row.api_key_encrypted) == "sk-2"
    assert endpoints.change(row, {}, api_key="").api_key_encrypted == ""


def test_a_stored_key_does_not_follow_to_another_address(lab: Project) -> None:
    row = endpoints.change(defined(lab, "sk-1"), {"base_url": "https://elsewhere.example/v1"})
    assert row.api_key_encrypted == ""


def test_a_key_of_the_environment_takes_the_place_of_a_stored_one(lab: Project) -> None:
    row = endpoints.change(defined(lab, "sk-1"), {"api_key_env": "LAB_API_KEY"})
    assert (row.api_key_env, row.api_key_encrypted) == ("LAB_API_KEY", "")


def test_a_name_stays(lab: Project) -> None:
    with pytest.raises(InvalidInput, match="keeps its name"):
        endpoints.change(defined(lab), {"name": "cpu"})


@pytest.mark.parametrize("change", [{"base_url": "https://elsewhere.example/v1"}, {"model": "n"}])
def test_what_decides_verdicts_is_frozen_once_a_judge_names_it(
    lab: Project, change: dict[str, str]
) -> None:
    row = defined(lab, "sk-1", model="m")
    factories.judge(lab, "llm", "mini", endpoint="gpu")
    factories.judge(lab, "llm", "mini", model="own", base_url=LOCAL)  # a version that does not
    with pytest.raises(Conflict, match="mini v1 decided by it") as raised:
        endpoints.change(row, change)
    assert list(raised.value.fields) == list(change)
    row = endpoints.change(
        row, {"price_in": 1, "price_out": 1, "max_in_flight": 3, "model": "m"}, api_key="sk-2"
    )
    assert row.max_in_flight == 3


def test_what_a_judge_names_is_not_deleted(lab: Project) -> None:
    row = defined(lab)
    factories.judge(lab, "llm", "mini", endpoint="gpu", model="m")
    with pytest.raises(Conflict, match="gpu is named by mini v1"):
        endpoints.delete(row)
    assert lab.endpoints.exists()


def test_what_nobody_names_is(lab: Project) -> None:
    other = factories.project("other")
    defined(other)
    factories.judge(other, "llm", "mini", endpoint="gpu", model="m")
    endpoints.delete(defined(lab))
    assert not lab.endpoints.exists()


def test_a_judge_can_only_name_what_there_is(lab: Project) -> None:
    defined(factories.project("other"))
    with pytest.raises(InvalidInput) as raised:
        factories.judge(lab, "llm", "mini", endpoint="gpu", model="m")
    assert list(raised.value.fields) == ["params.endpoint"]
    assert not lab.judges.exists()


def test_names_are_found_however_deep() -> None:
    params = {"endpoint": "a", "list": [{"endpoint": "b"}, {"x": {"endpoint": "c"}}], "other": 1}
    assert endpoints.names_in(params) == {"a", "b", "c"}


def test_an_unknown_name_lists_those_there_are(lab: Project) -> None:
    defined(lab)
    assert endpoints.named(lab, "gpu").name == "gpu"
    with pytest.raises(NotFound, match="endpoints: gpu"):
        endpoints.named(lab, "cpu")


def test_one_price_lacks_the_other(lab: Project) -> None:
    with pytest.raises(InvalidInput) as raised:
        defined(lab, price_in=1)
    assert raised.value.fields == {"price_out": "is missing: both prices are given, or neither"}
