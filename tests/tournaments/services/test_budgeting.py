"""What may still be asked for: calls made and calls under way never exceed the budget."""

from __future__ import annotations

import pytest

from judges.services.costs import Cost
from tournaments.services.budgeting import Purse

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
