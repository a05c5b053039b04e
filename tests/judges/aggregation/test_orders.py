import pytest

from judges.aggregation.orders import rule_on_orders
from judges.contracts import Silence, Winner
from tests.judges.aggregation.panels import said


def ruled(*words, **policy):
    return rule_on_orders(said(**{f"o{n}": word for n, word in enumerate(words)}), **policy)


@pytest.mark.parametrize(
    ("words", "tie", "half", "share"),
    [
        ("aa", "a", "a", 1.0),
        ("ab", "tie", "tie", 0.5),
        ("aaab", "tie", "a", 0.75),
        ("at", "tie", "a", 0.75),
        ("bbt", "tie", "b", 1 / 6),
        ("tt", "tie", "tie", 0.5),
        ("xx", "both_bad", "both_bad", 0.5),
        ("xt", "tie", "tie", 0.5),
        ("xxt", "tie", "both_bad", 0.5),
        ("abxx", "tie", "both_bad", 0.5),
    ],
)
def test_policies(words, tie, half, share):
    spelt = [{"t": "tie", "x": "both_bad"}.get(letter, letter) for letter in words]

    strict, shared = ruled(*spelt), ruled(*spelt, flip_policy="half")

    assert strict.winner == Winner(tie)
    assert strict.share == {"a": 1.0, "b": 0.0}.get(tie, 0.5)
    assert shared.winner == Winner(half)
    assert shared.share == pytest.approx(share)
    assert ruled(*spelt, flip_policy="modelled") == shared


def test_a_silent_order_leaves_it_undecided_and_is_named():
    ruling = ruled("a", "refused")

    assert (ruling.winner, ruling.silence, ruling.share) == (None, Silence.REFUSED, None)
    assert ruling.note == "o1: refused; o0: a"


def test_or_the_other_order_decides_and_the_note_says_so():
    ruling = ruled("a", "unparsable", silent_order="other")

    assert ruling.winner is Winner.A
    assert ruling.note == "o1: unparsable; the rest decides"


def test_a_failed_call_is_named_before_other_silences_because_it_may_be_asked_again():
    assert ruled("a", "refused", "refused", "failed").silence is Silence.FAILED


def test_all_silent_is_undecided_under_either_policy():
    for policy in ("undecided", "other"):
        assert ruled("refused", "refused", silent_order=policy).silence is Silence.REFUSED
