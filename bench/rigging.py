"""Are riggers found, honest raters left in peace, and the target's rank restored?

    python bench/rigging.py [--worlds N] [--processes N]

Every row is a number of simulated worlds (`_rater_worlds.py`): 100 honest raters of differing
skill, taste and speed cast about 80 votes each on 2,500 comparisons of 12 competitors; then come
those of the row. The ring of 20 pushes the competitor of true rank 8. "Shift" is how many places
the target stands higher than without the attack, with its 95 % interval over worlds: with no
defence, when those who are flagged are quarantined, and when votes are weighted by trust.
The truth is the order of the strengths the world was made of. Exits non-zero when more than 1 % of
honest raters are flagged in any row.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from bench._rater_worlds import (  # noqa: E402
    STRATEGIES,
    Account,
    Cheat,
    Truth,
    World,
    attacked,
    clicker,
    gathered,
    honest,
    honest_field,
    masked,
    rank,
    rating,
    rusher,
    side_picker,
    truth,
)
from judges.stats.raters.review import review  # noqa: E402
from judges.stats.raters.suspicion import suspicion  # noqa: E402

TARGET = 7
ALLOWED = 0.01
FRESH = 10_000
"""First seed: the constants of the tests were chosen on worlds with lower ones."""


@dataclass(frozen=True)
class Scene:
    """A world with its honest accounts, to which others are added."""

    world: World
    truth: Truth
    accounts: list[Account]
    rng: np.random.Generator


@dataclass(frozen=True)
class Row:
    """One line of the table: a kind of world, and who joins its honest raters."""

    title: str
    world: World
    extra: Callable[[Scene], list[Account]]


@dataclass(frozen=True)
class Outcome:
    """One world: share of riggers and of honest raters flagged; the target's place in truth, by
    honest votes, by all, without the flagged, weighted by trust."""

    detected: float
    false: float
    places: tuple[int, int, int, int, int]


def nobody(_: Scene) -> list[Account]:
    return []


def ring(strategy: str, scene: Scene) -> list[Account]:
    return attacked(scene.world, scene.truth, scene.accounts, strategy, TARGET, scene.rng)


def careless(cheat: Cheat, votes: int, scene: Scene) -> list[Account]:
    """Ten careless raters of so many votes."""
    accounts = [honest(scene.world, scene.truth, votes, scene.rng) for _ in range(10)]
    return [cheat(masked(scene.truth, account, scene.rng)) for account in accounts]


def rows() -> list[Row]:
    plain = World()
    wild = replace(plain, taste=0.7, style=0.6, skill=0.5, side=0.3)
    found = [
        Row("nobody", plain, nobody),
        Row("nobody, tastes twice as wild", wild, nobody),
        Row("the same, 30 honest of 300 votes", replace(wild, honest=30, votes=300), nobody),
    ]
    for name in STRATEGIES:
        for votes in (80, 160) if name.startswith("camouflage") else (40,):
            world = replace(plain, ring_votes=votes)
            found.append(Row(f"ring: {name}, {votes} votes", world, partial(ring, name)))
    name = "target, honest elsewhere"
    found.append(Row(f"ring, wild tastes: {name}, 40 votes", wild, partial(ring, name)))
    cheats = [("side-pickers", side_picker, 40), ("rushers", rusher, 40)]
    cheats += [("random clickers", clicker, votes) for votes in (40, 160, 320)]
    for title, cheat, votes in cheats:
        found.append(Row(f"10 {title}, {votes} votes", plain, partial(careless, cheat, votes)))
    return found


def played(row: Row, seed: int) -> Outcome:
    """One world of a row."""
    rng = np.random.default_rng(seed)
    world = row.world
    t = truth(world, rng)
    accounts = honest_field(world, t, rng)
    before = gathered(world, t, accounts)
    votes = gathered(world, t, accounts + row.extra(Scene(world, t, accounts, rng)))
    found = suspicion(votes)
    bad = np.arange(votes.raters) >= world.honest
    flagged = found.flagged
    trust = np.where(flagged, 0.0, 1.0 - found.membership)
    everybody = np.ones(votes.raters)
    places = [rank(rating(votes, kept), TARGET) for kept in (everybody, 1.0 - flagged, trust)]
    without = rank(rating(before, np.ones(before.raters)), TARGET)
    return Outcome(
        detected=float(flagged[bad].mean()) if bad.any() else np.nan,
        false=float(flagged[~bad].mean()),
        places=(rank(t.theta, TARGET), without, places[0], places[1], places[2]),
    )


def mean(values: Sequence[float], digits: int = 3, sign: str = "") -> str:
    """The mean with its 95 % interval over worlds."""
    found = np.array(values, dtype=float)
    half = 1.96 * found.std(ddof=1) / np.sqrt(len(found))
    return f"{found.mean():{sign}.{digits}f} ± {half:.{digits}f}"


def line(row: Row, outcomes: Sequence[Outcome]) -> str:
    detected = [outcome.detected for outcome in outcomes]
    false = [outcome.false for outcome in outcomes]
    _, without, attacked_, quarantined, weighted = np.array([o.places for o in outcomes]).T
    cells = [
        row.title,
        "–" if np.isnan(detected).any() else mean(detected),
        mean([100 * share for share in false], 2),
        *(mean(without - there, 2, "+") for there in (attacked_, quarantined, weighted)),
    ]
    return "| " + " | ".join(cells) + " |"


def speed() -> str:
    """How long the whole review of many votes takes."""
    world = replace(World(), honest=200, items=40_000, prompts=4_000)
    rng = np.random.default_rng(0)
    t = truth(world, rng)
    accounts = [honest(world, t, 1_000, rng) for _ in range(world.honest)]
    found = []
    for votes in (100, 1_000):
        part = [Account(*(column[:votes] for column in vars(a).values())) for a in accounts]
        columns = gathered(world, t, part)
        start = time.perf_counter()
        suspicion(columns)
        between = time.perf_counter()
        review(columns)
        whole = time.perf_counter() - between
        found.append(f"200 x {votes:,}: tests {between - start:.1f} s, all figures {whole:.1f} s")
    return "; ".join(found)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    print(f"{options.worlds} worlds a row; seconds of a review: {speed()}\n")
    print("| who joins | flagged | honest flagged, % | shift: no defence | quarantine | trust |")
    print("|---|---|---|---|---|---|")
    worst = 0.0
    with ProcessPoolExecutor(options.processes) as pool:
        for row in rows():
            outcomes = list(pool.map(partial(played, row), range(FRESH, FRESH + options.worlds)))
            worst = max(worst, float(np.mean([outcome.false for outcome in outcomes])))
            print(line(row, outcomes), flush=True)
    print(f"\nmost honest raters flagged in a row: {100 * worst:.2f} %")
    return int(worst > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
