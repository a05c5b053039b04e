import pytest

from judges.aggregation import registry
from judges.contracts import Winner
from tests.judges.aggregation.panels import said


@pytest.mark.parametrize(
    ("votes", "winner", "side_beats_tie"),
    [
        (["a", "a", "b"], "a", "a"),
        (["a", "b"], "tie", "tie"),
        (["a", "b", "tie"], "tie", "tie"),
        (["a", "tie"], "tie", "a"),
        (["b", "both_bad"], "tie", "b"),
        (["tie", "both_bad"], "tie", "tie"),
        (["both_bad", "both_bad", "a"], "both_bad", "both_bad"),
        (["a", "a", "b", "b", "tie"], "tie", "tie"),
        (["a", "a", "tie", "tie", "b"], "tie", "a"),
    ],
)
def test_draws(votes, winner, side_beats_tie):
    cast = said(**{f"v{number}": vote for number, vote in enumerate(votes)})

    plain = registry.build("plurality").combine(cast, 1)
    repaired = registry.build("plurality", {"side_beats_tie": True}).combine(cast, 1)

    assert (plain.winner, repaired.winner) == (Winner(winner), Winner(side_beats_tie))


def test_the_note_counts_the_votes_and_names_the_silent():
    ruling = registry.build("plurality").combine(
        said(x="a", y="a", z="both_bad", mute="refused"), 2
    )

    assert ruling.note == "votes: 2 a, 1 both bad, mute: refused"
    assert ruling.share == pytest.approx(5 / 6)
