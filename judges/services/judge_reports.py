"""How good one judge is: its biases, whom it agrees with, how sure it may be, what it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from judges.contracts import Silence, Source
from judges.models import Judge
from judges.report_queries import SILENCES, Given, Selection, characters, given
from judges.services.families import families_in, family_of_judge
from judges.services.judge_agreement import OTHERS, PEOPLE, sized
from judges.services.judge_panel import JudgeName, Panel, assemble
from judges.services.judges import source_of
from judges.stats.agreement import Agreement, agreement
from judges.stats.bootstrap import Estimate, FloatArray, IntArray, ratio
from judges.stats.calibration import Calibration, calibration
from judges.stats.effort import Latency, latency, per_verdict, rate
from judges.stats.excess import mean_known
from judges.stats.family import FamilyPreference, family_preference
from judges.stats.jury_size import JurySize
from judges.stats.length import LengthPreference, length_preference
from judges.stats.position import Position, position
from judges.stats.verdicts import BOTH_BAD, NONE, TIE, Verdicts, decisive, points


@dataclass(frozen=True)
class Counts:
    """The settled comparisons of a judge, by how they ended."""

    decisive: int
    tie: int
    both_bad: int
    silent: dict[str, int]

    @property
    def decided(self) -> int:
        return self.decisive + self.tie + self.both_bad


@dataclass(frozen=True)
class Rates:
    """Shares: the first three of judgments, failed and missing of settled comparisons, the rest of
    verdicts."""

    unparsable: Estimate | None
    refused: Estimate | None
    abstained: Estimate | None
    failed: Estimate | None
    missing: Estimate | None
    tie: Estimate | None
    both_bad: Estimate | None


@dataclass(frozen=True)
class Versus:
    """Another judge, and how far they agree. `related`: both rest on the same judgments."""

    judge: JudgeName
    related: bool
    agreement: Agreement


@dataclass(frozen=True)
class Effort:
    """What a verdict took, on the mean, silent comparisons included. `usd` counts those that are
    priced wholly; tokens and calls are None where nothing was called."""

    calls: Estimate | None
    tokens_in: Estimate | None
    tokens_out: Estimate | None
    usd: Estimate | None
    latency: Latency | None


@dataclass(frozen=True)
class JudgeReport:
    """A judge on the comparisons of a selection. `notes` says of a missing figure what it lacks.

    reference: whose verdict counts as right in `calibration`; confidence: what P(a) was read from.
    """

    judge: JudgeName
    selection: Selection
    comparisons: int
    prompts: int
    judgments: int
    counts: Counts
    rates: Rates
    position: Position
    length: LengthPreference
    family: str | None
    family_preference: FamilyPreference
    people: Agreement | None
    others: tuple[Versus, ...]
    calibration: Calibration | None
    confidence: str | None
    reference: str | None
    effort: Effort
    jury: JurySize | None
    jury_reference: str | None
    notes: dict[str, str]


@dataclass(frozen=True)
class _Subject:
    """The judge in question: its column of the panel, and the judgments behind it."""

    judge: Judge
    panel: Panel
    column: int
    given: Given

    @property
    def verdicts(self) -> Verdicts:
        return self.panel.verdicts[:, self.column]

    @property
    def silences(self) -> Verdicts:
        return self.panel.decided.silences[:, self.column]

    @property
    def prompt(self) -> IntArray:
        """(N,): the prompt of each judgment."""
        return self.panel.at.prompt[self.given.row]

    @property
    def is_jury(self) -> bool:
        return source_of(self.judge) is Source.MEMBERS


def judge_report(judge: Judge, selection: Selection) -> JudgeReport:
    """Report on one version of a judge; a constant number of queries, intervals by prompt."""
    panel = assemble(judge.project, selection, judge)
    subject = _Subject(judge, panel, panel.column(judge), given(panel.evidence[judge.pk], panel.at))
    settled = (subject.verdicts != NONE) | (subject.silences != NONE)
    family, preference = _family(subject)
    reference, truth = _truth(subject)
    confidence, p_a = _confidence(subject)
    people = panel.people(subject.column)
    jury, jury_reference = sized(panel, list(panel.seats), people)
    report = JudgeReport(
        judge=panel.names[subject.column],
        selection=selection,
        comparisons=int(settled.sum()),
        prompts=len(np.unique(panel.at.prompt[settled])),
        judgments=0 if subject.is_jury else len(subject.given.row),
        counts=_counts(subject),
        rates=_rates(subject),
        position=_position(subject),
        length=_length(subject),
        family=family,
        family_preference=preference,
        people=None if people is None else _agreement(subject, people),
        others=_others(subject),
        calibration=None if truth is None else _calibration(subject, p_a, truth),
        confidence=confidence,
        reference=reference,
        effort=_effort(subject),
        jury=jury,
        jury_reference=jury_reference,
        notes={},
    )
    return replace(report, notes=_notes(subject, report))


def _counts(subject: _Subject) -> Counts:
    verdicts, silences = subject.verdicts, subject.silences
    by_silence = {str(why): int((silences == code).sum()) for why, code in SILENCES.items()}
    return Counts(
        decisive=int(decisive(verdicts).sum()),
        tie=int((verdicts == TIE).sum()),
        both_bad=int((verdicts == BOTH_BAD).sum()),
        silent={why: count for why, count in by_silence.items() if count},
    )


def _rates(subject: _Subject) -> Rates:
    boot, at = subject.panel.boot, subject.panel.at
    said, silences, verdicts = subject.given.silence, subject.silences, subject.verdicts
    decided = verdicts != NONE
    settled = decided | (silences != NONE)

    def of_judgments(why: Silence) -> Estimate | None:
        return None if subject.is_jury else rate(boot, subject.prompt, said == SILENCES[why])

    def of_settled(why: Silence) -> Estimate | None:
        return rate(boot, at.prompt[settled], silences[settled] == SILENCES[why])

    return Rates(
        unparsable=of_judgments(Silence.UNPARSABLE),
        refused=of_judgments(Silence.REFUSED),
        abstained=of_judgments(Silence.ABSTAINED),
        failed=of_settled(Silence.FAILED),
        missing=of_settled(Silence.MISSING),
        tie=rate(boot, at.prompt[decided], verdicts[decided] == TIE),
        both_bad=rate(boot, at.prompt[decided], verdicts[decided] == BOTH_BAD),
    )


def _position(subject: _Subject) -> Position:
    if subject.is_jury:
        return Position(None, None, None)
    said = subject.given
    found = position(
        subject.panel.boot, subject.prompt, said.row, said.order, said.sample, said.verdict
    )
    # The same sample number in both orders is one judge asked twice; of people it is two people.
    is_people = subject.panel.names[subject.column].is_people
    return Position(None, None, found.first) if is_people else found


def _length(subject: _Subject) -> LengthPreference:
    panel = subject.panel
    lengths = np.maximum(characters(subject.judge.project, panel.at), 1.0)
    others = panel.sides_by(panel.others(subject.column))
    return length_preference(
        panel.boot, panel.at.prompt, np.log(lengths[:, 0] / lengths[:, 1]),
        subject.verdicts, others,
    )  # fmt: skip


def _family(subject: _Subject) -> tuple[str | None, FamilyPreference]:
    panel, own = subject.panel, family_of_judge(subject.judge)
    if own is None or panel.names[subject.column].is_people or subject.is_jury:
        return None, FamilyPreference(None, None, None)
    families = families_in(subject.judge.project)
    ours = np.array(
        [[families.get(pk) == own for pk in pair] for pair in panel.at.competitors.tolist()],
        dtype=np.int8,
    ).reshape(-1, 2)
    others = [
        column
        for column in panel.others(subject.column)
        if panel.names[column].is_people or family_of_judge(panel.judges[column]) != own
    ]
    preference = family_preference(
        panel.boot, panel.at.prompt, ours[:, 0] - ours[:, 1],
        subject.verdicts, panel.sides_by(others),
    )  # fmt: skip
    return own, preference


def _truth(subject: _Subject) -> tuple[str | None, Verdicts | None]:
    """Whose verdicts count as right: people's where they judged the same, else the others'."""
    spoken = subject.verdicts != NONE
    people = subject.panel.people(subject.column)
    if people is not None and (spoken & (people != NONE)).any():
        return PEOPLE, people
    majority = subject.panel.majority(subject.column)
    if majority is not None and (spoken & (majority != NONE)).any():
        return OTHERS, majority
    return None, None


def _confidence(subject: _Subject) -> tuple[str | None, FloatArray]:
    """P(a) (C,) as the judge has it, and from what; nan where it has none.

    Its own probabilities; else scores, by the margin as a part of its largest; else the share of
    its votes, or of its members'.
    """
    said, n = subject.given, len(subject.panel.at.ids)
    if subject.is_jury:
        shares = subject.panel.decided.shares[:, subject.column]
        members = mean_known(points(subject.panel.verdicts[:, list(subject.panel.seats)]))
        return "members", np.where(np.isnan(shares), members, shares)
    if not np.isnan(said.probability).all():
        return "probability", _mean(said.row, said.probability, n)
    margin = said.score_a - said.score_b
    largest = float(np.nanmax(np.abs(margin))) if not np.isnan(margin).all() else 0.0
    if largest > 0:
        return "scores", _mean(said.row, 0.5 + margin / (2 * largest), n)
    votes = points(said.verdict)
    heard = np.bincount(said.row[~np.isnan(votes)], minlength=n)
    if (heard < 2).all():
        return None, np.full(n, np.nan)
    return "votes", np.where(heard < 2, np.nan, _mean(said.row, votes, n))


def _mean(row: IntArray, values: FloatArray, n: int) -> FloatArray:
    """Mean (n,) of the known values of each row; nan where there are none."""
    known = ~np.isnan(values)
    sums: FloatArray = np.bincount(row[known], weights=values[known], minlength=n).astype(float)
    return ratio(sums, np.bincount(row[known], minlength=n).astype(float))


def _calibration(subject: _Subject, p_a: FloatArray, truth: Verdicts) -> Calibration | None:
    panel = subject.panel
    return calibration(panel.boot, panel.at.prompt, p_a, points(truth))


def _agreement(subject: _Subject, other: Verdicts) -> Agreement | None:
    return agreement(subject.panel.boot, subject.panel.at.prompt, subject.verdicts, other)


def _others(subject: _Subject) -> tuple[Versus, ...]:
    panel, found = subject.panel, []
    for column, name in enumerate(panel.names):
        if column == subject.column or not (name.is_current or column in panel.seats):
            continue
        shared = _agreement(subject, panel.verdicts[:, column])
        if shared is not None:
            found.append(Versus(name, panel.related(subject.column, column), shared))
    return tuple(found)


def _effort(subject: _Subject) -> Effort:
    """Judgments on what this judge settled: a jury's members may have been asked elsewhere too."""
    panel, said = subject.panel, subject.given
    settled = (subject.verdicts != NONE) | (subject.silences != NONE)
    here = settled[said.row]
    called = here & (said.calls > 0)

    def mean(values: FloatArray, on: FloatArray) -> Estimate | None:
        """Values (C,) of the comparisons `on` over the verdicts among them."""
        columns = np.stack([values * on, (subject.verdicts != NONE) * on], axis=1)
        spent, verdicts = panel.boot.per_prompt(panel.at.prompt, columns).T
        return per_verdict(panel.boot, spent, verdicts) if called.any() else None

    def spent(values: FloatArray) -> FloatArray:
        known = np.where(here, np.nan_to_num(values), 0.0)
        return np.bincount(said.row, weights=known, minlength=len(settled)).astype(float)

    unpriced = spent(np.isnan(said.usd).astype(float)) > 0
    priced = spent((~np.isnan(said.usd)).astype(float)) > 0
    timed = here & (said.latency_ms > 0)
    everything = settled.astype(float)
    return Effort(
        calls=mean(spent(said.calls), everything),
        tokens_in=mean(spent(said.tokens_in), everything),
        tokens_out=mean(spent(said.tokens_out), everything),
        usd=mean(spent(said.usd), (priced & ~unpriced).astype(float)),
        latency=latency(panel.boot, subject.prompt[timed], said.latency_ms[timed]),
    )


