from datetime import timedelta

import pytest
from django.utils import timezone

from judges.models import Decision
from judges.services import decisions, leases
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def judge():
    lab = factories.project()
    factories.field(lab, prompts=5, competitors=["ann", "ben", "cat"])
    judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    return judge


def lose(lease):
    past = timezone.now() - timedelta(seconds=1)
    Decision.objects.filter(lease=lease).update(lease_until=past)
    leases.sweep()


def test_a_claim_and_a_lost_lease_are_no_failed_attempt(judge):
    leases.claim("mine", 4)
    lose("mine")

    assert set(Decision.objects.values_list("status", "attempts")) == {("open", 0)}
    assert Decision.objects.filter(losses=1).count() == 4


def test_giving_back_counts_an_attempt_only_when_calls_failed(judge):
    one, other = leases.claim("mine", 2)

    leases.release("mine", {one.pk: timedelta(0)}, failed=True)
    leases.release("mine", {other.pk: timedelta(minutes=1)}, failed=False)

    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, one.attempts, one.not_before) == ("open", 1, None)
    assert (other.status, other.attempts) == ("open", 0)
    assert leases.next_due() == other.not_before


def test_judges_that_have_to_wait_are_left_out(judge):
    assert leases.claim("mine", 10, not_judges=[judge.pk]) == []
    assert len(leases.claim("mine", 10)) == 10


def test_a_decision_that_costs_workers_is_claimed_alone_and_ends(judge):
    deadly = Decision.objects.order_by("id").first()
    for _ in range(leases.SUSPECT_LOSSES):
        Decision.objects.filter(pk=deadly.pk).update(status="leased", lease="mine")
        lose("mine")

    assert deadly.pk not in {d.pk for d in leases.claim("others", 100)}
    for _ in range(leases.MOST_LOSSES - leases.SUSPECT_LOSSES):
        assert [d.pk for d in leases.claim_suspect("mine")] == [deadly.pk]
        lose("mine")

    deadly.refresh_from_db()
    assert (deadly.status, deadly.silence) == ("undecided", "failed")
    assert "5 workers" in deadly.note
    assert leases.claim_suspect("mine") == []


def test_what_else_a_prompt_needs_is_claimed_with_it(judge):
    [first] = leases.claim("mine", 1)

    more = leases.claim_of_prompts("mine", judge.pk, [first.comparison.prompt_id])

    assert len(more) == 2
    assert {d.comparison.prompt_id for d in more} == {first.comparison.prompt_id}


def test_a_claim_loads_what_its_decisions_share_once(judge, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        claimed = leases.claim("mine", 15)
        for decision in claimed:
            assert decision.comparison.prompt.messages
            assert decision.comparison.output_a.competitor.name
    assert len({id(d.comparison.prompt) for d in claimed}) == 5


def test_freeing_all_gives_everything_back(judge):
    leases.claim("mine", 15)

    leases.free_all()

    assert set(Decision.objects.values_list("status", "lease")) == {("open", None)}
