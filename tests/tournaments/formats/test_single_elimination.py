"""Single elimination: n - 1 games for every n, fair byes, visible lots, no barrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import ceil, log2, sqrt

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Result
from tournaments.formats.single_elimination import Node, bracket

FORMAT = registry.build("single_elimination")


def field_of(n: int, seed: int = 0, prompt: int = 7) -> Field:
    return Field(tuple(range(n)), (prompt,), seed)


def play_out(field: Field, result: Callable[[Pairing], Result]) -> list[Game]:
    games: list[Game] = []
    while pairings := FORMAT.next_pairings(field, games):
        games += [Game(pairing, result(pairing)) for pairing in pairings]
    return games


def stronger(pairing: Pairing) -> Result:
    return Result.A if pairing.a > pairing.b else Result.B


@pytest.mark.parametrize("n", range(2, 66))
def test_every_size_plays_n_minus_one_games_and_the_best_wins(n: int) -> None:
    field = field_of(n)
    games = play_out(field, stronger)
    nodes = bracket(field, games)
    losers = Counter(min(g.pairing.a, g.pairing.b) for g in games)
    final = nodes[-1]
    assert len(games) == len(nodes) == n - 1 == FORMAT.planned_games(n, 1)
    assert set(losers) == set(range(n - 1))
    assert set(losers.values()) == {1}
    assert final.advancing == n - 1
    assert (final.round, final.position) == (ceil(log2(n)) - 1, 0)
    assert [node.round for node in nodes].count(final.round) == 1


@pytest.mark.parametrize("n", range(2, 66))
def test_nodes_form_one_tree_with_byes_in_round_0_only(n: int) -> None:
    nodes = {(node.round, node.position): node for node in bracket(field_of(n), [])}
    fed = [slot for node in nodes.values() for slot in (node.feeder_a, node.feeder_b) if slot]
    direct = [node for node in nodes.values() for s in (node.feeder_a, node.feeder_b) if s is None]
    assert len(nodes) == n - 1
    assert sorted(fed) == sorted(nodes.keys() - {max(nodes)})
    assert len(direct) == n
    assert all(node.round <= 1 for node in direct)
    assert [node.round for node in direct].count(1) == (2 ** ceil(log2(n)) - n if n > 2 else 0)
    for (round_, position), node in nodes.items():
        assert node.feeder_a in (None, (round_ - 1, 2 * position))
        assert node.feeder_b in (None, (round_ - 1, 2 * position + 1))


@pytest.mark.parametrize("n", [3, 5, 6, 7, 11, 13])
def test_every_entrant_has_the_same_chance_of_a_bye(n: int) -> None:
    seeds = 3000
    byes = Counter(
        entrant
        for seed in range(seeds)
        for node in bracket(field_of(n, seed), [])
        if node.round == 1
        for entrant in (node.a, node.b)
        if entrant is not None
    )
    chance = (2 ** ceil(log2(n)) - n) / n
    spread = sqrt(seeds * chance * (1 - chance))
    assert sum(byes.values()) == pytest.approx(seeds * chance * n)
    assert all(abs(byes[e] - seeds * chance) < 4 * spread for e in range(n))


def test_byes_are_spread_over_the_bracket() -> None:
    def leaves(node: Node, nodes: dict[tuple[int, int], Node]) -> list[int]:
        sides = [leaves(nodes[s], nodes) if s else [] for s in (node.feeder_a, node.feeder_b)]
        sizes = [sum(side[-1:]) or 1 for side in sides]
        assert abs(sizes[0] - sizes[1]) <= 1
        return [sum(sizes)]

    for n in range(2, 66):
        nodes = {(node.round, node.position): node for node in bracket(field_of(n), [])}
        assert leaves(nodes[max(nodes)], nodes) == [n]


def test_brackets_differ_between_prompts_and_seeds() -> None:
    draws = {
        tuple(FORMAT.next_pairings(field_of(16, seed, prompt), []))
        for seed in range(5)
        for prompt in range(5)
    }
    pairs = {tuple((p.a, p.b) for p in draw) for draw in draws}
    assert len(pairs) == 25


def test_a_game_starts_as_soon_as_its_own_feeders_are_settled() -> None:
    field = field_of(8)
    first, second, *rest = FORMAT.next_pairings(field, [])
    games = [Game(first, Result.A), Game(second, Result.B)]
    games += [Game(pairing, Result.PENDING) for pairing in rest]
    assert FORMAT.next_pairings(field, games) == [Pairing(7, first.a, second.b, 1, 0)]


def test_a_game_does_not_start_before() -> None:
    field = field_of(8)
    first, second, *rest = FORMAT.next_pairings(field, [])
    games = [Game(first, Result.A), Game(second, Result.PENDING)]
    games += [Game(pairing, Result.PENDING) for pairing in rest]
    assert FORMAT.next_pairings(field, games) == []
    node = next(node for node in bracket(field, games) if (node.round, node.position) == (1, 0))
    assert (node.a, node.b, node.result, node.advancing) == (first.a, None, None, None)


@pytest.mark.parametrize("result", [Result.TIE, Result.UNDECIDED])
def test_without_a_winner_a_lot_decides_and_says_so(result: Result) -> None:
    field = field_of(11, seed=3)
    games = play_out(field, lambda _: result)
    nodes = bracket(field, games)
    assert len(games) == 10
    assert all(node.by_lot and node.advancing in (node.a, node.b) for node in nodes)
    assert bracket(field, games[::-1]) == nodes


def test_games_with_a_winner_are_not_by_lot() -> None:
    field = field_of(11)
    assert not any(node.by_lot for node in bracket(field, play_out(field, stronger)))


def test_lots_favour_nobody() -> None:
    champions = Counter(
        bracket(field, play_out(field, lambda _: Result.TIE))[-1].advancing
        for field in (field_of(4, seed) for seed in range(2000))
    )
    assert all(abs(champions[e] - 500) < 4 * sqrt(2000 * 0.25 * 0.75) for e in range(4))


def test_a_game_stored_the_other_way_round_keeps_its_winner() -> None:
    field = field_of(2)
    (pairing,) = FORMAT.next_pairings(field, [])
    turned = Pairing(pairing.prompt, pairing.b, pairing.a, pairing.round, pairing.position)
    (node,) = bracket(field, [Game(turned, Result.A)])
    assert node.advancing == pairing.b


def test_a_history_of_another_bracket_is_refused() -> None:
    field = field_of(4)
    with pytest.raises(ValueError, match=r"\(0, 0\) is not between"):
        bracket(field, [Game(Pairing(7, 98, 99, 0, 0), Result.A)])
    with pytest.raises(ValueError, match=r"no game .* \(5, 0\)"):
        bracket(field, [Game(Pairing(7, 0, 1, 5, 0), Result.A)])


@pytest.mark.parametrize("n", [0, 1])
def test_no_bracket_for_nobody(n: int) -> None:
    assert bracket(field_of(n), []) == ()