def _notes(subject: _Subject, report: JudgeReport) -> dict[str, str]:
    """What each missing figure lacks, and how it can be had."""
    missing: dict[str, tuple[object, str]] = {
        "position.flip": (report.position.flip, _why_no_flip(subject)),
        "position.first": (report.position.first, _why_no_preference(subject)),
        "length": (report.length.longer, "No verdict here is for an answer of another length."),
        "length.beyond": (report.length.beyond, "No other judge decided the same comparisons."),
        "family": (report.family_preference.beyond, _why_no_family(subject, report)),
        "people": (report.people, _why_no_people(subject)),
        "others": (report.others or None, "No other judge decided the same comparisons."),
        "calibration": (report.calibration, _why_no_calibration(report)),
        "effort": (report.effort.calls, "Its judgments were made elsewhere, or cost no call."),
        "effort.usd": (report.effort.usd, "No price is known: give the judge prices."),
        "effort.latency": (report.effort.latency, "No judgment has a time."),
    }
    if subject.is_jury:
        missing["jury"] = (report.jury, "Its members share no comparison with a known verdict.")
    return {name: why for name, (found, why) in missing.items() if found is None}


def _why_no_flip(subject: _Subject) -> str:
    if subject.is_jury:
        return "A jury is not shown anything itself; see its members."
    if subject.panel.names[subject.column].is_people:
        return "Nobody is asked the same twice, so a change of mind cannot be seen."
    return "No comparison was judged in both orders; a judge with orders: both is."


def _why_no_preference(subject: _Subject) -> str:
    if subject.is_jury:
        return "A jury is not shown anything itself; see its members."
    return "Only one order was shown, or it is not known; ask in both orders, or at random."


def _why_no_family(subject: _Subject, report: JudgeReport) -> str:
    if subject.panel.names[subject.column].is_people or subject.is_jury:
        return "People and juries belong to no model family."
    if report.family is None:
        return "Its model's name begins like none of the known families, so its own is not known."
    return (
        f"No comparison sets a model of its family ({report.family}) against another, or no judge "
        "of another family decided one. Competitors name theirs in metadata.family."
    )


def _why_no_people(subject: _Subject) -> str:
    if subject.panel.names[subject.column].is_people:
        return "No other person has judged the same comparisons."
    return (
        "No person has judged the same comparisons. Let a judge of kind human judge some of them, "
        "or import verdicts of people."
    )


def _why_no_calibration(report: JudgeReport) -> str:
    if report.reference is None:
        return "Neither people nor another judge decided the same comparisons."
    return (
        "It gives no probability and no scores, and was asked once only, so it has no degrees of "
        "confidence; ask in both orders, or more often."
    )
