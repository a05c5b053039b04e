from datetime import timedelta

import pytest
from django.utils import timezone

from arena.common.errors import Conflict, InvalidInput
from arena.models import AuditEntry
from judges.models import Campaign, Judge
from judges.services.people import defining
from tests import factories, raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return factories.project()


def make(lab, name="", params=None, **settings):
    return defining.define(
        project=lab,
        name=name,
        params=params or {"raters": 3},
        settings={"title": "Which is clearer?", **settings},
        by=raters.user("olga"),
    )


def acts():
    return list(AuditEntry.objects.order_by("pk").values_list("act", "actor_name"))


def test_judge_and_campaign_are_made_together_and_logged(lab):
    criteria = [{"key": "clarity", "label": "Clearer"}]
    made = make(lab, reasons=["shorter"], criteria=criteria, quota=20, gold_every=5)

    row = Campaign.objects.get()
    assert row == made
    assert (row.judge.name, row.judge.kind, row.judge.params["raters"]) == (
        "Which is clearer?", "human", 3,
    )  # fmt: skip
    assert (row.reasons, row.criteria, row.quota, row.gold_every) == (
        ["shorter"], criteria, 20, 5,
    )  # fmt: skip
    assert acts() == [("campaign.created", "olga")]


def test_a_name_that_is_taken_is_a_conflict_and_nothing_is_made(lab):
    factories.judge(lab, "human", "people")

    with pytest.raises(Conflict) as refused:
        make(lab, name="people")

    assert refused.value.fields == {"name": "is taken"}
    assert Judge.objects.count() == Campaign.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"access": "nobody"}, "access"),
        ({"quota": 0}, "quota"),
        ({"gold_every": 1}, "gold_every"),
        ({"gold_share": 1.5}, "gold_share"),
        ({"reasons": ["a", "a"]}, "reasons"),
        ({"reasons": ["\x00"]}, "reasons.0"),
        ({"criteria": [{"key": "A b", "label": "x"}]}, "criteria.0.key"),
        ({"criteria": [{"key": "a", "label": "x"}, {"key": "a", "label": "y"}]}, "criteria"),
        ({"deadline": "2030-01-01T00:00:00"}, "deadline"),
        ({"instructions": "x" * 20_001}, "instructions"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(lab, wrong, field):
    with pytest.raises(InvalidInput) as refused:
        make(lab, **wrong)

    assert set(refused.value.fields) == {field}
    assert not Judge.objects.exists()


def test_params_of_the_judge_are_checked_too(lab):
    with pytest.raises(InvalidInput) as refused:
        make(lab, params={"raters": 99})

    assert set(refused.value.fields) == {"params.raters"}


def test_a_change_writes_what_it_names_and_says_so_in_the_log(lab):
    made = make(lab, quota=20)

    defining.change(made, {"quota": None, "instructions": "Read both."}, by=None)

    row = Campaign.objects.get()
    assert (row.quota, row.instructions, row.title) == (None, "Read both.", "Which is clearer?")
    entry = AuditEntry.objects.get(act="campaign.changed")
    assert sorted(entry.details["changed"]) == ["instructions", "quota"]


def test_a_change_that_changes_nothing_is_not_logged(lab):
    made = make(lab, access="open", deadline=timezone.now() + timedelta(days=1))
    made.refresh_from_db()

    defining.change(made, defining.settings_of(made), by=None)

    assert acts() == [("campaign.created", "olga")]


@pytest.mark.parametrize("frozen", [{"raters": 2}, {"page": "ranking"}])
def test_what_makes_the_verdict_is_frozen(lab, frozen):
    made = make(lab)

    with pytest.raises(Conflict, match="new version of the judge"):
        defining.change(made, {**frozen, "quota": 3}, by=None)

    assert Campaign.objects.get().quota is None
    defining.change(made, {"raters": 3, "page": "pairs", "quota": 3}, by=None)
    assert Campaign.objects.get().quota == 3


def test_closing_and_reopening(lab):
    made = make(lab)
    with pytest.raises(Conflict):
        defining.reopen(made, by=None)

    defining.close(made, by=raters.user("olga"))
    assert not Campaign.objects.get().is_open
    with pytest.raises(Conflict):
        defining.close(made, by=None)
    defining.reopen(made, by=raters.user("olga"))

    assert Campaign.objects.get().is_open
    assert [act for act, _ in acts()] == [
        "campaign.created", "campaign.closed", "campaign.reopened",
    ]  # fmt: skip


def test_reopening_past_the_deadline_says_what_to_do(lab):
    made = make(lab)
    defining.close(made, by=None)
    Campaign.objects.update(deadline=timezone.now() - timedelta(days=1))

    with pytest.raises(Conflict, match="deadline"):
        defining.reopen(made, by=None)
