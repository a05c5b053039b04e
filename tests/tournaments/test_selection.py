import pytest

from judges.models import Decision, Judgment
from judges.services import decisions
from tests import factories
from tests.raters import battle, vote
from tournaments.selection import checks_of, decisions_of
from tournaments.services import advancing, lifecycle

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    """A cup that a recorded judge decided on the even prompts; p1 and p3 are not in it."""
    lab = factories.project()
    factories.field(lab, prompts=4, competitors=["ann", "ben"])
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    Judgment.objects.bulk_create(
        Judgment(judge=judge, comparison=compared, order="ab", winner="a")
        for compared in factories.all_comparisons(lab)
    )
    cup = factories.tournament(lab, judge, slice={"category": "even"})
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    return lab


def asked_of_people(lab, name="people"):
    """A campaign of one rater each that asks about all prompts."""
    judge = factories.judge(lab, "human", name, raters=1)
    decisions.ask(judge, [compared.pk for compared in factories.all_comparisons(lab)])
    return judge.campaign


def counted(lab, **filters):
    """[(judge, prompt)] of all of the project."""
    rows = decisions_of(lab, None, filters).order_by("judge__name", "comparison__prompt__key")
    return list(rows.values_list("judge__name", "comparison__prompt__key"))


def test_what_people_judge_beside_tournaments_counts_for_the_project(lab):
    campaign = asked_of_people(lab)
    for _ in range(4):
        vote(campaign, "rita", "b")

    assert Decision.objects.filter(judge__kind="human", status="decided").count() == 4
    # On p0 and p2 they check what the cup has decided: its verdict counts alone.
    assert counted(lab) == [("gpt", "p0"), ("gpt", "p2"), ("people", "p1"), ("people", "p3")]
    assert [prompt for _, prompt in counted(lab, judge="people")] == ["p0", "p1", "p2", "p3"]
    assert checks_of(lab, {}).count() == 2
    assert checks_of(lab, {"category": "odd"}).count() == 0
    assert checks_of(lab, {"judge": "people"}).count() == 0


def test_records_that_no_tournament_reads_do_not(lab):
    crowd = factories.judge(lab, "recorded", "crowd", judge="crowd")
    compared = factories.all_comparisons(lab)
    Judgment.objects.bulk_create(
        Judgment(judge=crowd, comparison=one, order="ab", winner="b") for one in compared
    )
    decisions.ask(crowd, [one.pk for one in compared])

    assert counted(lab) == [("gpt", "p0"), ("gpt", "p2")]


def test_a_persons_vote_that_a_jury_has_heard_counts_in_the_jurys(lab):
    people = asked_of_people(lab)
    jury = factories.judge(lab, "jury", "jury", members=["people"])
    outside = [row.pk for row in factories.all_comparisons(lab) if row.prompt.key == "p1"]
    decisions.ask(jury, outside)
    for _ in range(4):
        vote(people, "rita", "b")

    assert Decision.objects.get(judge=jury).status == "decided"
    assert counted(lab) == [("gpt", "p0"), ("gpt", "p2"), ("people", "p3")]


def test_a_vote_for_which_a_jury_of_a_tournament_still_waits_for_others_waits_with_it(lab):
    people, others = asked_of_people(lab), asked_of_people(lab, "others")
    factories.judge(lab, "jury", "jury", members=["people", "others"], quorum=2)
    cup = lifecycle.create(
        project=lab, name="odd", format="round_robin", judges=["jury"], slice={"category": "odd"}
    )
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    for _ in range(4):
        vote(people, "rita", "b")
    assert ("people", "p1") not in counted(lab)

    for _ in range(4):
        vote(others, "raul", "b")

    assert counted(lab) == [("gpt", "p0"), ("gpt", "p2"), ("jury", "p1"), ("jury", "p3")]


def test_live_battles_count_beside_tournaments(lab):
    live = factories.judge(lab, "human", "live").campaign
    live.is_live = True
    live.save()
    factories.speakers(lab, ["cat", "dan"])

    held = battle(live, "rita")

    assert counted(lab, category="live") == [("live", f"live-{held.key}")]
    assert len(counted(lab)) == 3
