"""What a tournament would take that nobody has drafted yet."""

import pytest

from judges.services import decisions
from tests import factories
from tournaments.formats import registry as formats
from tournaments.models import Tournament
from tournaments.services import previewing
from tournaments.services.estimating import estimate_of
from tournaments.services.fields import entrants_on
from tournaments.services.previewing import preview

UP_TO = {"double_elimination"}
"""Formats that may play fewer games than they plan at most."""

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=12, competitors=factories.NAMES[:5])
    return lab


@pytest.fixture
def asked(lab):
    """A judge with prices that asks in both orders."""
    return factories.stub_judge(lab, "http://judge.test", name="asked")


def decide(judge, compared):
    decisions.ask(judge, [c.pk for c in compared])
    judge.decisions.update(status="decided", winner="b", share=0.0)


def seen(lab, judges, kind):
    entrants = entrants_on(lab.pk, {}, lab.competitors.values_list("pk", flat=True))
    return preview(Tournament(project=lab, seed=0), judges, formats.build(kind), entrants)


@pytest.mark.parametrize("kind", sorted({*formats.names()} - UP_TO))
def test_what_is_decided_costs_nothing(lab, asked, kind):
    decide(asked, factories.all_comparisons(lab))

    found = seen(lab, [asked], kind)

    assert found.decided_already == found.matches > 0
    assert (found.calls, found.tokens_in) == (0, 0)


@pytest.mark.parametrize("kind", ["round_robin", "single_elimination", "adaptive"])
def test_it_says_what_the_draft_will_say(lab, asked, kind):
    decide(asked, factories.all_comparisons(lab)[:60])

    assert seen(lab, [asked], kind) == estimate_of(factories.tournament(lab, asked, kind))


def test_each_of_a_jury_pays_for_what_it_has_not_decided(lab, asked):
    other = factories.stub_judge(lab, "http://judge.test", name="other")
    decide(asked, factories.all_comparisons(lab))

    found = seen(lab, [asked, other], "round_robin")

    assert (found.matches, found.decided_already, found.calls) == (120, 0, 240)
    assert found.most_calls == 480


def test_of_many_prompts_a_sample_stands_for_all(lab, asked, monkeypatch):
    decide(asked, factories.all_comparisons(lab))
    monkeypatch.setattr(previewing, "SAMPLE", 5)

    assert seen(lab, [asked], "round_robin").decided_already == 120


def test_without_a_judge_there_is_a_plan_without_a_price(lab):
    assert (seen(lab, [], "round_robin").matches, seen(lab, [], "round_robin").calls) == (120, 0)
