"""The way in: everything that is known of the raters of a project or a campaign.

found = review(votes, names={4: "model-x", 7: "model-y"})
for report in found.raters:
    report.flagged, report.agreement, report.findings
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from judges.stats.bootstrap import FloatArray, PromptBootstrap
from judges.stats.raters.bursts import Burst, burst
from judges.stats.raters.consensus import consensus
from judges.stats.raters.copying import Copies, copies
from judges.stats.raters.drift import drift
from judges.stats.raters.pushing import FOR
from judges.stats.raters.ring import Aim, Ring
from judges.stats.raters.sides import side_counts
from judges.stats.raters.speed import median_seconds, too_fast
from judges.stats.raters.suspicion import TESTS, Suspicion, Test, suspicion
from judges.stats.raters.votes import Vote, Votes, columns
from judges.stats.raters.worth import wilson_many, worth
from judges.stats.reliability import Reliability, reliability
from judges.stats.verdicts import NONE

COPY_LEVEL: Final = 0.01
BURST_LEVEL: Final = 0.01


@dataclass(frozen=True)
class Share:
    """A share of `n` votes with its 95 % interval (Wilson)."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Finding:
    """A test that a rater did not pass. p: under honest voting, before correction over raters;
    adjusted: after it (Benjamini-Hochberg). competitor: whom it is about. text: plain words."""

    test: Test
    p: float
    adjusted: float
    text: str
    competitor: int | None = None


@dataclass(frozen=True)
class RaterReport:
    """One rater. Figures are None where there is nothing to compute them from.

    seconds: median a vote. fast: share of votes implausibly fast. agreement: mean share of the
    other raters of an item with the same verdict, over `shared` votes; kappa: beyond chance.
    reliability: probability of the true verdict by the Dawid-Skene model. skill: how sharply the
    rater follows the field, 1 like the field's own model, 0 a coin. first: share of votes for the
    first side among those that name one. gold: share of gold questions answered right. ties: share
    of ties and both bad. agreement_halves, seconds_halves: first and second half of the votes;
    drift_p: of a change in agreement and in speed. p: of each test, by name. trust: 0 if flagged,
    else the probability of not belonging to a ring: a weight for the votes. flagged: quarantine is
    advised, since `findings` is not empty or the rater is a member of a ring in `Review.groups`.
    """

    rater: str
    n: int
    seconds: float
    fast: Share
    shared: int
    agreement: float | None
    kappa: float | None
    reliability: Share
    skill: float
    first: Share | None
    gold: Share | None
    ties: Share
    agreement_halves: tuple[float | None, float | None]
    seconds_halves: tuple[float, float]
    drift_p: tuple[float, float]
    p: Mapping[str, float]
    trust: float
    flagged: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Group:
    """Raters that seem to act together. p: corrected within its kind. Members of a "ring" are
    flagged; "copies" and a "burst" are for a person to look at. start, end: epoch seconds."""

    kind: Literal["ring", "copies", "burst"]
    raters: tuple[str, ...]
    competitor: int | None
    p: float
    text: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Review:
    """raters: in the order of their keys. agreement: of all raters in total, with
    intervals by a bootstrap over prompts; None where no item has two votes."""

    raters: tuple[RaterReport, ...]
    groups: tuple[Group, ...]
    agreement: Reliability | None


def review(votes: Sequence[Vote] | Votes, names: Mapping[int, str] | None = None) -> Review:
    """Review all raters at once; the expectation of each vote is learnt from the other raters.

    votes: one per rater and item, in any order (ValueError names one that makes no sense); times
    in seconds. names: of competitors, for the texts. 200,000 votes take some seconds. The
    result is the same for the same votes.
    """
    found = votes if isinstance(votes, Votes) else columns(votes)
    if not found.raters:
        return Review((), (), None)
    tested = suspicion(found)
    words = _Words(found, tested, names or {})
    return Review(_reports(found, tested, words), _groups(tested, words), total(found))


def total(votes: Votes) -> Reliability | None:
    """Fleiss' kappa and Krippendorff's alpha of all raters, with intervals over prompts."""
    verdicts = np.full((votes.items, votes.raters), NONE, dtype=np.int8)
    verdicts[votes.item, votes.rater] = votes.verdict
    prompt = np.zeros(votes.items, dtype=np.int64)
    prompt[votes.item] = votes.prompt
    return reliability(PromptBootstrap(votes.prompts), prompt, verdicts)


