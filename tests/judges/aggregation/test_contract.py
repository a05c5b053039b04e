"""What every registered aggregation owes, with a fit and without."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.aggregation import DEFAULT, registry
from judges.aggregation.base import State, Unfit, Vote
from judges.contracts import Silence, Winner
from tests.judges.aggregation.panels import TURNED, ballots, said, turned

NAMES = registry.names()
KNOWN = ["sharp", "fair", "blunt", "stranger", "other"]
"""Two of them no fit has met."""


def _fits() -> dict[str, State | None]:
    train = ballots()
    return {
        name: registry.build(name).fit(train) if registry.get(name).learns else None
        for name in NAMES
    }


FITS = _fits()
STATES = [pytest.param(name, None, id=f"{name}-unfitted") for name in NAMES] + [
    pytest.param(name, state, id=f"{name}-fitted") for name, state in FITS.items() if state
]
each_state = pytest.mark.parametrize(("name", "state"), STATES)

votes_strategy = st.lists(
    st.builds(
        lambda word, margin, shown: (word, margin, shown),
        st.sampled_from([*Winner, *Silence]),
        st.none() | st.floats(-10, 10),
        st.sampled_from([-1.0, 0.0, 1.0]),
    ),
    max_size=len(KNOWN),
).map(
    lambda rows: [
        Vote(who, word, margin=margin, shown=shown)
        if isinstance(word, Winner)
        else Vote(who, None, word)
        for who, (word, margin, shown) in zip(KNOWN, rows, strict=False)
    ]
)


def test_the_names_of_the_contract_are_there() -> None:
    assert NAMES == ["dawid_skene", "discrimination", "plurality", "stacking", "weighted"]
    assert DEFAULT in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_state_survives_json_and_rules_the_same(name: str) -> None:
    if FITS[name] is None:
        return
    rule, votes = registry.build(name), said(sharp="a", fair="b", blunt="b")
    stored = json.loads(json.dumps(FITS[name]))
    assert rule.combine(votes, 2, stored) == rule.combine(votes, 2, FITS[name])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_learn_from_is_said_in_words(name: str) -> None:
    with pytest.raises(Unfit, match=r"need|nothing"):
        registry.build(name).fit([])


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_does_not_depend_on_which_side_is_called_a(name: str) -> None:
    if FITS[name] is None:
        return
    mirrored = [
        type(b)(b.prompt, b.b, b.a, tuple(map(turned, b.votes)), TURNED.get(b.label, b.label))
        for b in ballots()
    ]
    state = registry.build(name).fit(mirrored)
    for votes in (said(sharp="a", fair="b", blunt="b"), said(sharp="tie", fair="b", blunt="a")):
        one = registry.build(name).combine(votes, 2, FITS[name])
        two = registry.build(name).combine(votes, 2, state)
        assert one.winner == two.winner
        assert one.share == pytest.approx(two.share, abs=1e-3)


@each_state
@given(votes=votes_strategy)
def test_exchanging_the_sides_exchanges_the_verdict(
    name: str, state: State | None, votes: list[Vote]
) -> None:
    rule = registry.build(name)
    one, two = rule.combine(votes, 1, state), rule.combine(list(map(turned, votes)), 1, state)
    assert two.winner == (TURNED.get(one.winner, one.winner) if one.winner else None)
    assert two.silence == one.silence
    if one.share is not None:
        assert two.share == pytest.approx(1 - one.share)


@each_state
@given(votes=votes_strategy, seed=st.integers(0, 100))
def test_the_order_of_votes_does_not_matter(
    name: str, state: State | None, votes: list[Vote], seed: int
) -> None:
    rule = registry.build(name)
    shuffled = random.Random(seed).sample(votes, len(votes))
    assert rule.combine(shuffled, 1, state) == rule.combine(votes, 1, state)


@each_state
@pytest.mark.parametrize("winner", list(Winner))
def test_a_unanimous_verdict_stands(name: str, state: State | None, winner: Winner) -> None:
    votes = [Vote(who, winner) for who in KNOWN]
    assert registry.build(name).combine(votes, 3, state).winner is winner
    assert registry.build(name).combine(votes[:1], 1, state).winner is winner


@each_state
def test_too_few_votes_are_no_verdict(name: str, state: State | None) -> None:
    ruling = registry.build(name).combine(said(sharp="a", fair="refused"), 2, state)
    assert (ruling.winner, ruling.silence, ruling.share) == (None, Silence.MISSING, None)
    assert "1 of 2 votes needed; 1 refused" in ruling.note


@each_state
@given(votes=votes_strategy, silence=st.sampled_from(list(Silence)))
def test_a_silent_vote_changes_nothing(
    name: str, state: State | None, votes: list[Vote], silence: Silence
) -> None:
    if not any(vote.winner for vote in votes):
        return
    rule = registry.build(name)
    more = [*votes, Vote("mute", None, silence)]
    one, two = rule.combine(votes, 1, state), rule.combine(more, 1, state)
    assert (one.winner, one.probabilities) == (two.winner, two.probabilities)
    assert f"mute: {silence}" in two.note


@each_state
def test_when_all_are_silent_the_most_frequent_silence_is_named(
    name: str, state: State | None
) -> None:
    votes = said(sharp="refused", fair="failed", blunt="refused")
    ruling = registry.build(name).combine(votes, 1, state)
    assert (ruling.winner, ruling.silence) == (None, Silence.REFUSED)
    assert registry.build(name).combine([], 1, state).silence is Silence.MISSING


@each_state
@given(votes=votes_strategy)
def test_probabilities_are_probabilities(name: str, state: State | None, votes: list[Vote]) -> None:
    ruling = registry.build(name).combine(votes, 1, state)
    if ruling.winner is None:
        assert not ruling.probabilities
        return
    assert sum(ruling.probabilities.values()) == pytest.approx(1)
    assert all(0 <= p <= 1 for p in ruling.probabilities.values())
    assert ruling.share is not None
    assert 0 <= ruling.share <= 1


@pytest.mark.parametrize("name", [name for name in NAMES if registry.get(name).learns])
def test_without_a_fit_it_says_so_and_counts_votes(name: str) -> None:
    votes = said(sharp="a", fair="b", blunt="b", other="unparsable")
    plain = registry.build("plurality").combine(votes, 2)
    ruling = registry.build(name).combine(votes, 2)
    assert (ruling.winner, ruling.probabilities) == (plain.winner, plain.probabilities)
    assert "no fit" in ruling.note


@pytest.mark.parametrize("name", ["weighted", "dawid_skene", "stacking"])
def test_a_sharp_member_can_overrule_blunt_ones(name: str) -> None:
    skills = {"sharp": 0.98, "blunt": 0.45, "dull": 0.45, "second": 0.9}
    state = registry.build(name).fit(ballots(900, skills))
    votes = said(sharp="a", second="a", blunt="b", dull="b")
    assert registry.build(name).combine(votes, 3, state).winner is Winner.A
    assert registry.build("plurality").combine(votes, 3).winner is Winner.TIE
