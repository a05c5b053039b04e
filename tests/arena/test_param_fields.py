from __future__ import annotations

from typing import Literal

import pytest
from django import forms
from pydantic import Field

from arena.common import plugins
from arena.param_fields import OneALine, chosen, field_of, params_of


class Params(plugins.Params):
    rounds: int | None = Field(default=None, ge=1, le=9, description="how many")
    share: float = 0.5
    method: Literal["fast", "slow"] = "fast"
    names: list[str] = []
    again: bool = False
    table: dict[str, int] = {}
    who: str


FIELDS = {param.name: field_of(param) for param in params_of(Params)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rounds", forms.IntegerField),
        ("share", forms.FloatField),
        ("method", forms.ChoiceField),
        ("names", OneALine),
        ("again", forms.BooleanField),
        ("table", forms.JSONField),
        ("who", forms.CharField),
    ],
)
def test_each_param_has_the_simplest_control(name: str, kind: type[forms.Field]) -> None:
    assert type(FIELDS[name]) is kind or isinstance(FIELDS[name], kind)
    assert FIELDS[name].required is (name == "who")


def test_what_has_no_default_comes_first() -> None:
    assert params_of(Params)[0].name == "who"


def test_limits_and_words_come_from_the_schema() -> None:
    rounds = FIELDS["rounds"]

    assert (rounds.min_value, rounds.max_value) == (1, 9)  # type: ignore[attr-defined]
    assert rounds.help_text == "How many"


def test_choices_that_no_schema_knows_are_given() -> None:
    params = {param.name: param for param in params_of(Params)}
    offered = [("ann", "Ann")]

    assert isinstance(field_of(params["names"], offered), forms.MultipleChoiceField)
    assert list(field_of(params["who"], offered).choices) == offered  # type: ignore[attr-defined]


def test_only_what_differs_from_its_default_is_taken() -> None:
    given = {"p.rounds": None, "p.share": 0.5, "p.method": "slow", "p.names": [], "p.who": "ann"}

    assert chosen(params_of(Params), given, "p.") == {"method": "slow", "who": "ann"}
