import random

import pytest
from django.core.cache import cache

from judges.contracts import Preference, Winner
from judges.models import Assignment, Campaign, Decision, GoldQuestion, Judgment
from judges.services import decisions
from judges.services.people import answering, assigning, participants, quality, quarantine
from judges.services.people.roster import roster
from judges.services.people.said import Said
from tests import factories
from tests.raters import battle, user, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    cache.clear()
    project = factories.project()
    factories.field(project, prompts=12, competitors=["ann", "ben", "cat"])
    judge = factories.judge(project, "human", "people", raters=3)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(project)])
    return Campaign.objects.get()


def test_nobody_has_voted(lab):
    found = quality.quality_of(lab)

    assert (found.review.raters, found.raters, found.suspects) == ((), (), ())


def test_votes_are_told_as_they_were_shown(lab):
    vote(lab, "rita", "a")

    (told,) = quality.votes_of(lab)

    judgment = Judgment.objects.select_related("comparison__output_a", "comparison__output_b").get()
    sides = [judgment.comparison.output_a, judgment.comparison.output_b]
    first, second = sides if judgment.order == "ab" else sides[::-1]
    assert (told.first, told.second) == (first.competitor_id, second.competitor_id)
    assert told.choice == ("first" if judgment.order == "ab" else "second")
    assert told.rater == str(user("rita").pk)
    assert told.prompt == str(judgment.comparison.prompt_id)
    assert told.first_length is not None
    assert told.seconds >= 0


def test_every_rater_has_a_report_and_the_page_follows_new_votes(lab):
    draw = random.Random(1)
    for _ in range(10):
        for name in ("rita", "raul", "rosa"):
            vote(lab, name, draw.choice(["a", "a", "b", "tie"]))
    before = quality.quality_of(lab)
    vote(lab, "rita", "a")

    after = quality.quality_of(lab)

    counts = {row.row.name: row.report.n for row in after.raters if row.report}
    assert counts == {"rita": 11, "raul": 10, "rosa": 10}
    assert sum(report.n for report in before.review.raters) == 30
    assert after.review.agreement is not None


def test_who_is_in_quarantine_is_still_reviewed(lab):
    for name in ("rita", "raul"):
        vote(lab, name, "a")
    quarantine.impose(lab.judge, user("rita"), reason="too fast", by=None)

    left_out = {row.row.name: row.quarantine for row in quality.quality_of(lab).raters}

    assert left_out["raul"] is None
    assert left_out["rita"].reason == "too fast"


def test_people_are_set_against_another_judge(lab):
    compared = [c.pk for c in factories.all_comparisons(lab.judge.project)][:6]
    other = factories.judge(lab.judge.project, "human", "others", raters=1)
    decisions.ask(other, compared)
    Decision.objects.filter(judge=lab.judge).exclude(comparison__in=compared).delete()
    for name in ("x", "y", "z"):
        for _ in compared:
            vote(lab, name, "a")
    for number in range(6):
        vote(other.campaign, "boss", "a" if number < 4 else "b")

    found = quality.confusion(lab, other)

    assert list(quality.judges_beside(lab)) == [other]
    assert (found.n, found.agreed) == (6, 4)
    assert found.counts[Winner.A][Winner.B] == 2


def test_an_answer_of_which_nothing_is_kept_is_no_vote(lab):
    vote(lab, "rita", "a")
    Assignment.objects.update(answer=None)
    vote(lab, "raul", "a")

    found = quality.quality_of(lab)

    assert [row.row.name for row in found.raters if row.report] == ["raul"]


def test_votes_on_live_battles_are_reviewed(live):
    cache.clear()
    assert quality.quality_of(live).review.raters == ()
    for _ in range(8):
        battle(live, "rita", "second")
    battle(live, "rita", answers=("So.", "I am model-ben."))  # flagged: it counts for nothing

    told = quality.votes_of(live)

    held = list(live.battles.filter(flag="").order_by("answered_at"))
    shown = [(row.first.competitor_id, row.second.competitor_id) for row in held]
    assert [(vote.first, vote.second) for vote in told] == shown
    assert len(set(shown)) == 2  # each stood on either side
    assert {vote.choice for vote in told} == {"second"}
    assert all(vote.first_length < vote.second_length for vote in told)
    assert told[0].seconds == (held[0].answered_at - held[0].created_at).total_seconds()
    (row,) = quality.quality_of(live).raters
    assert (row.row.name, row.report.n) == ("rita", 8)


def test_gold_is_what_the_list_of_raters_says_skipped_questions_included(lab, settings):
    settings.UNDO_SECONDS = 0
    for comparison in factories.all_comparisons(lab.judge.project)[:6]:
        Decision.objects.filter(judge=lab.judge, comparison=comparison).delete()
        GoldQuestion.objects.create(campaign=lab, comparison=comparison, expected="a")
    Campaign.objects.update(gold_every=2)
    lab.refresh_from_db()
    _answer(participants.member(user("rita"), lab), ["a", "skip", "a"])
    _answer(participants.member(user("raul"), lab), ["skip", "skip", "skip"])

    found = {rater.row.name: rater for rater in quality.quality_of(lab).raters}

    listed = {row.name: (row.gold.right, row.gold.answered) for row in roster(lab)}
    assert listed == {"rita": (2, 3), "raul": (0, 3)}
    rita, raul = found["rita"].gold, found["raul"].gold
    assert (rita.value, rita.n) == (pytest.approx(2 / 3), 3)
    assert 0 < rita.low < rita.value < rita.high < 1
    assert (raul.value, raul.n, found["raul"].report) == (0, 3, None)


def _answer(rater, says):
    """Have somebody say this to gold questions, in turn, and skip what stands among them."""
    while says:
        (asked,) = assigning.next_assignments(rater)
        said = says.pop(0) if asked.gold else "skip"
        if said == "skip":
            answering.skip(asked)
        else:
            answering.answer(
                asked, Said(Preference.FIRST if asked.order == "ab" else Preference.SECOND)
            )
