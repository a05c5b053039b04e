import pytest

from arena.common.errors import Conflict, InvalidInput
from arena.models import AuditEntry, Comparison
from judges.models import Campaign, Decision, GoldQuestion
from judges.services import decisions
from judges.services.people import asking, assigning, defining, participants
from judges.services.people.selecting import Wanted, select
from tests import factories, raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    made = factories.project()
    factories.field(made, prompts=4, competitors=factories.NAMES[:3])
    return made


@pytest.fixture
def campaign(lab):
    return factories.judge(lab, "human", "people", raters=2).campaign


def test_what_is_selected_is_asked_by_its_priority_after_tournaments(lab, campaign):
    waited_for = factories.all_comparisons(lab)[0]
    decisions.ask(campaign.judge, [waited_for.pk])
    selection = select(campaign, Wanted(how="sample", count=5), raters=2)

    asked = asking.add(campaign, selection.chosen, how={"how": "sample"}, by=raters.user("olga"))

    assert asked == asking.Asked(5)
    rows = list(Decision.objects.order_by("-priority").select_related("comparison"))
    assert rows[0].comparison == waited_for
    assert rows[0].priority > 1
    assert [(row.comparison.output_a_id, row.comparison.output_b_id) for row in rows[1:]] == [
        item.pair for item in sorted(selection.chosen, key=lambda item: -item.priority)
    ]
    assert all(0 <= row.priority <= 1 and row.status == "waiting" for row in rows[1:])


def test_the_log_says_how_many_and_how_they_were_chosen(campaign):
    asking.add_selected(campaign, Wanted(how="sample", count=2, seed=3), by=raters.user("olga"))

    entry = AuditEntry.objects.get(act="campaign.comparisons_added")
    assert (entry.actor_name, entry.details["count"]) == ("olga", 2)
    assert (entry.details["how"]["how"], entry.details["how"]["seed"]) == ("sample", 3)


def test_asking_again_changes_neither_what_is_begun_nor_what_waits(lab, campaign):
    first = asking.add_selected(campaign, Wanted(how="sample", count=100), by=None)
    rita = participants.member(raters.user("rita"), campaign)
    [begun] = assigning.next_assignments(rita)
    before = dict(Decision.objects.values_list("pk", "priority"))
    assert before[begun.decision_id] >= assigning.BEGUN
    ids = [row.pk for row in Comparison.objects.all()]

    again = asking.ask_about(campaign, ids, priorities=dict.fromkeys(ids, 0.0))

    assert again == asking.Asked(0, known=first.added)
    assert dict(Decision.objects.values_list("pk", "priority")) == before
    assert AuditEntry.objects.filter(act="campaign.comparisons_added").count() == 1


def test_without_priorities_it_comes_before_selections(lab, campaign):
    ids = [row.pk for row in factories.all_comparisons(lab)[:2]]

    assert asking.ask_about(campaign, ids) == asking.Asked(2)
    assert all(row.priority > 1 for row in Decision.objects.all())


def test_gold_questions_are_left_out(lab, campaign):
    gold, other = factories.all_comparisons(lab)[:2]
    GoldQuestion.objects.create(campaign=campaign, comparison=gold, expected="a")

    assert asking.ask_about(campaign, [gold.pk, other.pk]) == asking.Asked(1, gold=1)
    assert Decision.objects.get().comparison == other


def test_a_campaign_that_is_not_open_takes_nothing(lab, campaign):
    defining.close(campaign, by=None)

    with pytest.raises(Conflict, match="not open"):
        asking.add_selected(campaign, Wanted(how="sample"), by=None)

    assert not Comparison.objects.exists()


def test_a_campaign_of_live_battles_takes_nothing(lab, campaign):
    Campaign.objects.update(is_live=True)
    ids = [row.pk for row in factories.all_comparisons(lab)]

    with pytest.raises(Conflict, match="live battles") as refused:
        asking.ask_about(campaign, ids)

    assert set(refused.value.fields) == {"judges"}
    assert not Decision.objects.exists()


def test_a_list_is_asked_by_names_in_any_order(lab, campaign):
    named = [("p0", "ben", "ann"), ("p1", "ann", "cat"), ("p0", "ann", "ben")]

    assert asking.ask_listed(campaign, named, by=None) == asking.Asked(2)
    assert asking.ask_listed(campaign, named, by=None) == asking.Asked(0, known=2)


def test_a_faulty_list_names_the_place_and_asks_nothing(lab, campaign):
    named = [("p0", "ben", "ann"), ("p9", "ann", "cat"), ("p0", "ann", "ann")]

    with pytest.raises(InvalidInput) as refused:
        asking.ask_listed(campaign, named, by=None)

    assert set(refused.value.fields) == {
        "comparisons.1.competitor_a", "comparisons.1.competitor_b", "comparisons.2.competitor_b",
    }  # fmt: skip
    assert not Comparison.objects.exists()
