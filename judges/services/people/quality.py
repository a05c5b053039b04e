"""How the raters of a campaign judge: what each one's votes are worth, and signs of rigging."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import CharField, Count, F, Max, QuerySet
from django.db.models.functions import Cast, Length

from judges.contracts import Order, Preference, Winner
from judges.models import Assignment, Battle, Campaign, Decision, DecisionStatus, Judge, Quarantine
from judges.services.people.roster import RaterRow, roster
from judges.stats.bootstrap import wilson
from judges.stats.raters.review import Group, RaterReport, Review, Share, review
from judges.stats.raters.votes import Choice, Vote

KEPT_SECONDS = 24 * 60 * 60
"""A review is kept until somebody votes; it takes seconds where there are many votes."""

CHOICES: dict[Preference, Choice] = {
    Preference.FIRST: "first",
    Preference.SECOND: "second",
    Preference.TIE: "tie",
    Preference.BOTH_BAD: "both_bad",
}


@dataclass(frozen=True)
class RaterQuality:
    """A rater of the campaign and the report on their votes; None before they have voted."""

    row: RaterRow
    report: RaterReport | None
    quarantine: Quarantine | None

    @property
    def gold(self) -> Share | None:
        """The score of the list of raters, with its interval: what was skipped counts as wrong,
        which a report on votes cannot know."""
        score = self.row.gold
        if score.share is None:
            return None
        return Share(score.share, *wilson(score.share, score.answered), score.answered)


@dataclass(frozen=True)
class Suspects:
    """Raters who seem to act together, as an owner knows them."""

    group: Group
    rows: tuple[RaterRow, ...]


@dataclass(frozen=True)
class Quality:
    """A campaign's raters, those with findings first, and all of them together."""

    review: Review
    raters: tuple[RaterQuality, ...]
    suspects: tuple[Suspects, ...]


@dataclass(frozen=True)
class Confusion:
    """People's verdicts against another judge's on the same comparisons.

    `counts[people][judge]` are numbers of comparisons; a and b are those of the comparison.
    """

    judge: Judge
    counts: dict[Winner, dict[Winner, int]]

    @property
    def n(self) -> int:
        return sum(sum(row.values()) for row in self.counts.values())

    @property
    def agreed(self) -> int:
        return sum(row[winner] for winner, row in self.counts.items())


def quality_of(campaign: Campaign) -> Quality:
    """All that is known of how the campaign's raters judge.

    Votes of those in quarantine are reviewed as well: whether to lift it is asked of the same
    figures.
    """
    found = _reviewed(campaign)
    reports = {report.rater: report for report in found.raters}
    in_force = Quarantine.objects.filter(judge=campaign.judge_id, lifted_at=None)
    quarantines = {row.rater_id: row for row in in_force.select_related("by")}
    rows = {str(row.participant.user_id): row for row in roster(campaign)}
    raters = [
        RaterQuality(row, reports.get(key), quarantines.get(row.participant.user_id))
        for key, row in rows.items()
    ]
    suspects = tuple(
        Suspects(group, tuple(rows[key] for key in group.raters if key in rows))
        for group in found.groups
    )
    return Quality(found, tuple(sorted(raters, key=_worst_first)), suspects)


def votes_of(campaign: Campaign) -> list[Vote]:
    """Every answer of the campaign but those of the warm-up: gold questions included, and votes on
    live battles that count."""
    return [*_votes(campaign, "decision"), *_votes(campaign, "gold"), *_live_votes(campaign)]


def confusion(campaign: Campaign, judge: Judge) -> Confusion:
    """People's verdicts in the campaign against those of another judge."""
    same = Decision.objects.filter(
        judge=campaign.judge_id,
        status=DecisionStatus.DECIDED,
        comparison__decisions__judge=judge,
        comparison__decisions__status=DecisionStatus.DECIDED,
    )
    pairs = same.values_list("winner", "comparison__decisions__winner").annotate(n=Count("pk"))
    counted = Counter({(people, other): n for people, other, n in pairs.order_by()})
    return Confusion(
        judge, {people: {other: counted[people, other] for other in Winner} for people in Winner}
    )


