import pytest

from judges.aggregation import registry
from judges.aggregation.base import Unfit, Vote
from judges.aggregation.validation import codes, cross_ruled, kappa
from judges.contracts import Winner
from tests.judges.aggregation.panels import ballots, said


def test_few_labels_are_refused_with_their_number():
    with pytest.raises(Unfit, match=r"50 comparisons that people have judged too .* there are 12"):
        registry.build("stacking").fit(ballots(12))


def test_a_contrary_member_is_turned_round():
    rows = ballots(600, {"contrary": 0.02, "fair": 0.7}, ties=0.0)
    rule = registry.build("stacking")

    ruling = rule.combine(said(contrary="a", fair="b"), 2, rule.fit(rows))

    assert ruling.winner is Winner.B


def test_margins_are_read():
    rule = registry.build("stacking")
    state = rule.fit(ballots(900, {"one": 0.7, "two": 0.7}, ties=0.0))

    far, near = (
        rule.combine([Vote("one", Winner.A, margin=margin)], 1, state).share for margin in (2, 0.5)
    )

    assert set(state["scales"]) == {"one", "two"}
    assert far > near


def test_on_held_out_prompts_it_is_better_than_plurality():
    rows = ballots(900, {"sharp": 0.95, "x": 0.45, "y": 0.45})
    people = codes([row.label for row in rows])

    def agreement(name):
        return kappa(people, codes([r.winner for r in cross_ruled(registry.build(name), rows, 2)]))

    assert agreement("stacking") > agreement("plurality") + 0.1


def test_labels_of_one_kind_only_do_not_break_it():
    rows = [row for row in ballots(400, ties=0.0) if row.label is Winner.A]

    ruling = registry.build("stacking").combine(
        said(sharp="b", fair="b", blunt="a"), 2, registry.build("stacking").fit(rows)
    )

    assert ruling.winner is not None
