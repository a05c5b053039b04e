"""What may still be asked for: calls made and calls under way never exceed the budget."""

from __future__ import annotations

import pytest

from judges.models import Decision, Judgment
from judges.services.costs import Cost
from tests import factories
from tournaments.services import advancing, lifecycle
from tournaments.services.budgeting import Purse, why_it_stops

EACH = Cost(calls=2, most_calls=4, usd=0.02)


def purse(**given):
    settings = {"each": EACH, "pending": 0, "calls": None, "usd": None, "overdrawn": False}
    return Purse(**(settings | given))


@pytest.mark.parametrize(
    ("left", "affordable"), [(0, 0), (3, 0), (4, 1), (11, 2), (1000, 7), (-4, 0)]
)
def test_follow_ups_are_kept_back_for_each_comparison(left, affordable):
    assert purse(calls=left).affordable(7) == affordable


def test_money_is_kept_back_with_a_margin():
    assert purse(usd=0.09).affordable(7) == 3
    assert purse(usd=0.0).affordable(7) == 0


def test_the_narrower_limit_counts():
    assert purse(calls=8, usd=100.0).affordable(7) == 2


def test_while_no_price_is_known_one_is_asked_at_a_time():
    unpriced = Cost(calls=2, most_calls=4, usd=None)

    assert purse(each=unpriced, usd=1.0).affordable(7) == 1
    assert purse(each=unpriced, usd=1.0, pending=1).affordable(7) == 0


def test_what_is_overdrawn_buys_nothing():
    assert purse(usd=1.0, overdrawn=True).affordable(7) == 0


def test_what_costs_nothing_is_always_affordable():
    assert purse(each=Cost(), calls=0, usd=0.0).affordable(7) == 7


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (0.03, "the budget of $0.02 is used up"),
        (None, "a call had no price: nobody can say what is left of the budget of $0.02"),
        (0.012, "does not reach for one more comparison: $0.008 are left"),
    ],
)
def test_the_note_says_only_what_holds(usd, words):
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1", price_in=20.0, price_out=20.0)
    cup = factories.tournament(lab, stub)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    cup.refresh_from_db()
    cup.max_usd = 0.02
    asked = Decision.objects.get()
    Judgment.objects.create(
        judge=stub, comparison=asked.comparison, order="ab", winner="a", calls=1, usd=usd
    )
    Decision.objects.update(status="decided", winner="a")

    note = why_it_stops(cup)

    assert words in note
    assert "or a call had no price" not in note
