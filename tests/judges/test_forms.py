from __future__ import annotations

import pytest
from django.http import QueryDict

from arena.models import Project
from judges.forms import JudgeForm, initial_of
from judges.kinds import registry
from tests import factories

pytestmark = pytest.mark.django_db


def filled(project: Project, kind: str, query: str) -> JudgeForm:
    return JudgeForm(QueryDict(query), project=project, kind=kind)


@pytest.mark.parametrize("kind", registry.names())
def test_every_param_of_every_kind_has_a_field(project: Project, kind: str) -> None:
    form = JudgeForm(None, project=project, kind=kind)

    params = {f"params.{name}" for name in registry.get(kind).Params.model_fields}
    assert set(form.fields) == {"name", *params}
    assert "Traceback" not in form.as_p()


def test_what_is_left_empty_is_left_to_the_default(project: Project) -> None:
    form = filled(project, "llm", "name=x&params.model=m&params.allow_ties=on&params.orders=both")

    assert form.is_valid()
    assert form.params() == {"model": "m"}


def test_a_switch_that_is_off_by_choice_is_kept(project: Project) -> None:
    form = filled(project, "llm", "name=x&params.model=m&params.orders=ab")

    assert form.is_valid()
    assert form.params() == {"model": "m", "allow_ties": False, "orders": "ab"}


def test_numbers_lists_and_json(project: Project) -> None:
    form = filled(
        project,
        "llm",
        "name=x&params.model=m&params.allow_ties=on&params.orders=both&params.temperature=0"
        "&params.criteria=one%0D%0Atwo&params.extra=%7B%22a%22%3A+%5B1%5D%7D",
    )

    assert form.is_valid()
    assert form.params() == {
        "model": "m", "temperature": 0.0, "criteria": ["one", "two"], "extra": {"a": [1]},
    }  # fmt: skip


def test_a_jury_is_chosen_from_the_judges_of_the_project(project: Project) -> None:
    for name in ("ann", "ben"):
        factories.judge(project, "human", name)

    form = filled(
        project, "jury", "name=x&params.members=ann&params.members=ben&params.aggregation=plurality"
    )

    assert form.is_valid()
    assert form.params() == {"members": ["ann", "ben"]}


def test_a_form_that_begins_with_a_judge_gives_its_params_back(project: Project) -> None:
    params = {"model": "m", "criteria": ["one", "two"], "allow_ties": False, "extra": {"a": 1}}
    judge = factories.judge(project, "llm", "mini", **params)
    form = JudgeForm(
        None, project=project, kind="llm", initial=initial_of(judge.name, judge.params)
    )
    sent = QueryDict(mutable=True)
    for name in form.fields:
        value = form[name].field.prepare_value(form[name].initial)
        if value not in (None, "", False):
            sent[name] = value

    again = JudgeForm(sent, project=project, kind="llm")

    assert again.is_valid()
    assert again.cleaned_data["name"] == "mini"
    assert again.params() == params
