from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from arena.models import Comparison, Membership, Project, Role
from judges.models import Decision, Judge, Judgment
from judges.services import decisions
from judges.services.settling import settle
from tests import factories

pytestmark = pytest.mark.django_db

JUDGES = "/projects/haiku/judges"


@pytest.fixture
def reader(client: Client, project: Project, member: User) -> Client:
    client.force_login(member)
    return client


def rule(judge: Judge, comparison: Comparison, winner: str = "a") -> None:
    """Let a judge of kind `llm` decide in both orders."""
    for order in ("ab", "ba"):
        Judgment.objects.create(
            judge=judge, comparison=comparison, order=order, winner=winner,
            reason="It *rhymes*. <script>alert(1)</script>", calls=1, usd=0.01, latency_ms=1500,
        )  # fmt: skip
    settle(decisions.ask(judge, [comparison.pk]).values())


def test_a_judge_is_listed_with_what_it_did(reader: Client, project: Project) -> None:
    factories.field(project, prompts=2, competitors=["ann", "ben"])
    judge = factories.judge(project, "llm", "mini", model="judge-mini")
    one, two = factories.all_comparisons(project)
    rule(judge, one)
    rule(judge, two, "both_bad")

    page = reader.get(JUDGES).content.decode()

    for text in ("mini", "Language model", "v1", "model judge-mini"):
        assert text in page
    assert re.search(r"<b>1</b> one side better", page)
    assert re.search(r"<b>1</b> both bad", page)
    assert re.search(r"<b>4</b> judgments", page)
    assert "$0.0400" in page
    assert re.search(r"first shown preferred in <b>50\W", page)


def test_without_judges_the_page_says_what_a_judge_is(reader: Client) -> None:
    page = reader.get(JUDGES).content.decode()

    assert "No judges yet" in page
    assert f'href="{JUDGES}/new"' in page


