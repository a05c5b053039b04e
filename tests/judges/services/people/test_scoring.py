import pytest

from judges.services.people.scoring import preference_of


@pytest.mark.parametrize(
    ("scores", "preference"),
    [((5, 4), "first"), ((1, 2), "second"), ((3, 3), "tie"), ((5, 5), "tie"), ((1, 1), "both_bad")],
)
def test_the_higher_score_wins_and_two_ones_are_both_bad(scores, preference):
    assert preference_of(scores) == preference
