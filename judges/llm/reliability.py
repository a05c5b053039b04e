"""How likely an answer is correct, from comparisons with references of known correctness.

Meta Ranking compares pairs of a query and its answer across queries: which is the more correct
answer to its own query? The paper's voting constants are not public. Here each comparison is an
observation whose likelihoods are estimated on the references themselves, which have labels on both
sides; so a judge that cannot tell moves nothing, and one that errs in a way of its own is read as
it errs.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pydantic import Field

from arena.common import plugins

SMOOTHING = 1.0
"""Laplace: each outcome counts as seen once."""


class Outcome(IntEnum):
    """What a comparison says of the target beside the reference."""

    WORSE = -1
    EQUAL = 0
    BETTER = 1

    def mirrored(self) -> Outcome:
        return Outcome(-self)


class Reference(plugins.Params):
    """A prompt, an answer to it, and whether that is correct."""

    prompt: str = Field(min_length=1, max_length=100_000, description="what was asked")
    answer: str = Field(max_length=100_000, description="what was answered")
    correct: bool = Field(description="whether the answer is correct")

    @property
    def key(self) -> str:
        """A hash of the content: an order that nobody chose, the same in every process."""
        return _hash(self.prompt, self.answer, str(self.correct))


@dataclass(frozen=True)
class Observation:
    """The outcome of a comparison with a reference of this correctness."""

    correct: bool
    outcome: Outcome


@dataclass(frozen=True)
class Likelihoods:
    """P(outcome | reference correct or not, target correct or not), smoothed."""

    counts: Mapping[tuple[bool, bool], Mapping[Outcome, float]]

    def probability(self, outcome: Outcome, reference: bool, target: bool) -> float:
        counts = self.counts.get((reference, target), {})
        total = sum(counts.values()) + SMOOTHING * len(Outcome)
        return (counts.get(outcome, 0.0) + SMOOTHING) / total

    def weight(self, seen: Observation) -> float:
        """What one observation adds to the log-odds of the target being correct."""
        for_it = self.probability(seen.outcome, seen.correct, target=True)
        against = self.probability(seen.outcome, seen.correct, target=False)
        return math.log(for_it / against)


def estimate(compared: Iterable[tuple[Reference, Reference, Outcome]]) -> Likelihoods:
    """Likelihoods from comparisons among references: each one counts from both sides."""
    counts: dict[tuple[bool, bool], Counter[Outcome]] = {}
    for target, reference, outcome in compared:
        for one, other, seen in (
            (target, reference, outcome),
            (reference, target, outcome.mirrored()),
        ):
            counts.setdefault((other.correct, one.correct), Counter())[seen] += 1
    return Likelihoods({known: dict(counted) for known, counted in counts.items()})


def log_odds(prior: float, seen: Iterable[Observation], likelihoods: Likelihoods) -> float:
    """The log-odds of an answer being correct; `prior` is the probability before any comparison."""
    return math.log(prior / (1 - prior)) + sum(likelihoods.weight(one) for one in seen)


def probability(log_odds: float) -> float:
    """The inverse of the log-odds, without overflow."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))


def chosen(references: Sequence[Reference], count: int, salt: str) -> list[Reference]:
    """`count` references for one item, as many correct as wrong ones where there are enough.

    `salt` belongs to the prompt: all its answers meet the same references, so an answer's
    comparisons are asked once however many opponents it has.
    """
    drawn = sorted(references, key=lambda reference: _hash(salt, reference.key))
    correct = [reference for reference in drawn if reference.correct]
    wrong = [reference for reference in drawn if not reference.correct]
    pairs = itertools.zip_longest(correct, wrong)
    mixed = [reference for pair in pairs for reference in pair if reference is not None]
    return mixed[:count]


def calibration_pairs(
    references: Sequence[Reference], count: int
) -> list[tuple[Reference, Reference]]:
    """At most `count` pairs of references: mixed ones, both correct, both wrong, in turn."""
    ordered = sorted(references, key=lambda reference: reference.key)
    groups: dict[int, list[tuple[Reference, Reference]]] = {1: [], 2: [], 0: []}
    for one, other in itertools.combinations(ordered, 2):
        groups[one.correct + other.correct].append((one, other))
    for pairs in groups.values():
        pairs.sort(key=lambda pair: _hash(pair[0].key, pair[1].key))
    in_turn = itertools.zip_longest(*groups.values())
    return [pair for turn in in_turn for pair in turn if pair is not None][:count]


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
