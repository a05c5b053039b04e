"""What round formats share: the same draw and lots whenever asked, and rounds that stand."""

from __future__ import annotations

from tournaments.formats.base import Field, Game, Pairing, Result
from tournaments.formats.rounds import draw, next_round, pair_of, winner_of

FIELD = Field((1, 2, 3, 4), (7,), seed=9)


def game(a, b, round_=0, position=0, result=Result.A):
    return Game(Pairing(7, a, b, round_, position), result)


def paired(_games):
    return [(1, 2), (3, 4)]


def test_the_draw_depends_on_seed_and_prompt_only():
    assert draw(FIELD) == draw(Field((4, 3, 2, 1), (7,), seed=9))
    assert len({tuple(draw(Field((1, 2, 3, 4), (p,), seed=9))) for p in range(60)}) > 10


def test_a_pair_is_the_same_either_way():
    assert pair_of(4, 2) == pair_of(2, 4) == (2, 4)


def test_a_game_without_a_winner_is_passed_by_a_lot_that_stays():
    lots = {winner_of(game(1, 2, position=p, result=Result.TIE), FIELD) for p in range(20)}

    assert lots == {1, 2}
    assert winner_of(game(1, 2, result=Result.B), FIELD) == 2


def test_a_round_is_completed_before_the_next():
    begun = [game(1, 2)]

    assert next_round(FIELD, begun, paired, 2) == [Pairing(7, 3, 4, 0, 1)]
    pending = [*begun, game(3, 4, position=1, result=Result.PENDING)]
    assert next_round(FIELD, pending, paired, 2) == []
    settled = [*begun, game(3, 4, position=1)]
    assert [p.round for p in next_round(FIELD, settled, paired, 2)] == [1, 1]
    assert next_round(FIELD, settled, paired, 1) == []


def test_what_is_scheduled_stands_although_it_would_be_paired_otherwise_now():
    assert next_round(FIELD, [game(1, 3)], paired, 1) == []
