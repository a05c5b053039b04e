from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from judges.contracts import Order, Presentation
from judges.llm.params import CallParams, ModelParams, OrderParams, PromptParams, RepeatParams

AB, BA = Presentation(Order.AB), Presentation(Order.BA)


def faults(kind: type[ModelParams], **params: object) -> str:
    with pytest.raises(ValidationError) as raised:
        kind.model_validate(params)
    return str(raised.value)


def test_a_model_is_named_by_the_judge_or_by_its_endpoint() -> None:
    assert ModelParams(model=" m ").model == "m"
    assert ModelParams(endpoint="mine").model == ""
    assert "name the model" in faults(ModelParams)
    assert "name the model" in faults(ModelParams, model=" ")


@pytest.mark.parametrize("field", ["base_url", "api_key_env"])
def test_an_endpoint_has_its_own_address_and_key(field: str) -> None:
    values = {"base_url": "https://host/v1", "api_key_env": "MY_API_KEY"}
    said = faults(ModelParams, endpoint="mine", **{field: values[field]})
    assert field in said
    assert "leave this out" in said


def test_prices_go_together() -> None:
    assert ModelParams(model="m", price_in=1, price_out=2).price_out == 2
    assert "go together" in faults(ModelParams, model="m", price_out=2)


def test_extra_may_not_set_what_has_a_param() -> None:
    assert ModelParams(model="m", extra={"top_p": 0.5}).extra == {"top_p": 0.5}
    assert "may not set n, stream" in faults(ModelParams, model="m", extra={"n": 2, "stream": 1})


def test_presentations_by_orders_and_samples() -> None:
    assert OrderParams().presentations(1) == (AB, BA)
    assert OrderParams(orders="ab").presentations(1) == (AB,)
    assert OrderParams(samples=2).presentations(1)[2:] == (
        Presentation(Order.AB, 1),
        Presentation(Order.BA, 1),
    )
    assert RepeatParams(samples=2).presentations(1) == (
        Presentation(Order.UNKNOWN),
        Presentation(Order.UNKNOWN, 1),
    )


def test_a_random_order_belongs_to_the_seed_and_is_fair() -> None:
    params = OrderParams(orders="random", samples=3)
    assert params.presentations(5) == params.presentations(5)
    orders = Counter(p.order for seed in range(400) for p in params.presentations(seed))
    assert 500 < orders[Order.AB] < 700
    assert orders.total() == 1200


def test_prompt_params_say_nothing_by_default() -> None:
    assert PromptParams().model_dump() == {
        "criteria": [],
        "instructions": "",
        "reason_language": "",
        "images": True,
    }


def test_unknown_params_are_refused() -> None:
    assert "no_such" in faults(CallParams, model="m", no_such=1)
