"""All tests on all raters, against a field of those who are not suspected.

Riggers move what the field expects, which hides them and makes honest raters look odd. So the tests
are repeated with the suspected left out of the field until the suspects stay the same.

Within each test p-values are corrected over the raters by Benjamini and Hochberg's method, and the
tests share the level: of a hundred raters that are flagged alone, five are expected to be honest at
most. Of those that are flagged as members of a ring it is the same share, by their posteriors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray, IntArray
from judges.stats.raters.clicking import Skills, clicking_elsewhere, clicking_p, skills
from judges.stats.raters.correction import benjamini_hochberg
from judges.stats.raters.field import Field, expect
from judges.stats.raters.identity import identity_ratio
from judges.stats.raters.pushing import pushing
from judges.stats.raters.ring import LIKELY, Ring, candidates, rings
from judges.stats.raters.rivals import lifting_ratio
from judges.stats.raters.sides import side_p
from judges.stats.raters.speed import speed_p
from judges.stats.raters.tastes import Tastes, tastes
from judges.stats.raters.ties import tie_chance
from judges.stats.raters.votes import Votes

Test = Literal["speed", "side", "competitor", "identity", "random"]
TESTS: Final[tuple[Test, ...]] = ("speed", "side", "competitor", "identity", "random")
LEVEL: Final = 0.05
"""Expected share of honest raters among the flagged; the tests have a fifth of it each."""

RING_LEVEL: Final = 0.01
DOUBT: Final = 2.0
"""A ring with this corrected p (it may exceed 1) is not told of, but its members are left out of
the field that the next round compares with: if it is a ring, it then shows better."""

ROUNDS: Final = 5

LEAST_OTHERS: Final = 2
"""So many trusted others make a field. Of two people who differ, either is as odd as the other."""

LEAST_SKILLS: Final = 5
"""So many trusted others show how skilled people are; beside fewer the unsteady look random."""


@dataclass(frozen=True)
class Suspicion:
    """p, adjusted: (R, T) of TESTS, before and after correction over raters. pushed, way: (R,)
    the competitor that the rater favours or refuses most, as an index, and FOR or AGAINST.
    rings: groups of accounts. membership: (R,) the probability of belonging to one; doubt: to one
    or a doubtful one."""

    field: Field
    skills: Skills
    tastes: Tastes
    p: FloatArray
    adjusted: FloatArray
    pushed: IntArray
    way: IntArray
    rings: tuple[Ring, ...]
    membership: FloatArray
    doubt: FloatArray

    @property
    def alone(self) -> BoolArray:
        """(R, T) which test flags which rater."""
        found: BoolArray = self.adjusted <= LEVEL / len(TESTS)
        return found

    @property
    def flagged(self) -> BoolArray:
        """(R,) who is flagged, alone or as a member of a ring."""
        found: BoolArray = np.any(
            [self.alone.any(axis=1), *(r.members for r in self.rings)], axis=0
        )
        return found


def suspicion(votes: Votes) -> Suspicion:
    """Test everybody; the field of the last round is of those who are not suspected."""
    trusted = np.ones(votes.raters, dtype=bool)
    found = examine(votes, trusted)
    for _ in range(ROUNDS - 1):
        still = ~found.flagged & (found.doubt <= LIKELY)
        if (still == trusted).all() or not still.any():
            break
        trusted = still
        found = examine(votes, trusted)
    return found


def examine(votes: Votes, trusted: BoolArray) -> Suspicion:
    """One round: every rater against the field of the trusted ones (R,)."""
    field = expect(votes, trusted)
    liked = tastes(field, trusted)
    skilled = skills(field, liked, trusted)
    pushes = pushing(field, liked, tie_chance(field, trusted))
    named = identity_ratio(field, liked)
    competitor, pushed, way = pushes.of_raters()
    identity = np.minimum(1.0, 1.0 / np.maximum(named, 1e-300))
    others = trusted.sum() - trusted
    against_field = [np.where(others < LEAST_OTHERS, 1.0, p) for p in (competitor, identity)]
    clicking = np.where(others < LEAST_SKILLS, 1.0, clicking_p(skilled))
    columns = (speed_p(votes), side_p(votes), *against_field, clicking)
    adjusted = [benjamini_hochberg(column) for column in columns]
    every = candidates(
        pushes, clicking_elsewhere(field, skilled), named, lifting_ratio(field, liked)
    )
    doubted = rings(every, DOUBT, LEVEL)
    found = tuple(ring for ring in doubted if ring.p <= RING_LEVEL)
    return Suspicion(
        field=field,
        skills=skilled,
        tastes=liked,
        p=np.stack(columns, axis=1),
        adjusted=np.stack(adjusted, axis=1),
        pushed=pushed,
        way=way,
        rings=found,
        membership=_of_any(found, votes.raters),
        doubt=_of_any(doubted, votes.raters),
    )


def _of_any(found: Sequence[Ring], raters: int) -> FloatArray:
    """(R,) the probability of belonging to one of the rings."""
    outside = np.ones(raters)
    for ring in found:
        outside *= 1.0 - ring.posterior
    return 1.0 - outside
