from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.models import Comparison, Competitor, Project
from judges.models import Judge, Judgment
from judges.report_queries import Selection
from judges.services import decisions
from judges.services.judge_reports import JudgeReport, judge_report
from judges.services.settling import settle
from tests import factories
from tests.judges.panels import both_orders, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def compared(project: Project) -> list[Comparison]:
    """Twelve prompts, on each gpt-4o against ann; they have the longer answer in turn."""
    factories.field(project, prompts=12, competitors=["gpt-4o", "ann"])
    for number, prompt in enumerate(project.prompts.all()):
        longer = prompt.outputs.filter(competitor__name=["gpt-4o", "ann"][number % 2])
        longer.update(turns=["long answer " * 9])
    return factories.all_comparisons(project)


def llm(project: Project, name: str = "mini", **params: object) -> Judge:
    return factories.judge(project, "llm", name, **{"model": "m", **params})


def person(project: Project, compared: list[Comparison], winners: str) -> Judge:
    judge = factories.judge(project, "recorded", "ann", judge="ann")
    said = [(c, "ab", winners[n % len(winners)]) for n, c in enumerate(compared)]
    record(judge, said, details={"judge_kind": "human"})
    return judge


def report(judge: Judge, **only: str) -> JudgeReport:
    return judge_report(judge, Selection(**only))  # type: ignore[arg-type]


def test_position(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project)
    both_orders(judge, compared[:9], "a")
    both_orders(judge, compared[9:], "a", "b")

    found = report(judge)

    assert found.position.flip is not None
    assert (found.position.flip.value, found.position.flip.n) == (0.25, 12)
    assert found.position.first is not None
    assert found.position.first.value == pytest.approx(0.5 * (1 + 0.25) - 0.5)
    assert found.counts.decisive == 9
    assert found.counts.tie == 3  # orders that disagree
    assert "position.flip" not in found.notes


def test_one_order_only_says_what_is_missing(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project, orders="ab")
    record(judge, [(c, "ab", "a") for c in compared])

    found = report(judge)

    assert found.position.flip is found.position.first is None
    assert "both orders" in found.notes["position.flip"]
    assert "Only one order" in found.notes["position.first"]


def test_length_against_that_of_the_others(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project)
    for comparison in compared:  # always the longer one
        longer = len(comparison.output_a.text) > len(comparison.output_b.text)
        both_orders(judge, [comparison], "a" if longer else "b")
    other = llm(project, "other")
    both_orders(other, compared, "a")

    found = report(judge)

    assert found.length.longer is not None
    assert found.length.longer.value == 1.0
    assert found.length.beyond is not None
    assert found.length.beyond.value == 0.5


def test_own_family_beyond_other_families(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project, model="openai/gpt-4o-mini")
    both_orders(judge, compared, "a")
    both_orders(llm(project, "sibling", model="gpt-4"), compared, "a")
    both_orders(llm(project, "stranger", model="claude-3"), compared[:6], "a")
    both_orders(Judge.objects.get(name="stranger"), compared[6:], "b")

    found = report(judge)

    assert found.family == "gpt"
    assert found.family_preference.theirs is not None
    assert found.family_preference.theirs.value == 0.5  # the sibling is no witness
    assert found.family_preference.beyond is not None
    assert found.family_preference.beyond.value == 0.5


def test_a_declared_family_wins_over_the_name(project: Project, compared: list[Comparison]) -> None:
    Competitor.objects.filter(name="gpt-4o").update(metadata={"family": " House "})
    judge = llm(project, model="gpt-4")
    both_orders(judge, compared, "a")
    both_orders(llm(project, "other"), compared, "a")

    found = report(judge)

    assert found.family == "gpt"
    assert found.family_preference.beyond is None
    assert "metadata.family" in found.notes["family"]


def test_silence_of_every_sort_has_its_rate(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project)
    record(judge, [(compared[0], "ab", "unparsable"), (compared[1], "ab", "refused"),
                   (compared[2], "ab", "abstained")])  # fmt: skip
    both_orders(judge, compared[3:6], "a")
    asked = decisions.ask(judge, [compared[6].pk])
    settle(asked.values(), failures={asked[compared[6].pk]: "no route"})

    found = report(judge)

    for why in ("unparsable", "refused", "abstained"):
        rate = getattr(found.rates, why)
        assert (rate.value, rate.n) == (pytest.approx(1 / 9), 9)
    assert found.rates.failed is not None
    assert (found.rates.failed.value, found.rates.failed.n) == (pytest.approx(1 / 7), 7)
    assert found.counts.silent == {"unparsable": 1, "refused": 1, "abstained": 1, "failed": 1}
    assert (found.comparisons, found.judgments) == (7, 9)


def test_agreement_and_calibration_with_people(
    project: Project, compared: list[Comparison]
) -> None:
    judge = llm(project)
    both_orders(judge, compared[:8], "a")
    both_orders(judge, compared[8:], "a", "tie")
    person(project, compared, "aaab")
    both_orders(llm(project, "other"), compared, "b")

    found = report(judge)

    assert found.people is not None
    assert found.people.raw is not None
    # The last four tie, of which people call none a tie.
    assert found.people.raw.value == pytest.approx(6 / 12)
    assert (found.reference, found.confidence) == ("people", "votes")
    assert found.calibration is not None
    assert [(b.confidence, b.right.n) for b in found.calibration.bins] == [(0.75, 4), (1.0, 8)]
    assert [item.judge.name for item in found.others] == ["ann", "other"] or [
        item.judge.name for item in found.others
    ] == ["other", "ann"]