@dataclass(frozen=True)
class _Words:
    """What the findings say."""

    votes: Votes
    tested: Suspicion
    names: Mapping[int, str]

    def name(self, competitor: int) -> str:
        label = self.votes.labels[competitor]
        return self.names.get(label, f"competitor {label}")

    def finding(self, rater: int, test: int) -> Finding:
        words = self._text(TESTS[test], rater)
        about = int(self.tested.pushed[rater]) if TESTS[test] == "competitor" else None
        p, adjusted = float(self.tested.p[rater, test]), float(self.tested.adjusted[rater, test])
        label = None if about is None else self.votes.labels[about]
        return Finding(TESTS[test], p, adjusted, words, label)

    def _text(self, test: Test, rater: int) -> str:
        match test:
            case "speed":
                return self._speed(rater)
            case "side":
                return self._side(rater)
            case "competitor":
                return self._competitor(rater)
            case "identity":
                return "The votes follow who wrote the answers more than what these are worth."
            case "random":
                return "The votes are as unrelated to those of the others as the toss of a coin."

    def _speed(self, rater: int) -> str:
        mine = self.votes.rater == rater
        fast = int(too_fast(self.votes)[mine].sum())
        return f"{fast} of {int(mine.sum())} votes came before the answers could be read."

    def _side(self, rater: int) -> str:
        first, named = (int(column[rater]) for column in side_counts(self.votes))
        side, most = ("first", first) if 2 * first >= named else ("second", named - first)
        return f"Named the {side} answer in {most} of {named} votes; sides are drawn at random."

    def _competitor(self, rater: int) -> str:
        competitor = int(self.tested.pushed[rater])
        field, votes = self.tested.field, self.votes
        mine = (votes.rater == rater) & field.sided
        first, second = mine & (votes.first == competitor), mine & (votes.second == competitor)
        named = int(field.won[first].sum() + (1 - field.won[second]).sum())
        expected = field.chance[first].sum() + (1 - field.chance[second]).sum()
        verb = "Preferred" if self.tested.way[rater] == FOR else "Refused"
        return (
            f"{verb} {self.name(competitor)} too regularly: named it in {named} of"
            f" {int(first.sum() + second.sum())} votes, where {expected:.0f} were to be expected."
        )

    def aim(self, aim: Aim) -> str:
        if aim.competitor is None:
            return "vote by who wrote the answers"
        if aim.rival is not None:
            return f"lift {self.name(aim.competitor)} above {self.name(aim.rival)}"
        return f"{'push' if aim.way == FOR else 'refuse'} {self.name(aim.competitor)}"


def _reports(votes: Votes, tested: Suspicion, words: _Words) -> tuple[RaterReport, ...]:
    n = votes.per_rater(np.ones(len(votes.rater)))
    first, named = side_counts(votes)
    asked = votes.gold != NONE
    right = votes.per_rater(asked & (votes.gold == votes.choice))
    same, model, change = consensus(votes), worth(votes), drift(votes)
    fast, tied = _shares(votes.per_rater(too_fast(votes)), n), _shares(n - named, n)
    firsts, golds = _shares(first, named), _shares(right, votes.per_rater(asked))
    seconds = median_seconds(votes)
    return tuple(
        RaterReport(
            rater=key,
            n=int(n[r]),
            seconds=float(seconds[r]),
            fast=fast[r],
            shared=int(same.shared[r]),
            agreement=_known(same.agreement[r]),
            kappa=_known(same.kappa[r]),
            reliability=Share(
                float(model.reliability[r]), float(model.low[r]), float(model.high[r]), int(n[r])
            ),
            skill=float(tested.skills.value[r]),
            first=firsts[r] if named[r] else None,
            gold=golds[r] if golds[r].n else None,
            ties=tied[r],
            agreement_halves=(_known(change.agreement[r, 0]), _known(change.agreement[r, 1])),
            seconds_halves=(float(change.seconds[r, 0]), float(change.seconds[r, 1])),
            drift_p=(float(change.p[r, 0]), float(change.p[r, 1])),
            p={test: float(p) for test, p in zip(TESTS, tested.p[r], strict=True)},
            trust=0.0 if tested.flagged[r] else float(1.0 - tested.membership[r]),
            flagged=bool(tested.flagged[r]),
            findings=tuple(words.finding(r, int(test)) for test in np.flatnonzero(tested.alone[r])),
        )
        for r, key in enumerate(votes.keys)
    )


def _groups(tested: Suspicion, words: _Words) -> tuple[Group, ...]:
    groups = [_ring(ring, words) for ring in tested.rings if ring.members.any()]
    groups += [
        _copies(found, words) for found in copies(tested.field, tested.tastes.spread, COPY_LEVEL)
    ]
    highest = burst(tested.field)
    if highest is not None and highest.p <= BURST_LEVEL:
        groups.append(_burst(highest, words))
    return tuple(groups)


def _ring(ring: Ring, words: _Words) -> Group:
    members = _keys(words.votes, ring.members)
    competitor = ring.aim.competitor
    label = None if competitor is None else words.votes.labels[competitor]
    text = f"{len(members)} accounts {words.aim(ring.aim)} together."
    return Group("ring", members, label, ring.p, text)


def _copies(found: Copies, words: _Words) -> Group:
    keys = tuple(words.votes.keys[rater] for rater in found.raters)
    text = (
        f"{len(keys)} accounts vote alike: the clearest pair decided {found.same} of the"
        f" {found.shared} items they share the same way, more than the answers explain."
    )
    return Group("copies", keys, None, found.p, text)


def _burst(found: Burst, words: _Words) -> Group:
    text = (
        f"{words.name(found.competitor)} won {found.wins} of {found.votes} votes in"
        f" {(found.end - found.start) / 3600:.1f} hours, where {found.expected:.0f} were to be"
        " expected; the raters did so at the same time."
    )
    members = _keys(words.votes, found.raters)
    label = words.votes.labels[found.competitor]
    return Group("burst", members, label, found.p, text, found.start, found.end)


def _keys(votes: Votes, members: np.ndarray) -> tuple[str, ...]:
    return tuple(votes.keys[rater] for rater in np.flatnonzero(members))


def _shares(hits: FloatArray, trials: FloatArray) -> list[Share]:
    share = hits / np.maximum(trials, 1)
    low, high = wilson_many(share, trials)
    return [
        Share(float(share[r]), float(low[r]), float(high[r]), int(trials[r]))
        for r in range(len(share))
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