def test_the_page_of_a_judge_shows_verdicts_with_reasons(reader: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    judge = factories.judge(project, "llm", "mini", model="judge-mini")
    comparison = factories.all_comparisons(project)[0]
    rule(judge, comparison)

    page = reader.get(f"{JUDGES}/{judge.pk}").content.decode()

    assert re.search(r"<b>ann</b>\s*<span[^>]*>beats</span>\s*ben", page)
    assert "ann, shown first" in page
    assert "ann, shown second" in page
    decision = Decision.objects.get(judge=judge, comparison=comparison)
    assert f"/projects/haiku/comparisons/{decision.pk}" in page
    assert "<em>rhymes</em>" in page
    assert "<script>alert" not in page


def test_raters_see_no_judge(client: Client, project: Project, stranger: User) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    judge = factories.judge(project, "llm", "mini", model="judge-mini")
    client.force_login(stranger)

    paths = (JUDGES, f"{JUDGES}/{judge.pk}", f"{JUDGES}/{judge.pk}/report", f"{JUDGES}/agreement")

    assert {client.get(path).status_code for path in paths} == {403}


def test_a_jury_names_its_members(reader: Client, project: Project) -> None:
    member = factories.judge(project, "human", "people")
    jury = factories.judge(project, "jury", "panel", members=["people"])

    page = reader.get(f"{JUDGES}/{jury.pk}").content.decode()

    assert f'href="{JUDGES}/{member.pk}"' in page


def test_a_surrogate_says_what_it_is(reader: Client, project: Project) -> None:
    judge = factories.judge(project, "surrogate", "general")

    page = reader.get(f"{JUDGES}/{judge.pk}").content.decode()

    assert "statistical model" in page
    assert "knows no facts" in page
    assert "Longer wins" in page
    for unseen in ("new prompts", "new models", "new data sets"):
        assert unseen in page
    for data_set in ("ko_mtbench", "pandalm", "vicuna80_arena"):
        assert data_set in page


def test_a_surrogate_that_is_gone_breaks_no_page(reader: Client, project: Project) -> None:
    judge = factories.judge(project, "surrogate", "general")
    Judge.objects.update(params={"name": "retired"})

    response = reader.get(f"{JUDGES}/{judge.pk}")

    assert response.status_code == 200
    assert "nothing can be said of it" in response.content.decode()


def test_an_older_version_points_to_the_current_one(reader: Client, project: Project) -> None:
    old = factories.judge(project, "human", "people", raters=1)
    new = factories.judge(project, "human", "people", raters=2)

    page = reader.get(f"{JUDGES}/{old.pk}").content.decode()

    assert "an older version" in page
    assert f'href="{JUDGES}/{new.pk}">v2</a>' in page
    assert "an older version" not in reader.get(f"{JUDGES}/{new.pk}").content.decode()


def test_a_judge_of_another_project_is_not_here(reader: Client) -> None:
    elsewhere = factories.judge(factories.project(), "human", "people")

    assert reader.get(f"{JUDGES}/{elsewhere.pk}").status_code == 404


def test_every_kind_can_be_chosen_and_has_a_form(reader: Client, project: Project) -> None:
    from judges.kinds import registry

    page = reader.get(f"{JUDGES}/new").content.decode()

    for name, kind in registry.items():
        assert kind.label in page
        assert f"?kind={name}" in page
        assert reader.get(f"{JUDGES}/new?kind={name}").status_code == 200


def test_a_judge_is_defined(reader: Client, project: Project) -> None:
    form = {
        "name": "mini",
        "params.model": "judge-mini",
        "params.criteria": "correct\n\n short ",
        "params.allow_ties": "on",
        "params.orders": "both",
        "params.samples": "2",
        "params.extra": '{"seed": 7}',
    }

    response = reader.post(f"{JUDGES}/new?kind=llm", form, follow=True)

    judge = Judge.objects.get()
    assert (judge.name, judge.kind, judge.version) == ("mini", "llm", 1)
    assert judge.params["model"] == "judge-mini"
    assert judge.params["criteria"] == ["correct", "short"]
    assert judge.params["samples"] == 2
    assert judge.params["extra"] == {"seed": 7}
    assert "mini v1 can judge from now on" in response.content.decode()


def test_the_same_name_makes_a_new_version_and_says_so(reader: Client, project: Project) -> None:
    first = factories.judge(project, "human", "people", raters=1)
    begun = reader.get(f"{JUDGES}/new?from={first.pk}").content.decode()
    assert 'value="people"' in begun

    form = {"name": "people", "params.raters": "3"}
    page = reader.post(f"{JUDGES}/new?kind=human", form, follow=True).content.decode()

    assert "people v2 is the current version now; people v1 is kept." in page
    assert list(Judge.objects.values_list("version", "is_current")) == [(2, True), (1, False)]


def test_defining_the_same_again_says_so(reader: Client, project: Project) -> None:
    factories.judge(project, "human", "people", raters=3)

    form = {"name": "people", "params.raters": "3"}
    page = reader.post(f"{JUDGES}/new?kind=human", form, follow=True).content.decode()

    assert "people v1 already" in page
    assert Judge.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "form", "field"),
    [
        ("llm", {"name": "x"}, "params.model"),
        ("llm", {"name": "x", "params.model": "m", "params.base_url": "host"}, "params.base_url"),
        ("llm", {"name": "x", "params.model": "m", "params.extra": "{"}, "params.extra"),
        ("llm", {"name": "x", "params.model": "m", "params.orders": "up"}, "params.orders"),
        ("human", {"name": "x", "params.raters": "51"}, "params.raters"),
        ("human", {"name": " "}, "name"),
        ("jury", {"name": "x", "params.members": ["nobody"]}, "params.members"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    reader: Client, project: Project, kind: str, form: dict[str, str], field: str
) -> None:
    response = reader.post(f"{JUDGES}/new?kind={kind}", form)

    assert response.status_code == 400
    assert field in response.context["form"].errors
    assert Judge.objects.count() == 0


def test_only_editors_define_judges(client: Client, project: Project, stranger: User) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.VIEWER)
    client.force_login(stranger)

    assert client.get(JUDGES).status_code == 200
    assert client.post(f"{JUDGES}/new?kind=human", {"name": "x"}).status_code == 403


def test_queries_do_not_grow(reader: Client, project: Project) -> None:
    factories.field(project, prompts=3, competitors=["ann", "ben"])
    counts = []
    for number, comparison in enumerate(factories.all_comparisons(project)):
        judge = factories.judge(project, "llm", f"mini{number}", model="judge-mini")
        factories.judge(project, "llm", f"mini{number}", model="other")
        jury = factories.judge(project, "jury", f"panel{number}", members=[f"mini{number}"])
        rule(judge, comparison)
        for path in (JUDGES, f"{JUDGES}/{judge.pk}", f"{JUDGES}/{jury.pk}"):
            with CaptureQueriesContext(connection) as queries:
                reader.get(path)
            counts.append(len(queries))

    assert counts[:3] == counts[6:]


def test_pages_obey_the_content_security_policy(reader: Client, project: Project) -> None:
    judge = factories.judge(project, "surrogate", "general")

    for path in (JUDGES, f"{JUDGES}/{judge.pk}", f"{JUDGES}/new", f"{JUDGES}/new?kind=llm",
                 "/projects/haiku/rate"):  # fmt: skip
        page = reader.get(path).content.decode()
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=\"", page), path