def judges_beside(campaign: Campaign) -> QuerySet[Judge]:
    """Other judges that decided some of what the campaign's people did, the busiest first."""
    decided = Decision.objects.filter(judge=campaign.judge_id, status=DecisionStatus.DECIDED)
    others = Judge.objects.filter(
        decisions__comparison__in=decided.values("comparison"),
        decisions__status=DecisionStatus.DECIDED,
    ).exclude(pk=campaign.judge_id)
    return others.annotate(shared=Count("decisions")).order_by("-shared", "-pk")


def _reviewed(campaign: Campaign) -> Review:
    answered = Assignment.objects.filter(campaign=campaign, answered_at__isnull=False)
    states = [_state(answered), _state(campaign.battles.filter(answer__isnull=False))]
    key = ":".join(["raters", str(campaign.pk), *states])
    known = cache.get(key)
    if isinstance(known, Review):
        return known
    names = dict(campaign.judge.project.competitors.values_list("pk", "name"))
    found = review(votes_of(campaign), names)
    cache.set(key, found, KEPT_SECONDS)
    return found


def _state(answered: QuerySet[Assignment] | QuerySet[Battle]) -> str:
    """Another text whenever somebody has voted since."""
    state = answered.aggregate(n=Count("pk"), last=Max("answered_at"))
    return f"{state['n']}:{state['last'].timestamp() if state['last'] else 0}"


def _votes(campaign: Campaign, source: str) -> list[Vote]:
    compared = f"{source}__comparison"
    rows = Assignment.objects.filter(
        **{f"{source}__isnull": False},
        campaign=campaign,
        answered_at__isnull=False,
        answer__preference__isnull=False,
    ).exclude(gold__is_warm_up=True)
    found = rows.order_by("answered_at", "pk").values_list(
        "rater_id", "order", "answer__preference", "shown_at", "created_at", "answered_at",
        f"{compared}_id", f"{compared}__prompt_id",
        f"{compared}__output_a__competitor_id", f"{compared}__output_b__competitor_id",
        _length(f"{compared}__output_a__turns"), _length(f"{compared}__output_b__turns"),
    )  # fmt: skip
    return [_vote(row) for row in found]


def _live_votes(campaign: Campaign) -> list[Vote]:
    """Votes on live battles, but for those on answers that name themselves.

    `seconds` are those since the first message, in which the answers were written too: they say
    little of haste, and never too little time.
    """
    compared = "comparison__output"
    rows = campaign.battles.filter(
        comparison__isnull=False, answered_at__isnull=False, answer__preference__isnull=False
    )
    found = rows.order_by("answered_at", "pk").values_list(
        "rater_id", "answer__preference", "created_at", "answered_at",
        "comparison_id", "comparison__prompt_id",
        "first__competitor_id", "second__competitor_id", f"{compared}_a__competitor_id",
        _length(f"{compared}_a__turns"), _length(f"{compared}_b__turns"),
    )  # fmt: skip
    return [_live_vote(row) for row in found]


def _live_vote(row: tuple) -> Vote:  # type: ignore[type-arg]  # eleven columns
    rater, preference, created, answered, comparison, prompt, first, second, a, *lengths = row
    length_first, length_second = lengths if first == a else lengths[::-1]
    return Vote(
        rater=str(rater),
        item=str(comparison),
        prompt=str(prompt),
        first=first,
        second=second,
        choice=CHOICES[Preference(preference)],
        seconds=(answered - created).total_seconds(),
        at=answered.timestamp(),
        first_length=length_first,
        second_length=length_second,
    )


def _length(field: str) -> Length:
    """Characters of an output, markup of the column included; texts are not loaded for it."""
    return Length(Cast(F(field), CharField()))


def _vote(row: tuple) -> Vote:  # type: ignore[type-arg]  # twelve columns
    rater, order, preference, shown, created, answered, *compared = row
    comparison, prompt, *sides = compared
    swapped = order == Order.BA
    a, b, length_a, length_b = sides
    return Vote(
        rater=str(rater),
        item=str(comparison),
        prompt=str(prompt),
        first=b if swapped else a,
        second=a if swapped else b,
        choice=CHOICES[Preference(preference)],
        seconds=max((answered - (shown or created)).total_seconds(), 0.0),
        at=answered.timestamp(),
        first_length=length_b if swapped else length_a,
        second_length=length_a if swapped else length_b,
    )


def _worst_first(rater: RaterQuality) -> tuple[bool, float, int]:
    flagged = rater.report is not None and rater.report.flagged
    trust = rater.report.trust if rater.report else 2.0
    return (not flagged, trust, rater.row.participant.pk)
