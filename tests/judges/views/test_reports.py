from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.models import Comparison, Membership, Project, Role
from judges.models import Judge
from judges.services import decisions
from judges.services.settling import settle
from tests import factories
from tests.judges.panels import both_orders, record
from tournaments.services import advancing, lifecycle

pytestmark = pytest.mark.django_db

JUDGES = "/projects/haiku/judges"


@pytest.fixture
def reader(client: Client, project: Project, member: User) -> Client:
    client.force_login(member)
    return client


@pytest.fixture
def compared(project: Project) -> list[Comparison]:
    factories.field(project, prompts=12, competitors=["ann", "gpt-4o"])
    return factories.all_comparisons(project)


@pytest.fixture
def judge(project: Project, compared: list[Comparison]) -> Judge:
    made = factories.judge(project, "llm", "mini", model="gpt-4")
    both_orders(made, compared[:9], "a", calls=1, usd=0.01, latency_ms=1500, tokens_in=100)
    both_orders(made, compared[9:], "a", "b", calls=1, usd=0.01, latency_ms=1500)
    return made


@pytest.fixture
def people(project: Project, compared: list[Comparison]) -> Judge:
    made = factories.judge(project, "recorded", "turk", judge="turk")
    said = [(c, "ab", "ab"[n % 2]) for n, c in enumerate(compared)]
    record(made, said, details={"judge_kind": "human"})
    return made


def page(reader: Client, path: str) -> str:
    response = reader.get(path)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode().replace("\u202f", " "))


def test_the_report_says_it_in_plain_words(reader: Client, judge: Judge, people: Judge) -> None:
    shown = page(reader, f"{JUDGES}/{judge.pk}/report")

    for text in (
        "How good is mini?",
        "24 judgments",
        "In 25 % of the comparisons that name a side in both orders",
        "a coin would make 50 %",
        "The answer shown first is preferred in 62 %",
        "It gives the verdict of people in",
        "Where it is surest (100 %), it is right in",
        "the gpt family",
        "$0.0200",
        "1.5 s",
        "None of: both bad among the verdicts, unparsable replies",
    ):
        assert text in shown, text
    assert f'href="{JUDGES}/{people.pk}/report"' in shown
    assert 'role="img" aria-label="Calibration:' in shown


def test_each_missing_figure_says_what_it_lacks(
    reader: Client, project: Project, compared: list[Comparison]
) -> None:
    lonely = factories.judge(project, "llm", "lonely", model="house-model", orders="ab")
    record(lonely, [(c, "ab", "a") for c in compared])

    shown = page(reader, f"{JUDGES}/{lonely.pk}/report")

    for text in (
        "No comparison was judged in both orders",
        "Only one order was shown",
        "No other judge decided the same comparisons",
        "Let a judge of kind human judge some of them",
        "begins like none of the known families",
        "Neither people nor another judge decided the same",
        "cost no call",
    ):
        assert text in shown, text


def test_a_judge_without_verdicts_is_told_how_to_get_them(reader: Client, project: Project) -> None:
    judge = factories.judge(project, "llm", "mini", model="m")

    shown = page(reader, f"{JUDGES}/{judge.pk}/report")

    assert "Nothing judged yet" in shown
    assert "start a tournament that it judges" in shown


def test_filters_narrow_the_report_and_can_be_cleared(reader: Client, judge: Judge) -> None:
    shown = page(reader, f"{JUDGES}/{judge.pk}/report?category=odd")

    assert "6 comparisons on 6 prompts" in shown
    assert '<option value="odd" selected>' in shown
    assert ">Clear</a>" in shown
    assert "fewer than 10 prompts" in shown
    nothing = page(reader, f"{JUDGES}/{judge.pk}/report?category=none")
    assert "Nothing judged here" in nothing


