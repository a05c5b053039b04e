"""Having people judge comparisons: what was selected, what was listed, a tournament's matches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from arena.common.errors import Conflict, InvalidInput
from arena.models import Output, Project
from arena.services import audit, comparisons
from judges.models import Campaign, Decision, DecisionStatus, Judge
from judges.queries import evidence_of
from judges.services import decisions
from judges.services.evidence import raters_of
from judges.services.people.assigning import BEGUN
from judges.services.people.campaigns import State, state_of
from judges.services.people.selecting import MOST, Candidate, Pair, Wanted, select

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UPDATES = 500


@dataclass(frozen=True)
class Asked:
    """What came of asking: `added` are new, `known` were asked or decided here before, and `gold`
    are gold questions of the campaign, which are not asked."""

    added: int
    known: int = 0
    gold: int = 0

    @property
    def words(self) -> str:
        """The same in sentences."""
        said = f"{self.added:,} comparison{'' if self.added == 1 else 's'} added."
        if self.known:
            said += f" {self.known:,} were asked here before."
        if self.gold:
            said += f" {self.gold:,} are gold questions of this campaign and were left out."
        return said


def add_selected(campaign: Campaign, wanted: Wanted, *, by: User | None) -> Asked:
    """Ask about what is selected now. Raises as `select` and `ask_about` do."""
    selection = select(campaign, wanted, raters=raters_of(campaign.judge))
    return add(campaign, selection.chosen, how=wanted.model_dump(mode="json"), by=by)


@transaction.atomic
def add(
    campaign: Campaign,
    candidates: Sequence[Candidate],
    *,
    how: Mapping[str, str | int | float],
    by: User | None,
) -> Asked:
    """Ask about these; those with the higher priority first, all of them after tournaments."""
    ids = comparisons.ensure(candidate.pair for candidate in candidates)
    priorities = {ids[candidate.pair]: candidate.priority for candidate in candidates}
    return ask_about(campaign, priorities, priorities=priorities, how=how, by=by)


@transaction.atomic
def ask_about(
    campaign: Campaign,
    comparison_ids: Collection[int],
    *,
    priorities: Mapping[int, float] | None = None,
    how: Mapping[str, str | int | float] | None = None,
    by: User | None = None,
) -> Asked:
    """Ask the campaign's raters about comparisons that exist, and log it.

    `priorities` (0 to 1, one for each comparison) order what is new; without them it comes before
    all selections, as what a tournament waits for. What is asked already keeps its priority. Gold
    questions are left out, for nobody shall see one twice. Raises Conflict when the campaign is
    not open or live, or when these are too many at once.
    """
    if len(comparison_ids) > MOST:
        raise Conflict(f"these are more than {MOST:,} comparisons: choose fewer")
    if state_of(campaign) is not State.OPEN:
        raise Conflict("this campaign is not open: reopen it, or set a later deadline")
    Campaign.objects.select_for_update(no_key=True).get(
        pk=campaign.pk
    )  # nobody makes gold of them meanwhile
    refuse_live(campaign.judge)
    ids = set(comparison_ids)
    gold = set(campaign.gold.filter(comparison__in=ids).values_list("comparison_id", flat=True))
    mine = Decision.objects.filter(judge=campaign.judge_id, comparison__in=ids - gold)
    known = set(mine.values_list("comparison_id", flat=True))
    held = set(mine.filter(status=DecisionStatus.HELD).values_list("comparison_id", flat=True))
    found = decisions.ask(campaign.judge, ids - gold - known | held)
    new = {pk: decision for pk, decision in found.items() if pk not in known}
    if priorities:
        _order({decision: priorities[pk] for pk, decision in new.items()})
    result = Asked(len(new), len(known), len(gold))
    if new:
        audit.record(
            campaign.judge.project, by, "campaign.comparisons_added", campaign.title,
            count=len(new), how=dict(how or {}),
        )  # fmt: skip
    return result


def refuse_live(judge: Judge) -> None:
    """Raise Conflict where a campaign of live battles would have to judge: it is handed nothing.

    Its raters vote on questions of their own, so what waits for them would wait for ever.
    """
    asked = Campaign.objects.filter(judge__in=evidence_of([judge])[judge.pk])
    live = asked.filter(is_live=True).select_related("judge").first()
    if live is not None:
        raise Conflict(
            f"the raters of {live.title} hold live battles and are handed no comparisons",
            {"judges": f"{live.judge.name} judges only live battles"},
        )


@transaction.atomic
def ask_listed(
    campaign: Campaign, named: Sequence[tuple[str, str, str]], *, by: User | None
) -> Asked:
    """Ask about (prompt key, competitor, competitor). Raises as `listed` and `ask_about` do."""
    return ask_about(campaign, listed(campaign.judge.project, named), by=by)


def listed(project: Project, named: Sequence[tuple[str, str, str]]) -> list[int]:
    """The comparisons of (prompt key, competitor, competitor), made where they are new.

    Raises InvalidInput that names the place in the list.
    """
    outputs = first_outputs(project, {prompt for prompt, _, _ in named})
    faults: dict[str, str] = {}
    pairs: list[Pair] = []
    for place, (prompt, *competitors) in enumerate(named):
        if competitors[0] == competitors[1]:
            faults[f"comparisons.{place}.competitor_b"] = "is the same as competitor_a"
        missing = [name for name in competitors if (prompt, name) not in outputs]
        for name in missing:
            field = "competitor_a" if name == competitors[0] else "competitor_b"
            faults[f"comparisons.{place}.{field}"] = (
                f"no output of {name!r} to prompt {prompt!r} is known"
            )
        if not missing:
            pairs.append((outputs[prompt, competitors[0]], outputs[prompt, competitors[1]]))
    if faults:
        raise InvalidInput("the comparisons are not valid", faults)
    return list(comparisons.ensure(pairs).values())


def first_outputs(project: Project, prompts: Collection[str]) -> dict[tuple[str, str], int]:
    """{(prompt key, competitor): output}; of several samples the first."""
    rows = Output.objects.filter(prompt__project=project, prompt__key__in=prompts)
    found = rows.order_by("-sample", "-pk").values_list("prompt__key", "competitor__name", "pk")
    return {(prompt, name): pk for prompt, name, pk in found}


def _order(priorities: Mapping[int, float]) -> None:
    """Nobody has seen these rows yet, but for those that a worker may have begun."""
    rows = [Decision(pk=pk, priority=priority) for pk, priority in priorities.items()]
    fresh = Decision.objects.filter(priority__lt=BEGUN)
    fresh.bulk_update(rows, ["priority"], batch_size=UPDATES)
