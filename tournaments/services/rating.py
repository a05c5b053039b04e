"""Fitting ratings from decided comparisons, and keeping each fit as an immutable run."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from django.db.models import QuerySet

from arena.common.errors import Conflict, InvalidInput
from arena.common.plugins import Params
from arena.models import Project
from arena.queries import prompts_where
from judges.models import Decision, DecisionStatus, Judge
from judges.services.judges import cautions_of
from tournaments.models import RatingRun, Tournament
from tournaments.ratings import registry as methods
from tournaments.ratings.base import Comparisons, RatingError, RatingMethod, RatingTable
from tournaments.ratings.counts import gather
from tournaments.ratings.intervals import probability_above
from tournaments.ratings.noise_share import Repeats, noise_share
from tournaments.ratings.slices import rate_slices as fit_slices
from tournaments.ratings.strengths import STYLES, PairedParams
from tournaments.selection import decisions_of, with_predictions
from tournaments.services.columns import SURROGATE, by_prompt, comparisons_of, repeats_of

REVISION = 6
"""Raised when a method gives other digits for the same data and params."""

DEFAULT_METHODS = ("bradley_terry", "elo")
FILTERS = ("category", "tag", "language", "judge", "judge_kind")
EFFECTS: dict[str, dict[str, Any]] = {
    "order": {"position": "common"},
    "judges": {"judge_effects": True},
    "answers": {"response_effects": True},
}
"""What a reader can have estimated beside the strengths, as params of a method."""

TOGETHER = ("order", "judges")
"""What of it can be fitted together; effects of answers are fitted alone."""

BY_TIES = {"half": "bradley_terry", "davidson": "davidson", "rao_kupper": "rao_kupper"}
"""What `ties` makes of the method `bradley_terry`."""

GRADED = ("auto", "never")
"""Whether a slight win is worth less than a clear one, where that is known."""

IMPORTED = ("human", "llm")
"""Kinds that an imported judgment may say it is of, without a judge of that kind."""

SLICED_BY = ("category", "language", "tag")
MOST_TAGS = 12
"""Tags, the most used ones, by which a board is sliced at once."""

ALL_PAIRS_UP_TO = 200
"""Competitors of whom a run keeps how probably each is above each other."""


def rate(
    *,
    project: Project,
    tournament: Tournament | None = None,
    method: str = "bradley_terry",
    params: Mapping[str, Any] | None = None,
    filters: Mapping[str, str] | None = None,
) -> RatingRun:
    """Fit the decided comparisons of a tournament, or of the project, as they stand now.

    The same data, method and params give the run that exists already. Raises InvalidInput for an
    unknown method, param or filter.
    """
    fitted = methods.build(method, params)
    wanted = _checked(project, filters or {})
    data = _data(project, tournament, wanted, fitted.columns)
    asked = _Asked(
        project=project,
        tournament=tournament,
        method=method,
        params=fitted.params.model_dump(mode="json"),
        filters=wanted,
        judges=[str(judge) for judge in data.judges],
        notes=[
            *_notes(project, tournament, wanted, data.judges),
            *_not_estimated(fitted.params, data),
        ],
    )
    fingerprint = asked.fingerprint(gather(data.columns).data_hash)
    known = RatingRun.objects.filter(project=project, fingerprint=fingerprint).first()
    if known:
        return known
    table = _fit(fitted, data.columns)
    repeats = repeats_of(data.decided, data.judges)
    more = {"asked": dict(params or {}), "noise": noise_of(repeats)}
    return _keep(asked, fingerprint, table, more)


def rate_slices(
    *,
    project: Project,
    tournament: Tournament | None = None,
    by: str = "category",
    params: Mapping[str, Any] | None = None,
) -> dict[str, RatingTable]:
    """{slice: Bradley-Terry table}, each borrowing strength from the others; best-known first.

    by: see `SLICED_BY`. Tags overlap, so each of the `MOST_TAGS` most used ones borrows from the
    prompts without it. Not kept as runs: they say more about all slices together than about one.
    Raises InvalidInput for another field or an unknown param.
    """
    if by not in SLICED_BY:
        raise InvalidInput("unknown slices", {"by": f"must be one of {', '.join(SLICED_BY)}"})
    fitted = methods.build("bradley_terry", params)
    data = _data(project, tournament, {}, frozenset())
    if by == "tag":
        tables = _by_tag(data, fitted.params)
    else:
        tables = _slices(data.columns, by_prompt(data.decided, by), fitted.params)
    return dict(sorted(tables.items(), key=lambda item: (-item[1].n_comparisons, item[0])))


def _by_tag(data: _Data, params: PairedParams) -> dict[str, RatingTable]:
    carried = [set(tags) for tags in by_prompt(data.decided, "tags")]
    prompts = Counter(tag for tags in carried for tag in tags)
    used = sorted(prompts, key=lambda tag: (-prompts[tag], tag))[:MOST_TAGS]
    return {
        tag: _slices(data.columns, ["with" if tag in tags else "" for tags in carried], params)[
            "with"
        ]
        for tag in used
    }


def _slices(
    columns: Comparisons, of_prompt: Sequence[str], params: PairedParams
) -> dict[str, RatingTable]:
    """Tables by the slice of each prompt."""
    slices = tuple(sorted(set(of_prompt)))
    place = np.array([slices.index(value) for value in of_prompt], dtype=np.int64)
    columns = replace(columns, slice=place[columns.prompt], slices=slices)
    try:
        return fit_slices(columns, params)
    except RatingError as error:
        raise Conflict(f"these slices cannot be rated: {error}") from None


def method_for(
    method: str, ties: str, style_control: str, effects: str = "", graded: str = ""
) -> tuple[str, dict[str, Any]]:
    """The name and params of the method that a reader's words ask for; each may be empty.

    ties: how ties count, for Bradley-Terry. style_control: "true" for all of an answer's looks,
    or their names with commas. effects: names of `EFFECTS` with commas, or "true" for those that
    can be fitted together. graded: one of `GRADED`; "never" holds for every method. Raises
    InvalidInput, naming the word.
    """
    faults = {}
    base = method or BY_TIES.get(ties, "bradley_terry")
    if ties and ties not in BY_TIES:
        faults["ties"] = f"must be one of {', '.join(BY_TIES)}"
    elif ties and method not in ("", "bradley_terry", BY_TIES[ties]):
        faults["ties"] = f"{method} has its own way with ties"
    elif ties:
        base = BY_TIES[ties]
    known = methods.get(base).Params.model_fields
    styles, wanted = _words(style_control, STYLES), _words(effects, TOGETHER)
    if unknown := [style for style in styles if style not in STYLES]:
        faults["style_control"] = f"{unknown[0]!r} is none of {', '.join(STYLES)}"
    elif styles and "style_control" not in known:
        faults["style_control"] = f"{base} does not control for style"
    if unknown := [name for name in wanted if name not in EFFECTS]:
        faults["effects"] = f"{unknown[0]!r} is none of {', '.join(EFFECTS)}"
    elif lacking := [name for name in wanted if not EFFECTS[name].keys() <= known.keys()]:
        faults["effects"] = f"{base} does not estimate effects of {lacking[0]}"
    elif "answers" in wanted and (styles or len(set(wanted)) > 1):
        faults["effects"] = "effects of answers are fitted alone, without style or other effects"
    faults |= _fault_of_grades(graded, known)
    if faults:
        raise InvalidInput("this leaderboard cannot be had", faults)
    chosen = {"style_control": styles, "graded": graded if "graded" in known else ""}
    params: dict[str, Any] = {name: value for name, value in chosen.items() if value}
    return base, reduce(or_, (EFFECTS[name] for name in wanted), params)


def _fault_of_grades(graded: str, known: Collection[str]) -> dict[str, str]:
    if graded in ("", "never") or (graded in GRADED and "graded" in known):
        return {}
    return {"graded": f"must be one of {', '.join(GRADED)}; auto goes with bradley_terry only"}


def _words(asked: str, known: Collection[str]) -> list[str]:
    """Names with commas; "true" is all that are known."""
    if asked in ("", "0", "false"):
        return []
    return list(known) if asked in ("1", "true", "all") else asked.split(",")


def rate_completed(tournament_id: int) -> None:
    """Fit a completed tournament by the default methods."""
    tournament = Tournament.objects.select_related("project").get(pk=tournament_id)
    for method in DEFAULT_METHODS:
        rate(project=tournament.project, tournament=tournament, method=method)


def _checked(project: Project, filters: Mapping[str, str]) -> dict[str, str]:
    unknown = {key: "unknown filter" for key in filters if key not in FILTERS}
    if unknown:
        raise InvalidInput(f"a leaderboard can be cut by {', '.join(FILTERS)}", fields=unknown)
    wanted = {key: value for key, value in sorted(filters.items()) if value}
    nowhere = {
        key: f"nothing in {project.slug} has {key.replace('_', ' ')} {value!r}"
        for key, value in wanted.items()
        if not _occurs(project, key, value)
    }
    if nowhere:
        raise InvalidInput("this leaderboard cannot be had", nowhere)
    return wanted


def _occurs(project: Project, key: str, value: str) -> bool:
    """Whether a filter's value is one of the project's."""
    if key == "judge":
        return project.judges.filter(name=value).exists()
    if key == "judge_kind":
        return value in IMPORTED or project.judges.filter(kind=value).exists()
    return project.prompts.filter(prompts_where({key: value})).exists()


@dataclass(frozen=True)
class _Asked:
    """What a run is asked for, apart from the data."""

    project: Project
    tournament: Tournament | None
    method: str
    params: dict[str, Any]
    filters: dict[str, str]
    judges: list[str]
    notes: list[str]

    def fingerprint(self, data: str) -> str:
        """The identity of a run: what was asked, of which data, by which version of the methods."""
        tournament = self.tournament.pk if self.tournament else None
        asked = [self.method, self.params, self.filters, self.judges, self.notes]
        parts = [REVISION, tournament, *asked, data]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _notes(
    project: Project,
    tournament: Tournament | None,
    filters: Mapping[str, str],
    judges: list[Judge],
) -> list[str]:
    """What the choice of data means, and what its judges are, in plain words."""
    notes = []
    chosen = tournament or filters.keys() & {"judge", "judge_kind"}
    if not chosen and not project.tournaments.exists() and judges:
        notes.append("No tournament was played yet: this rates the imported judgments.")
    if not tournament and len(judges) > 1:
        notes.append(f"Verdicts of {len(judges)} judges are pooled; choose one to see its own.")
    cautions = [caution for judge in judges for caution in cautions_of(judge)]
    return [*notes, *dict.fromkeys(cautions)]


def _not_estimated(params: Params, data: _Data) -> list[str]:
    """Why an effect that was asked for is not among those that were estimated."""
    notes: list[str] = []
    if not len(data.columns.a):
        return notes
    if getattr(params, "position", "ignore") == "common" and data.columns.first is None:
        notes.append(
            "What it is worth to be shown first cannot be told: each comparison was judged in both"
            " orders, which evens it out, or its order is not known."
        )
    if getattr(params, "judge_effects", False) and len(data.judges) == 1:
        notes.append("One judge alone has no sharpness to tell: the average judge is 1.")
    return notes


def _fit(method: RatingMethod, columns: Comparisons) -> RatingTable:
    try:
        return method.rate(columns)
    except RatingError as error:
        raise Conflict(f"these comparisons cannot be rated: {error}") from None


@dataclass(frozen=True)
class _Data:
    """The decisions behind a run, who made them, and their columns."""

    decided: QuerySet[Decision]
    judges: list[Judge]
    columns: Comparisons


def _data(
    project: Project,
    tournament: Tournament | None,
    filters: dict[str, str],
    wanted: frozenset[str],
) -> _Data:
    decisions = decisions_of(project, tournament, filters)
    if SURROGATE in wanted:
        decisions = with_predictions(decisions, project, tournament, filters)
    decided = decisions.filter(status=DecisionStatus.DECIDED)
    judges = list(Judge.objects.filter(pk__in=decided.values("judge")).order_by("name", "pk"))
    names = dict((tournament or project).competitors.values_list("pk", "name"))
    return _Data(decided, judges, comparisons_of(decided, names, judges, wanted))


def _keep(
    asked: _Asked, fingerprint: str, table: RatingTable, more: Mapping[str, Any]
) -> RatingRun:
    """Store the run; of two that fit the same at once, one stands. more: of its details."""
    run, _ = RatingRun.objects.get_or_create(
        project=asked.project,
        fingerprint=fingerprint,
        defaults={
            "tournament": asked.tournament,
            "method": table.method,
            "settings": json.loads(json.dumps({**table.settings, "judges": asked.judges})),
            "slice": asked.filters,
            "data_hash": table.data_hash,
            "rows": [asdict(row) for row in table.rows],
            "components": [list(group) for group in table.components],
            "warnings": [*asked.notes, *table.warnings],
            "n_comparisons": table.n_comparisons,
            "n_prompts": table.n_prompts,
            "details": {**_details(table), **more},
        },
    )
    return run


def _details(table: RatingTable) -> dict[str, Any]:
    """What a run keeps beside its rows, as JSON.

    `above` holds, for the rated rows in their order, how probable it is that the one of the line
    is better than the one of the column; empty for a very large field.
    """
    ratings = np.array([row.rating for row in table.rows if row.rating is not None])
    small = len(ratings) <= ALL_PAIRS_UP_TO
    above = probability_above(ratings, table.variances) if small else np.empty((0, 0))
    return {
        "converged": table.converged,
        "rounds": table.rounds,
        "effects": [asdict(effect) for effect in table.effects],
        "above": above.round(4).tolist(),
    }


def noise_of(repeats: Repeats) -> dict[str, Any]:
    """What a run keeps of the share of noise in the answers; `share` is null where not known."""
    found = noise_share(repeats)
    if found is not None:
        return asdict(found)
    prompts = len(np.unique(repeats.prompt))
    return {"share": None, "ci_low": None, "ci_high": None, "comparisons": len(repeats.a),
            "prompts": prompts}  # fmt: skip
