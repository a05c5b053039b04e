from __future__ import annotations

import pytest
from django.http import QueryDict

from arena.models import Project
from judges.aggregation import DEFAULT
from judges.forms import JudgeForm, Section, initial_of
from judges.kinds import registry
from judges.models import Judge
from judges.services import endpoints
from tests import factories

pytestmark = pytest.mark.django_db

SWITCHES = "&params.cache=on&params.repair=on&params.images=on"
"""What is on by default, and sent by a form that nobody touched."""


def filled(project: Project, kind: str, query: str) -> JudgeForm:
    return JudgeForm(QueryDict(query), project=project, kind=kind)


@pytest.mark.parametrize("kind", registry.names())
def test_every_param_of_every_kind_has_a_field(project: Project, kind: str) -> None:
    form = JudgeForm(None, project=project, kind=kind)

    params = {f"params.{name}" for name in registry.get(kind).Params.model_fields}
    assert set(form.fields) == {"name", *params}
    assert "Traceback" not in form.as_p()


def test_what_is_left_empty_is_left_to_the_default(project: Project) -> None:
    chosen = "name=x&params.model=m&params.allow_ties=on&params.orders=both"
    form = filled(project, "llm", chosen + SWITCHES)

    assert form.is_valid()
    assert form.params() == {"model": "m"}


def test_a_switch_that_is_off_by_choice_is_kept(project: Project) -> None:
    form = filled(project, "llm", f"name=x&params.model=m&params.orders=ab{SWITCHES}")

    assert form.is_valid()
    assert form.params() == {"model": "m", "allow_ties": False, "orders": "ab"}


def test_numbers_lists_and_json(project: Project) -> None:
    form = filled(
        project,
        "llm",
        "name=x&params.model=m&params.allow_ties=on&params.orders=both&params.temperature=0"
        "&params.criteria=one%0D%0Atwo&params.extra=%7B%22a%22%3A+%5B1%5D%7D" + SWITCHES,
    )

    assert form.is_valid()
    assert form.params() == {
        "model": "m", "temperature": 0.0, "criteria": ["one", "two"], "extra": {"a": [1]},
    }  # fmt: skip


def test_a_jury_is_chosen_from_the_judges_of_the_project(project: Project) -> None:
    for name in ("ann", "ben"):
        factories.judge(project, "human", name)

    chosen = f"name=x&params.members=ann&params.members=ben&params.aggregation={DEFAULT}"
    form = filled(project, "jury", chosen)

    assert form.is_valid()
    assert form.params() == {"members": ["ann", "ben"]}


@pytest.mark.parametrize("kind", registry.names())
def test_every_field_stands_in_one_place(project: Project, kind: str) -> None:
    form = JudgeForm(None, project=project, kind=kind)

    shown = [field.name for field in form.needed]
    shown += [field.name for section in form.sections for field in section.fields]
    assert sorted(shown) == sorted(form.fields)


def test_what_is_rarely_needed_is_folded_away(project: Project) -> None:
    judge = factories.judge(project, "llm", "mini", model="m", base_url="http://127.0.0.1/v1")
    hasty = factories.judge(project, "llm", "hasty", model="m", timeout=5)

    def rare(data: QueryDict | None = None, judge: Judge | None = None) -> Section:
        initial = initial_of(judge.name, judge.params) if judge else None
        form = JudgeForm(data, project=project, kind="llm", initial=initial)
        return form.sections[-1]

    assert (rare().title, rare().folded, rare().closed) == ("Rarely needed", True, True)
    assert rare(judge=judge).closed
    assert not rare(judge=hasty).closed
    assert not rare(QueryDict("params.timeout=soon")).closed


def test_a_judge_is_offered_the_endpoints_of_the_project(project: Project) -> None:
    settings = {"name": "gpu", "base_url": "http://127.0.0.1/v1", "model": "m"}
    endpoints.define(project=project, settings=settings)
    endpoints.define(project=factories.project("other"), settings={**settings, "name": "cpu"})

    form = filled(project, "llm", f"name=x&params.endpoint=gpu&params.allow_ties=on{SWITCHES}")
    offered = [name for name, _ in form.fields["params.endpoint"].choices]

    assert offered == ["", "gpu"]
    assert form.is_valid()
    assert form.params()["endpoint"] == "gpu"
    assert not filled(project, "llm", "name=x&params.endpoint=cpu").is_valid()


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
    assert again.params() == {**params, "template": "pairwise_v1"}
