"""What every registered judge kind owes; kinds that are called owe more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arena.common.errors import InvalidInput
from arena.common.plugins import Params
from judges.contracts import CallingKind, Order, Source
from judges.kinds import registry

MINIMAL: dict[str, dict[str, Any]] = {
    "llm": {"model": "m"},
    "surrogate": {},
}
"""The least params that each kind of source CALLS can be built with."""

CALLING = sorted(name for name, kind in registry.items() if kind.source is Source.CALLS)


def test_every_kind_that_is_called_stands_in_the_table() -> None:
    assert sorted(MINIMAL) == CALLING


@pytest.mark.parametrize("name", registry.names())
def test_it_describes_itself(name: str) -> None:
    kind = registry.get(name)
    assert kind.label
    assert kind.description.endswith(".")
    assert isinstance(kind.source, Source)
    assert issubclass(kind.Params, Params)


@pytest.mark.parametrize("name", registry.names())
def test_its_params_have_a_schema_that_explains_each(name: str) -> None:
    schema = json.loads(json.dumps(registry.get(name).Params.model_json_schema()))
    assert schema["additionalProperties"] is False
    for field, described in schema.get("properties", {}).items():
        assert described.get("description"), f"{name}.{field} has no description"


@pytest.mark.parametrize("name", registry.names())
def test_unknown_params_are_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        registry.build(name, {"no_such_param": 1})
    assert raised.value.fields["params.no_such_param"] == "unknown parameter"


@pytest.mark.parametrize("name", registry.names())
def test_it_says_which_params_are_missing(name: str) -> None:
    required = registry.get(name).Params.model_json_schema().get("required", [])
    if not required:
        registry.build(name, {})
        return
    with pytest.raises(InvalidInput) as raised:
        registry.build(name, {})
    assert set(raised.value.fields) == {f"params.{field}" for field in required}


@pytest.mark.parametrize("name", CALLING)
def test_its_params_survive_json(name: str) -> None:
    params = registry.get(name).Params(**MINIMAL[name])
    stored = json.loads(json.dumps(params.model_dump(mode="json")))
    assert registry.get(name).Params(**stored) == params


@pytest.mark.parametrize("name", CALLING)
def test_its_presentations_belong_to_the_seed_and_are_distinct(name: str) -> None:
    kind = registry.build(name, MINIMAL[name])
    assert isinstance(kind, CallingKind)
    for seed in (0, 1, 2**47):
        asked = kind.presentations(seed)
        assert asked == kind.presentations(seed)
        assert len(set(asked)) == len(asked) >= 1
        assert all(p.order in (Order.AB, Order.BA) and p.sample >= 0 for p in asked)
    assert kind.planned_calls() >= 0


@pytest.mark.parametrize("name", CALLING)
@pytest.mark.asyncio
async def test_it_can_be_closed_without_having_been_asked(name: str) -> None:
    kind = registry.build(name, MINIMAL[name])
    assert isinstance(kind, CallingKind)
    await kind.close()
