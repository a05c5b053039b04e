"""How well each aggregation agrees with people, beside plurality and the best single member.

    python bench/juries.py [--data FOLDER] [--replicates N]

FOLDER holds published pairwise judgments as native data set folders. Default: ARENA_SHARED_DATA,
or ../shared/data beside the repository. A member's vote is its verdict over both orders where it
was asked both ways (a tie when they disagree). Everything that is fitted, with or without labels,
rules on a prompt by a fit of the other prompts. Intervals are of a paired bootstrap by prompt.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from judges.aggregation import DEFAULT, registry  # noqa: E402
from judges.aggregation.base import Aggregation, Ballot, State, Unfit, Vote  # noqa: E402
from judges.aggregation.deliberation import Ask, Panel, deliberate  # noqa: E402
from judges.aggregation.validation import (  # noqa: E402
    FOLDS,
    codes,
    cross_ruled,
    folds,
    kappa,
    resamples,
)
from judges.contracts import Winner  # noqa: E402

TURNED = {"a": "b", "b": "a"}
Cell = tuple[str, str, str]
"""Prompt, and two competitors in alphabetical order."""

Said = Mapping[str, list[tuple[str, Winner]]]
"""{judge: [(order, winner)]} on one cell."""


@dataclass(frozen=True)
class Trial:
    """A jury, and ballots whose label is what the jury shall say."""

    members: tuple[str, ...]
    ballots: list[Ballot]

    @property
    def quorum(self) -> int:
        return len(self.members) // 2 + 1


@dataclass(frozen=True)
class World:
    """Trials on the same prompts; figures are means over them."""

    title: str
    trials: list[Trial]


# reading ----------------------------------------------------------------------------------------
def read(folder: Path) -> tuple[dict[Cell, Said], dict[str, str]]:
    """What everybody said on each pair, a being the alphabetically first side; judges' kinds."""
    cells: defaultdict[Cell, defaultdict[str, list[tuple[str, Winner]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    kinds = {}
    with gzip.open(folder / "judgments.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            a, b = sorted((row["model_a"], row["model_b"]))
            turned = a != row["model_a"]
            winner = TURNED.get(row["winner"], row["winner"]) if turned else row["winner"]
            order = "ba" if turned else "ab"
            cells[row["prompt_id"], a, b][row["judge"]].append((order, Winner(winner)))
            kinds[row["judge"]] = row["judge_kind"]
    return dict(cells), kinds


def both_orders(judge: str, said: Sequence[tuple[str, Winner]]) -> Vote:
    winners = {winner for _, winner in said}
    orders = [1 if order == "ab" else -1 for order, _ in said]
    return Vote(
        judge,
        next(iter(winners)) if len(winners) == 1 else Winner.TIE,
        consistent=len(winners) == 1 if len(set(orders)) == 2 else None,
        shown=float(np.mean(orders)),
    )


def one_order(judge: str, said: Sequence[tuple[str, Winner]]) -> Vote:
    """As if only one order had been paid for; drawn, but the same in every run."""
    drawn = sorted(said)[sum(map(ord, judge + str(said[0]))) % len(said)]
    return Vote(judge, drawn[1], shown=1.0 if drawn[0] == "ab" else -1.0)


def majority(winners: Iterable[Winner]) -> Winner | None:
    (first, most), *rest = Counter(winners).most_common() or [(None, 0)]
    return Winner.TIE if rest and rest[0][1] == most else first


def trial(
    cells: Mapping[Cell, Said],
    members: Sequence[str],
    truth: Sequence[str],
    vote: Callable[[str, Sequence[tuple[str, Winner]]], Vote] = both_orders,
) -> Trial:
    """The cells on which all `members` have spoken, and one of `truth` at least."""
    ballots = []
    for (prompt, a, b), said in sorted(cells.items()):
        labels = [winner for judge in truth for winner in _as_people(judge, said.get(judge, []))]
        if labels and all(member in said for member in members):
            votes = tuple(vote(member, said[member]) for member in members)
            ballots.append(Ballot(prompt, a, b, votes, majority(labels)))
    return Trial(tuple(members), ballots)


def _as_people(judge: str, said: Sequence[tuple[str, Winner]]) -> list[Winner]:
    """People's votes as they are (one order each); a machine's as its verdict over both orders."""
    if len({order for order, _ in said}) < 2:
        return [winner for _, winner in said]
    vote = both_orders(judge, said)
    return [vote.winner] if vote.winner else []


def worlds(data: Path) -> Iterator[World]:
    yield from of_pandalm(data / "pandalm")
    yield from of_vicuna(data / "vicuna80_arena")
    yield from of_ko_mtbench(data / "ko_mtbench")


def of_pandalm(folder: Path) -> Iterator[World]:
    cells, kinds = read(folder)
    machines = sorted(name for name, kind in kinds.items() if kind == "llm")
    people = sorted(name for name, kind in kinds.items() if kind == "human")
    if len(machines) < 6:
        print(
            f"pandalm: the data folder has {len(machines)} recorded machine judges "
            f"({', '.join(machines)}), not the six of the published juries, so the comparison "
            "with plurality 0.621 and label-free 0.664 cannot be made here."
        )
    yield World(f"pandalm: {len(machines)} machines -> people", [trial(cells, machines, people)])
    others = {one: [name for name in people if name != one] for one in people}
    yield World(
        "pandalm: machines and two annotators -> the third",
        [trial(cells, [*machines, *rest], [one]) for one, rest in others.items()],
    )


def of_vicuna(folder: Path) -> Iterator[World]:
    cells, kinds = read(folder)
    machines = sorted(name for name, kind in kinds.items() if kind == "llm")
    people = ["mturk", "prd-human"]
    title = f"vicuna80_arena: {len(machines)} machines -> people"
    yield World(f"{title}, both orders", [trial(cells, machines, people)])
    yield World(f"{title}, one order each", [trial(cells, machines, people, one_order)])


def of_ko_mtbench(folder: Path) -> Iterator[World]:
    cells, kinds = read(folder)
    machines = sorted(kinds)
    rest = {one: [name for name in machines if name != one] for one in machines}
    yield World(
        "ko_mtbench: five machines -> the sixth",
        [trial(cells, others, [one]) for one, others in rest.items()],
    )
    halves = [(half, sorted(set(machines) - set(half))) for half in combinations(machines, 3)]
    yield World(
        "ko_mtbench: three machines -> majority of the other three",
        [trial(cells, half, others) for half, others in halves],
    )
    yield World(
        "ko_mtbench: three machines, one order each -> majority of the other three",
        [trial(cells, half, others, one_order) for half, others in halves],
    )


# measuring --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Measured:
    """Verdict codes for each trial, and how many members were asked on average."""

    verdicts: list[np.ndarray]
    asked: float


class Scale:
    """Kappas of verdicts with the labels of a world, for the sample and its replicates."""

    def __init__(self, world: World, replicates: int) -> None:
        self.labels = [codes([b.label for b in t.ballots]) for t in world.trials]
        prompts = [[b.prompt for b in t.ballots] for t in world.trials]
        self.draws = [list(resamples(each, replicates, seed=1)) for each in prompts]

    def kappa(self, measured: Measured) -> float:
        pairs = zip(self.labels, measured.verdicts, strict=True)
        return float(np.mean([kappa(label, verdict) for label, verdict in pairs]))

    def replicates(self, measured: Measured) -> np.ndarray:
        """(replicates,) of the mean kappa. Trials draw the same prompts: the seed is the same."""
        each = [
            [kappa(label[rows], verdict[rows]) for rows in draws]
            for label, verdict, draws in zip(
                self.labels, measured.verdicts, self.draws, strict=True
            )
        ]
        return np.mean(np.array(each), axis=0)


def measure(world: World, rule: Aggregation) -> Measured:
    """Every member asked; fits by folds of prompts."""
    found = [
        codes([ruling.winner for ruling in cross_ruled(rule, t.ballots, t.quorum)])
        for t in world.trials
    ]
    return Measured(found, float(np.mean([len(t.members) for t in world.trials])))


def single(world: World) -> tuple[str, Measured]:
    """The member that is best with these labels in view; in each trial another one may be."""
    names, found = [], []
    for each in world.trials:
        label = codes([ballot.label for ballot in each.ballots])
        votes = {
            member: codes([ballot.votes[place].winner for ballot in each.ballots])
            for place, member in enumerate(each.members)
        }
        best = max(votes, key=lambda name: kappa(label, votes[name]))
        names.append(best)
        found.append(votes[best])
    return Counter(names).most_common(1)[0][0], Measured(found, 1.0)


def sequential(world: World, rule: Aggregation, certainty: float) -> Measured:
    """Members asked one after the other, in alphabetical order."""
    verdicts, asked = [], []
    for each in world.trials:
        panel = Panel(each.members, each.quorum, sequential=True, certainty=certainty)
        fold_of = folds([ballot.prompt for ballot in each.ballots], FOLDS, seed=0)
        states: dict[int, State | None] = dict.fromkeys(set(fold_of.values()))
        if rule.learns:
            for fold in states:
                states[fold] = rule.fit([b for b in each.ballots if fold_of[b.prompt] != fold])
        winners = []
        known: dict[tuple[int, tuple[Vote, ...]], tuple[Winner | None, int]] = {}
        for ballot in each.ballots:
            key = (fold_of[ballot.prompt], ballot.votes)
            if key not in known:
                known[key] = _deliberated(panel, rule, ballot, states[key[0]])
            winners.append(known[key][0])
            asked.append(known[key][1])
        verdicts.append(codes(winners))
    return Measured(verdicts, float(np.mean(asked)))


def _deliberated(
    panel: Panel, rule: Aggregation, ballot: Ballot, state: State | None
) -> tuple[Winner | None, int]:
    votes: dict[str, Vote] = {}
    known = {vote.voter: vote for vote in ballot.votes}
    while isinstance(answer := deliberate(panel, rule, votes, state), Ask):
        votes |= {name: known[name] for name in answer.names}
    return answer.winner, len(votes)


# printing ---------------------------------------------------------------------------------------
def report(world: World, replicates: int) -> None:
    scale = Scale(world, replicates)
    cells = sorted({len(each.ballots) for each in world.trials})
    print(
        f"\n{world.title}: {len(world.trials)} juries, {cells[0]} to {cells[-1]} comparisons each"
    )
    plain = measure(world, registry.build("plurality"))
    base = scale.replicates(plain)
    print(f"  {'rule':34} {'kappa':>6} {'95 %':>16} {'less plurality':>24}")
    best, alone = single(world)
    line(f"best member ({best})"[:34], alone, scale, base)
    line("plurality", plain, scale, base)
    line("plurality, side beats tie", measure(world, _side_beats_tie()), scale, base)
    for name in registry.names():
        if name == "plurality":
            continue
        try:
            line(name + " *" * (name == DEFAULT), measure(world, registry.build(name)), scale, base)
        except Unfit as reason:
            print(f"  {name:34} not fitted: {reason}")
    if len(world.trials[0].members) > 2:
        report_sequential(world, scale)


def line(name: str, measured: Measured, scale: Scale, base: np.ndarray) -> None:
    drawn = scale.replicates(measured)
    low, high = np.quantile(drawn, (0.025, 0.975))
    gain, (gain_low, gain_high) = (drawn - base).mean(), np.quantile(drawn - base, (0.025, 0.975))
    sign = "+" if gain_low > 0 else "-" if gain_high < 0 else " "
    print(
        f"  {name:34} {scale.kappa(measured):6.3f} [{low:6.3f}, {high:6.3f}] "
        f"{gain:+6.3f} [{gain_low:+6.3f}, {gain_high:+6.3f}] {sign}"
    )


def report_sequential(world: World, scale: Scale) -> None:
    """Members asked when the panel stops early, and what that does to kappa."""
    for name in dict.fromkeys(("plurality", DEFAULT)):
        rule = registry.build(name)
        full = measure(world, rule)
        base = scale.replicates(full)
        for certainty in (1.0,) if not rule.learns else (1.0, 0.99, 0.95, 0.9):
            stopped = sequential(world, rule, certainty)
            change = scale.replicates(stopped) - base
            low, high = np.quantile(change, (0.025, 0.975))
            print(
                f"  sequential {name}, certainty {certainty:4.2f}: {stopped.asked:.2f} of "
                f"{full.asked:.0f} asked ({1 - stopped.asked / full.asked:.0%} saved), kappa "
                f"{scale.kappa(stopped):.3f}, change {change.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
            )


def _side_beats_tie() -> Aggregation:
    return registry.build("plurality", {"side_beats_tie": True})


def main() -> int:
    default = os.environ.get("ARENA_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description="aggregations against people")
    parser.add_argument("--data", type=Path, default=Path(default), metavar="FOLDER")
    parser.add_argument("--replicates", type=int, default=500)
    options = parser.parse_args()
    names = ("pandalm", "vicuna80_arena", "ko_mtbench")
    missing = [str(options.data / name) for name in names if not (options.data / name).is_dir()]
    if missing:
        print(f"juries: not measured, no such folder: {', '.join(missing)}")
        return 1
    print("+ or -: significantly better or worse than plurality; *: the default")
    for world in worlds(options.data):
        report(world, options.replicates)
    return 0


if __name__ == "__main__":
    sys.exit(main())
