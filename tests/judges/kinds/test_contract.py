"""What every registered judge kind owes; kinds that are called owe more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arena.common.errors import InvalidInput
from arena.common.plugins import Params
from judges.contracts import Backend, CallingKind, Order, Source
from judges.kinds import registry
from judges.llm.params import ModelParams

MINIMAL: dict[str, dict[str, Any]] = {
    "batch_ranking": {"model": "m"},
    "cross_examination": {"model": "m"},
    "debate": {"model": "m"},
    "http": {"url": "http://127.0.0.1:9"},
    "llm": {"model": "m"},
    "meta_ranking": {
        "model": "m",
        "references": [
            {"prompt": "1 + 1?", "answer": "2", "correct": True},
            {"prompt": "1 + 2?", "answer": "4", "correct": False},
        ],
    },
    "scoring": {"model": "m"},
    "surrogate": {},
    "wide_deep": {"model": "m"},
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
    for model in (schema, *schema.get("$defs", {}).values()):
        for field, described in model.get("properties", {}).items():
            assert described.get("description"), f"{name}.{field} has no description"


@pytest.mark.parametrize("name", registry.names())
def test_unknown_params_are_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        registry.build(name, {"no_such_param": 1})
    assert raised.value.fields["params.no_such_param"] == "unknown parameter"


@pytest.mark.parametrize("name", registry.names())
def test_it_says_which_params_are_missing(name: str) -> None:
    params = registry.get(name).Params
    missing = {f"params.{field}" for field in params.model_json_schema().get("required", [])}
    if issubclass(params, ModelParams):
        missing.add("params.model")  # or an endpoint that has one
    if not missing:
        registry.build(name, {})
        return
    with pytest.raises(InvalidInput) as raised:
        registry.build(name, {})
    assert set(raised.value.fields) == missing


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
        orders = {p.order for p in asked}
        assert orders <= {Order.AB, Order.BA} or orders == {Order.UNKNOWN}
        assert all(p.sample >= 0 for p in asked)
    assert 0 <= kind.planned_calls() <= kind.most_calls()


@pytest.mark.parametrize("name", CALLING)
@pytest.mark.asyncio
async def test_it_can_be_connected_and_closed_without_having_been_asked(name: str) -> None:
    kind = registry.build(name, MINIMAL[name])
    assert isinstance(kind, CallingKind)
    kind.connect(Backend())
    await kind.close()