def test_a_tournament_can_be_chosen(reader: Client, project: Project, judge: Judge) -> None:
    cup = factories.tournament(project, judge, slice={"category": "even"})
    lifecycle.start(cup)
    advancing.advance(cup.pk)

    shown = page(reader, f"{JUDGES}/{judge.pk}/report?tournament={cup.pk}")

    assert "6 comparisons on 6 prompts" in shown
    for wrong in ("999", "first", "²"):
        address = f"{JUDGES}/{judge.pk}/report?tournament={wrong}"
        assert reader.get(address).status_code == 404


def test_the_report_of_a_jury(reader: Client, project: Project, compared: list[Comparison]) -> None:
    for name, winners in (("one", "aab"), ("two", "aba"), ("three", "baa")):
        member = factories.judge(project, "llm", name, model="m")
        for start, winner in enumerate(winners):
            both_orders(member, compared[start::3], winner)
    jury = factories.judge(project, "jury", "panel", members=["one", "two", "three"])
    settle(decisions.ask(jury, [c.pk for c in compared]).values())

    shown = page(reader, f"{JUDGES}/{jury.pk}/report")

    assert "How many judges is it worth?" in shown
    assert "A jury is not shown anything itself" in shown
    assert "one (shares judgments)" in shown


def test_the_matrix_shows_every_pair(reader: Client, judge: Judge, people: Judge) -> None:
    shown = page(reader, f"{JUDGES}/agreement")

    assert "2 judges, 12 comparisons on 12 prompts" in shown
    assert re.search(r'title="mini and turk: [^"]+; 12 comparisons on 12 prompts">', shown)
    assert f'<a href="{JUDGES}/{judge.pk}/report">mini</a>' in shown
    assert ">people</th>" in shown
    assert "All pairs in numbers" in shown


@pytest.mark.parametrize("measure", ["raw", "linear", "quadratic", "alpha", "alpha_ordinal", "x"])
def test_the_measure_can_be_chosen(
    reader: Client, judge: Judge, people: Judge, measure: str
) -> None:
    shown = page(reader, f"{JUDGES}/agreement?measure={measure}")

    chosen = "kappa" if measure == "x" else measure
    assert f'<option value="{chosen}" selected>' in shown


def test_one_judge_has_nobody_to_agree_with(reader: Client, judge: Judge) -> None:
    assert "Nobody to compare yet" in page(reader, f"{JUDGES}/agreement")


def test_judges_without_a_common_comparison(
    reader: Client, project: Project, compared: list[Comparison]
) -> None:
    for name, part in (("one", compared[:6]), ("two", compared[6:])):
        both_orders(factories.judge(project, "llm", name, model="m"), part, "a")

    assert "No common comparison" in page(reader, f"{JUDGES}/agreement")


def test_raters_stay_blind(client: Client, project: Project, stranger: User, judge: Judge) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    client.force_login(stranger)

    for path in (f"{JUDGES}/{judge.pk}/report", f"{JUDGES}/agreement"):
        assert client.get(path).status_code == 403
    for path in (JUDGES, f"{JUDGES}/{judge.pk}"):
        shown = client.get(path).content.decode()
        assert "/report" not in shown.replace(f"{JUDGES[:-7]}/reports", "")
        assert "/agreement" not in shown


def test_the_pages_are_linked(reader: Client, judge: Judge) -> None:
    assert f'href="{JUDGES}/agreement"' in page(reader, JUDGES)
    assert f'href="{JUDGES}/{judge.pk}/report"' in page(reader, f"{JUDGES}/{judge.pk}")


def test_hostile_names_are_text(
    reader: Client, project: Project, compared: list[Comparison]
) -> None:
    for name in ("<script>alert(1)</script>", 'x" onload="y'):
        both_orders(factories.judge(project, "llm", name, model="m"), compared, "a", "b")
    hostile = Judge.objects.first()
    assert hostile

    for path in (f"{JUDGES}/agreement", f"{JUDGES}/{hostile.pk}/report"):
        shown = page(reader, path)
        assert "<script>alert" not in shown
        assert not re.search(r'\sstyle=|<style|<script(?![^>]*\ssrc=)|" onload="', shown), path
