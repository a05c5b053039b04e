"""Do several accounts pull together, each too little to be seen alone?

Two groups: a share s of all raters does it, the others are honest. With each rater's likelihood
ratio r (`pushing.py`, `rivals.py`, `identity.py`) the ratio of the whole field is the product
of 1 - s + s r over the raters. Its mean is 1 when all are honest, so one over its mean on a grid
of s is a p-value (Markov's inequality), whichever accounts belong together.

Where it is significant, the members are the raters with the highest posterior probabilities, as
many as keep the expected share of honest ones among them low (Newton et al. 2004). They are taken
out before the next ring is looked for: who always names one competitor always refuses its opponents
too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray, IntArray
from judges.stats.raters.pushing import FOR, Pushing

SHARES: Final = np.array([0.02, 0.05, 0.1, 0.2, 0.3])
LIKELY: Final = 0.5
"""Who belongs to a ring with this probability is not asked about the next one."""


LEAST_MEMBERS: Final = 3
"""Fewer accounts are no ring; whoever pushes alone is tested alone."""

MEMBER: Final = 0.8
"""Nobody is called a member who belongs to the ring with less than this probability."""


@dataclass(frozen=True)
class Aim:
    """What accounts may do together: FOR or AGAINST a competitor, for it and against a rival, or
    (competitor None) vote by names. Competitors are indices."""

    competitor: int | None
    way: int = FOR
    rival: int | None = None


@dataclass(frozen=True)
class Ring:
    """Accounts that pull together. p: corrected for the number of aims.
    posterior: (R,) of belonging to it. members: (R,) who is said to."""

    aim: Aim
    p: float
    posterior: FloatArray
    members: BoolArray


@dataclass(frozen=True)
class Candidates:
    """ratio: (C, R, H) likelihood ratios of each rater for each aim, and H ways of following it.
    plain: (C', R, H) of the first C' aims, for or against one competitor, by votes on it alone."""

    aims: list[Aim]
    ratio: FloatArray
    plain: FloatArray

    def named(self, best: int, members: BoolArray) -> Aim:
        """The aim to tell of: of one competitor, the one on which the members' votes say most.

        Who pushes one seems to click at random in the votes on another, so the clearest ratio
        shows who belongs together, not always what for.
        """
        if best >= len(self.plain) or not members.any():
            return self.aims[best]
        logs = np.log(np.maximum(self.plain[:, members].mean(axis=2), 1e-3)).sum(axis=1)
        return self.aims[int(logs.argmax())]


def candidates(
    found: Pushing,
    elsewhere: FloatArray,
    identity: FloatArray,
    lifting: tuple[IntArray, IntArray, FloatArray],
) -> Candidates:
    """elsewhere: (R, K) ratios of clicking at random on the votes without competitor k, which half
    of the pushers may do. identity: (R,) ratios of voting by names. lifting: of `rivals.py`."""
    ways, raters, competitors, shares = found.ratio.shape
    pushed = found.ratio * (0.5 + 0.5 * elsewhere[None, :, :, None])
    aims = [Aim(k, way) for way in range(ways) for k in range(competitors)]
    aims += [Aim(None)]
    aims += [Aim(int(t), FOR, int(k)) for t, k in zip(lifting[0], lifting[1], strict=True)]
    named = np.broadcast_to(identity[None, :, None], (1, raters, shares))
    flat = np.moveaxis(pushed, 2, 1).reshape(-1, raters, shares)
    plain = np.moveaxis(found.ratio, 2, 1).reshape(flat.shape)
    return Candidates(aims, np.concatenate([flat, named, lifting[2]]), plain)


def rings(all_: Candidates, level: float, false_share: float) -> list[Ring]:
    """The rings that are significant at `level`, the clearest first.

    false_share: of honest raters among the members, expected at most.
    """
    free = np.ones(all_.ratio.shape[1], dtype=bool)
    significant: list[Ring] = []
    while free.any():
        logs = _evidence(all_.ratio[:, free])
        most = logs.max(axis=(1, 2))
        evidence = most + np.log(np.exp(logs - most[:, None, None]).mean(axis=(1, 2)))
        best = int(evidence.argmax())
        p = float(np.exp(-min(max(float(evidence[best]), 0.0), 600.0))) * len(all_.aims)
        if p > level:
            break
        posterior = np.zeros(len(free))
        posterior[free] = _posterior(all_.ratio[best, free], np.exp(logs[best] - most[best]))
        members = _chosen(posterior, false_share)
        significant.append(Ring(all_.named(best, members), p, posterior, members))
        if not (free & (posterior > LIKELY)).any():
            break
        free &= posterior <= LIKELY
    return significant


def _chosen(posterior: FloatArray, false_share: float) -> BoolArray:
    order = np.argsort(-posterior, kind="stable")
    wrong = np.cumsum(1.0 - posterior[order]) / np.arange(1, len(order) + 1)
    members = np.zeros(len(order), dtype=bool)
    members[order[: int((wrong <= false_share).sum())]] = True
    members &= posterior >= MEMBER
    if int(members.sum()) < LEAST_MEMBERS:
        members[:] = False
    return members


def _evidence(ratio: FloatArray) -> FloatArray:
    """(C, S, H) log likelihood ratios of the field, from ratios (C, R, H)."""
    logs = [np.log1p(share * (ratio - 1.0)).sum(axis=1) for share in SHARES]
    return np.stack(logs, axis=1)


def _posterior(ratio: FloatArray, weights: FloatArray) -> FloatArray:
    """(R,) memberships, from ratios (R, H) and weights (S, H) of the grid."""
    mixed = 1.0 + SHARES[:, None, None] * (ratio - 1.0)
    posterior = SHARES[:, None, None] * ratio / mixed
    members: FloatArray = np.einsum("srh,sh->r", posterior, weights / weights.sum())
    return np.clip(members, 0.0, 1.0)
