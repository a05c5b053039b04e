from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.models import Comparison, Project
from judges.models import Judge
from judges.report_queries import Selection
from judges.services import decisions, judge_panel
from judges.services.judge_agreement import AgreementReport, Pair, agreement_report
from judges.services.settling import settle
from tests import factories
from tests.judges.panels import both_orders, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def compared(project: Project) -> list[Comparison]:
    """Twelve prompts with three comparisons each."""
    factories.field(project, prompts=12)
    return factories.all_comparisons(project)


def llm(project: Project, name: str, compared: list[Comparison], winners: str) -> Judge:
    """A judge that says these in turn, the same in both orders."""
    judge = factories.judge(project, "llm", name, model="m")
    for start, winner in enumerate(winners):
        both_orders(judge, compared[start :: len(winners)], winner)
    return judge


def person(project: Project, name: str, compared: list[Comparison], winners: str) -> Judge:
    judge = factories.judge(project, "recorded", name, judge=name)
    said = [(c, "ab", winners[n % len(winners)]) for n, c in enumerate(compared)]
    record(judge, said, details={"judge_kind": "human"})
    return judge


def pair_of(report: AgreementReport, one: Judge, two: Judge) -> Pair:
    (found,) = [pair for pair in report.pairs if {pair.one, pair.two} == {one.pk, two.pk}]
    return found


def test_every_pair_is_compared_on_what_both_decided(
    project: Project, compared: list[Comparison]
) -> None:
    mini, maxi = llm(project, "mini", compared, "ab"), llm(project, "maxi", compared[:18], "ab")
    other = llm(project, "other", compared, "ba")

    report = agreement_report(project, Selection())

    assert (report.comparisons, report.prompts, len(report.pairs)) == (36, 12, 3)
    same, opposite = pair_of(report, mini, maxi).agreement, pair_of(report, mini, other).agreement
    assert same is not None
    assert same.kappa is not None
    assert (same.comparisons, same.prompts, same.kappa.value) == (18, 6, 1.0)
    assert opposite is not None
    assert opposite.kappa is not None
    assert (opposite.comparisons, opposite.kappa.value) == (36, -1.0)


def test_people_are_a_judge_of_their_own(project: Project, compared: list[Comparison]) -> None:
    mini = llm(project, "mini", compared, "ab")
    ann, ben = person(project, "ann", compared, "ab"), person(project, "ben", compared, "abba")

    report = agreement_report(project, Selection())
    with_people = {item.judge: item.agreement for item in report.with_people}

    # Where ann and ben differ, people tie.
    assert (found := with_people[mini.pk]) is not None
    assert found.raw is not None
    assert found.raw.value == 0.5
    # A person is held against the other people.
    assert (found := with_people[ann.pk]) is not None
    assert found.raw is not None
    assert found.raw.value == 0.5
    assert report.people is not None
    assert (report.people.judges, report.people.comparisons) == (2, 36)
    assert report.notes == ()
    assert {name.name for name in report.judges if name.is_people} == {"ann", "ben"}
    assert ben.pk in with_people


def test_without_people_the_report_says_how_to_get_them(
    project: Project, compared: list[Comparison]
) -> None:
    llm(project, "mini", compared, "ab")
    llm(project, "maxi", compared, "ab")

    report = agreement_report(project, Selection())

    assert report.with_people == ()
    assert "Let a judge of kind human judge" in report.notes[0]


def test_judges_that_err_together_are_few(project: Project, compared: list[Comparison]) -> None:
    person(project, "ann", compared, "a")
    for name in ("one", "two", "three"):
        llm(project, name, compared, "aab")

    report = agreement_report(project, Selection())

    assert report.reference == "people"
    assert report.jury is not None
    assert report.jury.size is not None
    assert (report.jury.members, report.jury.size.value) == (3, pytest.approx(1.0))


def test_without_people_errors_are_told_by_the_rest(
    project: Project, compared: list[Comparison]
) -> None:
    for name, said in (("one", "aab"), ("two", "aba"), ("three", "baa"), ("four", "aaa")):
        llm(project, name, compared, said)

    report = agreement_report(project, Selection())

    assert report.reference == "other judges"
    assert report.jury is not None
    assert report.jury.members == 4


def test_a_jury_agrees_with_its_members_by_design(
    project: Project, compared: list[Comparison]
) -> None:
    mini, maxi = llm(project, "mini", compared, "ab"), llm(project, "maxi", compared, "ab")
    jury = factories.judge(project, "jury", "panel", members=["mini", "maxi"])
    settle(decisions.ask(jury, [c.pk for c in compared]).values())

    report = agreement_report(project, Selection())

    assert pair_of(report, jury, mini).related
    assert not pair_of(report, mini, maxi).related
    assert report.together is not None
    assert report.together.judges == 2


def test_a_selection_changes_what_is_counted(project: Project, compared: list[Comparison]) -> None:
    mini, maxi = llm(project, "mini", compared, "ab"), llm(project, "maxi", compared, "ab")

    report = agreement_report(project, Selection(category="odd"))

    assert (report.comparisons, report.prompts) == (18, 6)
    assert (found := pair_of(report, mini, maxi).agreement) is not None
    assert found.comparisons == 18
    nothing = agreement_report(project, Selection(category="none"))
    assert (nothing.comparisons, nothing.together, nothing.jury) == (0, None, None)


def test_of_very_many_judges_the_busiest_are_shown(
    project: Project, compared: list[Comparison], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_panel, "MAX_JUDGES", 2)
    person(project, "ann", compared, "ab")
    llm(project, "mini", compared, "ab")
    assert agreement_report(project, Selection()).notes == ()
    llm(project, "idle", compared[:3], "ab")

    report = agreement_report(project, Selection())

    assert {name.name for name in report.judges} == {"ann", "mini"}
    assert "most verdicts" in report.notes[0]


def test_an_empty_project_has_an_empty_report(project: Project) -> None:
    report = agreement_report(project, Selection())

    assert (report.judges, report.pairs, report.together) == ((), (), None)


def test_queries_do_not_grow(project: Project, compared: list[Comparison]) -> None:
    counts = []
    for number in range(3):
        llm(project, f"mini{number}", compared, "ab")
        factories.judge(project, "jury", f"panel{number}", members=[f"mini{number}"])
        with CaptureQueriesContext(connection) as queries:
            agreement_report(project, Selection())
        counts.append(len(queries))

    assert counts[0] == counts[2] <= 8
