"""What every tournament format promises, whatever it is called."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tournaments.formats import registry
from tournaments.formats.base import Field, Format, Game, Result, Scope

DECIDED = (Result.A, Result.B, Result.TIE, Result.UNDECIDED)
each_format = pytest.mark.parametrize("name", registry.names())
sizes = st.integers(0, 20)
seeds = st.integers(0, 2**31)


def field_for(format_: Format, n: int, seed: int) -> Field:
    prompts = (40,) if format_.scope is Scope.PROMPT else (40, 41, 42)
    return Field(entrants=tuple(range(10, 10 + n)), prompts=prompts, seed=seed)


def play(format_: Format, field: Field, luck: random.Random) -> Iterator[list[Game]]:
    """Yield the history after each step; some of the open games are decided in every step."""
    games: list[Game] = []
    while True:
        games += [Game(pairing, Result.PENDING) for pairing in format_.next_pairings(field, games)]
        yield list(games)
        pending = [i for i, game in enumerate(games) if game.result is Result.PENDING]
        if not pending:
            return
        for i in luck.sample(pending, luck.randint(1, len(pending))):
            games[i] = Game(games[i].pairing, luck.choice(DECIDED))


def play_out(format_: Format, field: Field, luck: random.Random) -> list[Game]:
    *_, games = play(format_, field, luck)
    return games


@each_format
@given(n=sizes, seed=seeds)
@settings(max_examples=60, deadline=None)
def test_a_history_is_sound_and_ends_within_the_plan(name: str, n: int, seed: int) -> None:
    format_ = registry.build(name)
    field = field_for(format_, n, seed)
    pairings = [game.pairing for game in play_out(format_, field, random.Random(seed))]
    met = [(p.prompt, frozenset((p.a, p.b))) for p in pairings]
    assert all(p.a != p.b for p in pairings)
    assert {e for p in pairings for e in (p.a, p.b)} <= set(field.entrants)
    assert {p.prompt for p in pairings} <= set(field.prompts)
    assert len(set(met)) == len(met)
    assert len({(p.round, p.position) for p in pairings}) == len(pairings)
    assert all(p.round >= 0 and p.position >= 0 for p in pairings)
    assert len(pairings) <= format_.planned_games(n, len(field.prompts))


@each_format
@given(n=sizes, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_the_order_of_entrants_and_games_does_not_matter(name: str, n: int, seed: int) -> None:
    format_ = registry.build(name)
    field = field_for(format_, n, seed)
    luck = random.Random(seed)
    shuffled = Field(tuple(luck.sample(field.entrants, n)), field.prompts, field.seed)
    for games in play(format_, field, random.Random(seed)):
        known = [g for g in games if g.result is not Result.PENDING or luck.random() < 0.5]
        expected = registry.build(name).next_pairings(field, known)
        assert format_.next_pairings(shuffled, luck.sample(known, len(known))) == expected


@each_format
@given(n=sizes, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_asked_again_after_a_crash_it_answers_the_same(name: str, n: int, seed: int) -> None:
    format_ = registry.build(name)
    field = field_for(format_, n, seed)
    for games in play(format_, field, random.Random(seed)):
        assert format_.next_pairings(field, games) == []  # all were scheduled in this step
        lost = games[len(games) // 2 :]
        unplayed = {g.pairing for g in lost if g.result is Result.PENDING}
        kept = [g for g in games if g.pairing not in unplayed]
        assert set(registry.build(name).next_pairings(field, kept)) == unplayed


@each_format
@pytest.mark.parametrize("n", [0, 1])
def test_nobody_to_play_means_nothing_to_play(name: str, n: int) -> None:
    format_ = registry.build(name)
    assert format_.next_pairings(field_for(format_, n, seed=1), []) == []
    assert format_.planned_games(n, 5) == 0


@each_format
@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_gives_the_same_tournament(name: str, seed: int) -> None:
    first, again = (
        play_out(format_, field_for(format_, 9, seed), random.Random(seed))
        for format_ in (registry.build(name), registry.build(name))
    )
    assert first == again
    assert first


@each_format
def test_it_describes_itself(name: str) -> None:
    cls = registry.get(name)
    assert cls.label
    assert cls.description
    assert cls.scope in Scope
    assert cls.Params.model_json_schema()["type"] == "object"
