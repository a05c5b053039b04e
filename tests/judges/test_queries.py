from __future__ import annotations

import pytest

from arena.models import Comparison, Project
from judges.contracts import Silence
from judges.models import Decision, Judge, Judgment
from judges.queries import Replies, latest_verdicts, summaries_of
from judges.services import decisions
from judges.services.settling import settle
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def compared(project: Project) -> list[Comparison]:
    factories.field(project, prompts=4, competitors=["ann", "ben"])
    return factories.all_comparisons(project)


def say(
    judge: Judge, comparison: Comparison, order: str, winner: str | None, **more: object
) -> None:
    silence = None if winner else more.pop("silence")
    Judgment.objects.create(
        judge=judge, comparison=comparison, order=order, winner=winner, silence=silence, **more
    )


def test_replies_of_every_sort_are_counted_apart(
    project: Project, compared: list[Comparison]
) -> None:
    judge = factories.judge(project, "llm", "mini", model="m")
    one, two, three, four = compared
    say(judge, one, "ab", "a", calls=1, usd=0.5, latency_ms=1000)
    say(judge, one, "ba", "a", calls=1, usd=0.25, latency_ms=3000)
    say(judge, two, "ab", "tie", calls=1)
    say(judge, three, "ab", None, silence=Silence.UNPARSABLE, calls=1)
    say(judge, three, "ba", None, silence=Silence.REFUSED, calls=1)
    asked = decisions.ask(judge, [comparison.pk for comparison in compared])
    settle(asked.values(), failures={asked[four.pk]: "no route"})

    (found,) = summaries_of([judge])

    assert (found.replies.judgments, found.replies.calls) == (5, 5)
    assert (found.replies.unparsable, found.replies.refused, found.replies.abstained) == (1, 1, 0)
    assert (found.replies.usd, found.replies.priced) == (0.75, 2)
    assert found.replies.mean_seconds == 2.0
    assert (found.verdicts.decisive, found.verdicts.tie, found.verdicts.both_bad) == (1, 1, 0)
    assert (found.verdicts.undecided, found.verdicts.failed, found.verdicts.total) == (1, 1, 4)


def test_a_better_a_is_no_position_bias() -> None:
    """All for a, in whichever order: the side shown first wins in half of the cases."""
    assert Replies(ab=30, ab_first=30, ba=10, ba_first=0).first_share == 50


def test_a_judge_who_always_takes_the_first_is_found_out() -> None:
    assert Replies(ab=30, ab_first=30, ba=10, ba_first=10).first_share == 100


def test_with_one_order_bias_and_quality_cannot_be_told_apart() -> None:
    assert Replies(ab=30, ab_first=30).first_share is None


def test_without_prices_the_cost_is_unknown_and_not_zero(
    project: Project, compared: list[Comparison]
) -> None:
    judge = factories.judge(project, "llm", "mini", model="m")
    say(judge, compared[0], "ab", "a", calls=1)

    assert summaries_of([judge])[0].replies.usd is None


def test_a_recorded_judge_is_summed_up_by_what_it_reads(
    project: Project, compared: list[Comparison]
) -> None:
    source = factories.judge(project, "recorded", "rex", judge="rex")
    reading = factories.judge(project, "recorded", "replay", judge="rex")
    say(source, compared[0], "ab", "b")

    assert [item.replies.judgments for item in summaries_of([source, reading])] == [1, 1]


def test_the_verdicts_of_a_jury_rest_on_its_members(
    project: Project, compared: list[Comparison]
) -> None:
    members = [factories.judge(project, "recorded", name, judge=name) for name in ("rex", "roy")]
    jury = factories.judge(project, "jury", "panel", members=["rex", "roy"])
    for judge in members:
        say(judge, compared[0], "ab", "b")
    decisions.ask(jury, [compared[0].pk])

    (verdict,) = latest_verdicts(jury, 5)

    assert verdict.decision == Decision.objects.get(judge=jury)
    assert [judgment.judge.name for judgment in verdict.judgments] == ["rex", "roy"]
    assert summaries_of([jury])[0].replies == Replies()
