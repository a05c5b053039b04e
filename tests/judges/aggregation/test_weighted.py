from dataclasses import replace

import pytest

from judges.aggregation import registry
from judges.aggregation.base import Unfit
from tests.judges.aggregation.panels import ballots


def without_swaps(rows):
    return [
        replace(row, votes=tuple(replace(vote, consistent=None) for vote in row.votes))
        for row in rows
    ]


def test_swap_consistency_is_taken_where_all_were_asked_both_ways():
    state = registry.build("weighted").fit(ballots(600))

    assert state["measure"] == "consistency"
    assert state["weights"]["sharp"] > state["weights"]["fair"] > state["weights"]["blunt"] >= 0


def test_else_the_agreement_with_the_others():
    state = registry.build("weighted").fit(without_swaps(ballots(600)))

    assert state["measure"] == "agreement"
    assert state["weights"]["sharp"] > state["weights"]["blunt"] > 0


def test_one_member_without_both_orders_makes_all_be_measured_by_agreement():
    rows = [
        replace(row, votes=(replace(row.votes[0], consistent=None), *row.votes[1:]))
        for row in ballots(600)
    ]

    assert registry.build("weighted").fit(rows)["measure"] == "agreement"
    with pytest.raises(Unfit, match="both orders"):
        registry.build("weighted", {"by": "consistency"}).fit(rows)


def test_a_member_that_always_says_tie_is_no_witness_of_consistency():
    rows = [
        replace(row, votes=(replace(row.votes[0], winner="tie", consistent=True), *row.votes[1:]))
        for row in ballots(600)
    ]

    assert registry.build("weighted").fit(rows)["measure"] == "agreement"
