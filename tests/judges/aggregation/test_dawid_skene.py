import numpy as np
import pytest

from judges.aggregation import registry
from judges.aggregation.base import Unfit
from judges.aggregation.validation import codes, cross_ruled, kappa
from judges.contracts import Winner
from tests.judges.aggregation.panels import SKILLS, ballots, said


def test_it_finds_the_confusions_that_made_the_votes_without_labels():
    rows = ballots(3000, {**SKILLS, "second": 0.85}, labelled=0.0)

    state = registry.build("dawid_skene", {"pooling": 0.0}).fit(rows)

    for name, skill in {**SKILLS, "second": 0.85}.items():
        matrix = np.array(state["confusion"][name])
        assert matrix[0, 0] == pytest.approx(skill, abs=0.05), name
        assert matrix[0, 0] == pytest.approx(matrix[1, 1])
        assert matrix.sum(axis=1) == pytest.approx(1)


def test_it_beats_plurality_where_members_differ():
    rows = ballots(900, {"sharp": 0.95, "second": 0.9, "x": 0.45, "y": 0.45})
    people = codes([row.label for row in rows])

    def agreement(name):
        return kappa(people, codes([r.winner for r in cross_ruled(registry.build(name), rows, 3)]))

    assert agreement("dawid_skene") > agreement("plurality") + 0.05


def test_full_pooling_makes_all_members_equal():
    state = registry.build("dawid_skene", {"pooling": 1.0}).fit(ballots(300))

    one, *others = state["confusion"].values()
    assert all(np.allclose(one, other) for other in others)


def test_two_members_are_too_few():
    with pytest.raises(Unfit, match=r"3 members .* there are 2"):
        registry.build("dawid_skene").fit(ballots(100, {"x": 0.9, "y": 0.8}))


def test_an_outcome_that_is_barely_likelier_is_a_tie():
    rule = registry.build("dawid_skene", {"sure": 0.999})
    state = rule.fit(ballots())

    ruling = rule.combine(said(sharp="a", fair="b", blunt="b"), 2, state)

    assert ruling.winner is Winner.TIE
    assert ruling.share != 0.5


def test_an_outcome_that_nobody_ever_named_is_still_heard():
    state = registry.build("dawid_skene").fit(ballots(ties=0.0))

    ruling = registry.build("dawid_skene").combine(
        said(sharp="both_bad", fair="both_bad"), 2, state
    )

    assert ruling.winner is Winner.BOTH_BAD
