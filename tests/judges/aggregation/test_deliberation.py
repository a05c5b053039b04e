import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.aggregation import registry
from judges.aggregation.base import Ruling, Vote
from judges.aggregation.deliberation import Ask, Panel, conclude, deliberate
from judges.contracts import Silence, Winner
from tests.judges.aggregation.panels import ballots, said

PLURALITY = registry.build("plurality")
FIVE = ("m1", "m2", "m3", "m4", "m5")


def votes(**words):
    return {vote.voter: vote for vote in said(**words)}


def test_all_members_are_asked_at_once_and_waited_for():
    panel = Panel(FIVE, 3)

    assert deliberate(panel, PLURALITY, {}) == Ask(FIVE)
    assert deliberate(panel, PLURALITY, votes(m1="a", m3="a", m4="a")) == Ask(("m2", "m5"))
    ruling = deliberate(panel, PLURALITY, votes(m1="a", m2="b", m3="a", m4="a", m5="refused"))
    assert isinstance(ruling, Ruling)
    assert ruling.winner is Winner.A


def test_a_stand_in_takes_the_place_of_a_member_that_failed():
    panel = Panel(("m1", "m2"), 2, stand_ins=("s1", "s2"))

    assert deliberate(panel, PLURALITY, votes(m1="a")) == Ask(("m2",))
    assert deliberate(panel, PLURALITY, votes(m1="a", m2="failed")) == Ask(("s1",))
    assert deliberate(panel, PLURALITY, votes(m1="a", m2="failed", s1="failed")) == Ask(("s2",))
    ruling = deliberate(panel, PLURALITY, votes(m1="a", m2="failed", s1="failed", s2="a"))
    assert ruling.winner is Winner.A
    assert "failed" not in ruling.note


@pytest.mark.parametrize("silence", ["refused", "unparsable", "abstained", "missing"])
def test_other_silences_are_not_replaced(silence):
    panel = Panel(("m1", "m2", "m3"), 2, stand_ins=("s1",))

    ruling = deliberate(panel, PLURALITY, votes(m1="a", m2=silence, m3="a"))

    assert f"m2: {silence}" in ruling.note


def test_when_stand_ins_run_out_the_failure_is_counted_and_the_quorum_holds():
    panel = Panel(("m1", "m2", "m3"), 2, stand_ins=("s1",))

    ruling = deliberate(panel, PLURALITY, votes(m1="a", m2="failed", m3="failed", s1="failed"))

    assert (ruling.winner, ruling.silence) == (None, Silence.MISSING)
    assert "1 of 2 votes needed; 2 failed" in ruling.note


def test_a_sequential_jury_asks_one_by_one_until_the_outcome_cannot_change():
    panel = Panel(FIVE, 3, sequential=True)

    assert deliberate(panel, PLURALITY, {}) == Ask(("m1",))
    assert deliberate(panel, PLURALITY, votes(m1="a", m2="a")) == Ask(("m3",))
    ruling = deliberate(panel, PLURALITY, votes(m1="a", m2="a", m3="a"))
    assert ruling.winner is Winner.A
    assert "not asked: m4, m5" in ruling.note


def test_a_sequential_jury_goes_on_while_a_draw_is_possible():
    panel = Panel(("m1", "m2", "m3", "m4"), 1, sequential=True)

    assert deliberate(panel, PLURALITY, votes(m1="a", m2="a")) == Ask(("m3",))
    assert deliberate(panel, PLURALITY, votes(m1="a", m2="a", m3="a")).winner is Winner.A


def test_a_sequential_jury_stops_when_the_quorum_is_out_of_reach():
    panel = Panel(("m1", "m2", "m3"), 2, sequential=True)

    ruling = deliberate(panel, PLURALITY, votes(m1="refused", m2="refused"))

    assert (ruling.winner, ruling.silence) == (None, Silence.REFUSED)
    assert "not asked: m3" in ruling.note


def test_a_sequential_jury_that_is_certain_stops_and_without_a_fit_it_is_never_certain():
    rule = registry.build("dawid_skene", {"pooling": 0.0})
    state = rule.fit(ballots(900, {"sharp": 0.98, "fair": 0.9, "blunt": 0.6}))
    panel = Panel(("sharp", "fair", "blunt"), 1, sequential=True, certainty=0.9)
    heard = votes(sharp="a")

    assert deliberate(panel, rule, heard, state).winner is Winner.A
    assert deliberate(panel, rule, heard, None) == Ask(("fair",))


def test_in_a_sequential_jury_the_quorum_comes_before_certainty():
    rule = registry.build("dawid_skene", {"pooling": 0.0})
    state = rule.fit(ballots(900, {"sharp": 0.98, "fair": 0.9, "blunt": 0.6}))
    panel = Panel(("sharp", "fair", "blunt"), 2, sequential=True, certainty=0.9)

    assert deliberate(panel, rule, votes(sharp="a"), state) == Ask(("fair",))


def test_a_split_panel_escalates_and_the_higher_bench_decides():
    panel = Panel(("m1", "m2"), 1, escalate_to=("people",))
    split = votes(m1="a", m2="b")

    assert deliberate(panel, PLURALITY, split) == Ask(("people",))
    ruling = deliberate(panel, PLURALITY, {**split, **votes(people="b")})
    assert ruling.winner is Winner.B
    assert "escalated to people" in ruling.note
    agreed = deliberate(panel, PLURALITY, votes(m1="a", m2="a"))
    assert agreed.winner is Winner.A


def test_a_panel_without_a_verdict_escalates_too():
    panel = Panel(("m1", "m2"), 2, escalate_to=("people",))

    assert deliberate(panel, PLURALITY, votes(m1="refused", m2="a")) == Ask(("people",))


def test_a_silent_higher_bench_leaves_the_panels_own_ruling():
    panel = Panel(("m1", "m2"), 1, escalate_to=("people",))

    ruling = deliberate(panel, PLURALITY, votes(m1="a", m2="b", people="abstained"))

    assert ruling.winner is Winner.TIE
    assert "escalated without a verdict: 1 abstained" in ruling.note


def test_conclude_asks_nobody():
    panel = Panel(("m1", "m2", "m3"), 2, stand_ins=("s1",), escalate_to=("people",))

    assert conclude(panel, PLURALITY, votes(m1="a", m2="a")).winner is Winner.A
    assert conclude(panel, PLURALITY, votes(m1="a")).winner is None
    assert conclude(panel, PLURALITY, {}).silence is Silence.MISSING


words = st.sampled_from([*Winner, *Silence])


@given(
    said_by=st.fixed_dictionaries(dict.fromkeys((*FIVE, "s1", "s2", "up"), words)),
    quorum=st.integers(1, 5),
)
def test_stopping_early_never_changes_the_outcome_of_plurality(said_by, quorum):
    known = {
        name: Vote(name, word) if isinstance(word, Winner) else Vote(name, None, word)
        for name, word in said_by.items()
    }

    def outcome(sequential):
        panel = Panel(FIVE, quorum, ("s1", "s2"), (), sequential)
        heard, rounds = {}, 0
        while isinstance(answer := deliberate(panel, PLURALITY, heard), Ask):
            assert answer.names
            assert not set(answer.names) & set(heard)
            heard |= {name: known[name] for name in answer.names}
            rounds += 1
        return answer.winner, len(heard)

    together, one_by_one = outcome(False), outcome(True)

    assert one_by_one[0] == together[0]
    assert one_by_one[1] <= together[1]
