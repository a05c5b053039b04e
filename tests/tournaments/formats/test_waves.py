"""Waves: two under way at once, and the same schedule whenever and however one asks."""

from __future__ import annotations

import random

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Result

NAMES = [
    ("adaptive", {}),
    ("adaptive", {"schedule": "pairs"}),
    ("adaptive_top", {}),
    ("insertion", {}),
    ("insertion", {"method": "binary"}),
]
waved = pytest.mark.parametrize(("name", "params"), NAMES)
FIELD = Field(tuple(range(10, 18)), tuple(range(100, 130)), seed=5)


def verdict(pairing: Pairing) -> Result:
    """The same however often it is asked."""
    luck = random.Random(f"{pairing.prompt}:{pairing.a}:{pairing.b}").random()
    chance = 1 / (1 + 2.7 ** (0.5 * (pairing.b - pairing.a)))
    return Result.TIE if luck > 0.97 else Result.A if luck < chance else Result.B


def play(format_, field: Field, luck: random.Random | None = None) -> list[Game]:
    """With luck: verdicts come in any order, and now and then what is pending is lost."""
    games: dict[Pairing, Result] = {}
    while True:
        history = [Game(pairing, result) for pairing, result in games.items()]
        for pairing in format_.next_pairings(field, history):
            assert pairing not in games
            games[pairing] = Result.PENDING
        pending = [p for p, result in games.items() if result is Result.PENDING]
        if not pending:
            return [Game(pairing, result) for pairing, result in games.items()]
        settled = luck.sample(pending, luck.randint(1, len(pending))) if luck else pending
        for pairing in settled:
            games[pairing] = verdict(pairing)
        if luck and luck.random() < 0.2:
            games = {p: r for p, r in games.items() if r is not Result.PENDING}


@waved
def test_two_waves_start_at_once(name, params):
    first = registry.build(name, params).next_pairings(FIELD, [])

    assert {pairing.round for pairing in first} == {0, 1}


@waved
def test_a_third_wave_waits_for_the_first_and_not_for_the_second(name, params):
    format_ = registry.build(name, params)
    first = format_.next_pairings(FIELD, [])
    games = [Game(p, verdict(p) if p.round == 0 else Result.PENDING) for p in first]

    assert {p.round for p in format_.next_pairings(FIELD, games)} == {2}
    games[0] = Game(games[0].pairing, Result.PENDING)
    assert format_.next_pairings(FIELD, games) == []


@waved
@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_loss_changes_the_schedule(name, params, seed):
    format_ = registry.build(name, params)

    smooth = play(format_, FIELD)
    rough = play(format_, FIELD, random.Random(seed))

    assert set(rough) == set(smooth)


@waved
def test_nobody_plays_on_a_prompt_that_it_did_not_answer(name, params):
    answered = {100: frozenset({10, 11}), 101: frozenset({12}), 102: frozenset()}
    field = Field(FIELD.entrants, FIELD.prompts, 5, answered=answered)

    games = play(registry.build(name, params), field)

    assert all(
        {g.pairing.a, g.pairing.b} <= answered.get(g.pairing.prompt, set(field.entrants))
        for g in games
    )


def test_more_prompts_go_on_where_a_tournament_ended():
    format_ = registry.build("adaptive")
    games = play(format_, Field(FIELD.entrants, FIELD.prompts[:10], 5))

    more = format_.next_pairings(FIELD, games)

    assert more
    assert not {(p.round, p.position) for p in more} & {
        (g.pairing.round, g.pairing.position) for g in games
    }


def test_who_was_withdrawn_is_asked_no_more():
    format_ = registry.build("adaptive")
    first = [Game(p, verdict(p)) for p in format_.next_pairings(FIELD, [])]

    left = Field(FIELD.entrants[1:], FIELD.prompts, 5)
    more = format_.next_pairings(left, first)

    assert more
    assert not any(10 in (p.a, p.b) for p in more)


def test_games_bound_the_whole():
    assert len(play(registry.build("adaptive", {"games": 50}), FIELD)) == 50
    assert len(play(registry.build("adaptive", {"games": 5000}), FIELD)) == 28 * 30
    assert registry.build("adaptive").planned_games(8, 30) == 7 * 30
    assert registry.build("adaptive", {"until": "top"}).planned_games(8, 30) == 28 * 30


def test_a_graded_verdict_moves_the_belief_less():
    format_ = registry.build("adaptive")
    first = format_.next_pairings(FIELD, [])

    def later(share: float) -> list[Pairing]:
        games = [Game(p, Result.A, share=share) for p in first]
        for _ in range(3):
            games += [Game(p, Result.A, share=share) for p in format_.next_pairings(FIELD, games)]
        return [g.pairing for g in games]

    assert later(0.55) != later(1.0)