def test_without_people_the_other_judges_tell(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project)
    both_orders(judge, compared, "a")
    both_orders(llm(project, "other"), compared, "a")

    found = report(judge)

    assert (found.reference, found.people) == ("other judges", None)
    assert "kind human" in found.notes["people"]


def test_probabilities_and_scores_are_confidence(
    project: Project, compared: list[Comparison]
) -> None:
    sure, scoring = llm(project, "sure"), llm(project, "scoring")
    both_orders(sure, compared, "a", probability=0.8)
    both_orders(scoring, compared[:6], "a", score_a=9, score_b=5)
    both_orders(scoring, compared[6:], "a", score_a=7, score_b=6)
    person(project, compared, "a")

    by_probability, by_scores = report(sure), report(scoring)

    assert by_probability.confidence == "probability"
    assert by_probability.calibration is not None
    assert [b.confidence for b in by_probability.calibration.bins] == [pytest.approx(0.8)]
    assert by_scores.confidence == "scores"
    assert by_scores.calibration is not None
    assert [b.confidence for b in by_scores.calibration.bins] == [0.625, 1.0]


def test_a_judge_asked_once_has_no_degrees(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project, orders="ab")
    record(judge, [(c, "ab", "a") for c in compared])
    person(project, compared, "a")

    found = report(judge)

    assert found.calibration is None
    assert "no degrees of confidence" in found.notes["calibration"]


def test_what_a_verdict_takes(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project)
    both_orders(judge, compared[:6], "a", calls=1, tokens_in=100, tokens_out=10, usd=0.01,
                latency_ms=400)  # fmt: skip
    both_orders(judge, compared[6:], "a", calls=2, tokens_in=100, tokens_out=10, latency_ms=800)

    effort = report(judge).effort

    assert effort.calls is not None
    assert effort.calls.value == pytest.approx(3.0)
    assert effort.tokens_in is not None
    assert effort.tokens_in.value == 200
    assert effort.usd is not None
    assert (effort.usd.value, effort.usd.n) == (pytest.approx(0.02), 6)  # those with a price
    assert effort.latency is not None
    assert effort.latency.p50 is not None
    assert effort.latency.p95 is not None
    assert (effort.latency.p50.value, effort.latency.p95.value) == (400, 800)


def test_records_cost_nothing_that_is_known(project: Project, compared: list[Comparison]) -> None:
    found = report(person(project, compared, "ab"))

    assert found.effort.calls is found.effort.usd is found.effort.latency is None
    assert "made elsewhere" in found.notes["effort"]
    assert found.position.flip is None
    assert found.family is None


def test_a_jury_is_more_than_its_members(project: Project, compared: list[Comparison]) -> None:
    for name, winners in (("one", "aab"), ("two", "aba"), ("three", "baa")):
        judge = llm(project, name)
        for start, winner in enumerate(winners):
            both_orders(judge, compared[start::3], winner, calls=1, tokens_in=5)
    both_orders(llm(project, "outside"), compared, "a")
    jury = factories.judge(project, "jury", "panel", members=["one", "two", "three"])
    settle(decisions.ask(jury, [c.pk for c in compared[:6]]).values())

    found = report(jury)

    assert found.counts.decisive == 6
    assert found.effort.calls is not None
    assert (found.effort.calls.value, found.effort.calls.n) == (6.0, 6)
    assert found.position.flip is found.rates.unparsable is None
    assert "members" in found.notes["position.flip"]
    assert found.confidence == "members"
    assert found.jury is not None
    assert found.jury.members == 3
    related = {item.judge.name: item.related for item in found.others}
    assert related == {"one": True, "two": True, "three": True, "outside": False}


def test_versions_are_different_judges(project: Project, compared: list[Comparison]) -> None:
    old = llm(project)
    both_orders(old, compared, "a")
    new = llm(project, model="n")
    both_orders(new, compared[:4], "b")

    assert report(old).comparisons == 12
    assert report(new).comparisons == 4


def test_a_selection_narrows_all_of_it(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project)
    both_orders(judge, compared, "a")

    found = report(judge, category="odd")

    assert (found.comparisons, found.prompts, found.judgments) == (6, 6, 12)
    assert report(judge, category="none").comparisons == 0


def test_a_judge_without_verdicts_has_a_report(project: Project) -> None:
    found = report(llm(project))

    assert (found.comparisons, found.judgments, found.calibration) == (0, 0, None)
    assert set(found.notes) >= {"position.flip", "people", "others", "effort"}


def test_the_same_data_give_the_same_digits(project: Project, compared: list[Comparison]) -> None:
    judge = llm(project)
    both_orders(judge, compared[:9], "a")
    both_orders(judge, compared[9:], "a", "b")

    assert report(judge) == report(judge)


def test_queries_do_not_grow(project: Project, compared: list[Comparison]) -> None:
    judge, counts = llm(project, model="gpt-4"), []
    for number in range(3):
        both_orders(judge, compared[4 * number : 4 * number + 4], "a")
        both_orders(llm(project, f"other{number}"), compared, "a")
        fresh = Judge.objects.select_related("project").get(pk=judge.pk)
        with CaptureQueriesContext(connection) as queries:
            report(fresh)
        counts.append(len(queries))

    assert counts[0] == counts[2] <= 13
    assert Judgment.objects.count() == 3 * (8 + 24)
