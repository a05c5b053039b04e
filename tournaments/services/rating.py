"""Fitting ratings from decided comparisons, and keeping each fit as an immutable run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet

from arena.common.errors import Conflict, InvalidInput
from arena.models import Project
from judges.models import Decision, DecisionStatus, Judge
from judges.services.judges import cautions_of
from tournaments.models import RatingRun, Tournament
from tournaments.ratings import registry as methods
from tournaments.ratings.base import Comparisons, RatingError, RatingMethod, RatingTable
from tournaments.ratings.counts import gather
from tournaments.selection import decisions_of

REVISION = 1
"""Raised when a method gives other digits for the same data and params."""

DEFAULT_METHODS = ("bradley_terry", "elo")
FILTERS = ("category", "tag", "language", "judge", "judge_kind")


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
    wanted = _checked(filters or {})
    decided = decisions_of(project, tournament, wanted).filter(status=DecisionStatus.DECIDED)
    judges = list(Judge.objects.filter(pk__in=decided.values("judge")).order_by("name", "pk"))
    names = (tournament or project).competitors.order_by("name").values_list("name", flat=True)
    columns = _columns(decided, tuple(names))
    asked = _Asked(
        project=project,
        tournament=tournament,
        method=method,
        params=fitted.params.model_dump(mode="json"),
        filters=wanted,
        judges=[str(judge) for judge in judges],
        notes=_notes(project, tournament, wanted, judges),
    )
    fingerprint = asked.fingerprint(gather(columns).data_hash)
    known = RatingRun.objects.filter(project=project, fingerprint=fingerprint).first()
    return known or _keep(asked, fingerprint, _fit(fitted, columns))


def rate_completed(tournament_id: int) -> None:
    """Fit a completed tournament by the default methods."""
    tournament = Tournament.objects.select_related("project").get(pk=tournament_id)
    for method in DEFAULT_METHODS:
        rate(project=tournament.project, tournament=tournament, method=method)


def _checked(filters: Mapping[str, str]) -> dict[str, str]:
    unknown = {key: "unknown filter" for key in filters if key not in FILTERS}
    if unknown:
        raise InvalidInput(f"a leaderboard can be cut by {', '.join(FILTERS)}", fields=unknown)
    return {key: value for key, value in sorted(filters.items()) if value}


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


def _fit(method: RatingMethod, columns: Comparisons) -> RatingTable:
    try:
        return method.rate(columns)
    except RatingError as error:
        raise Conflict(f"these comparisons cannot be rated: {error}") from None


def _columns(decided: QuerySet[Decision], names: tuple[str, ...]) -> Comparisons:
    """Decisions as columns, in an order that a new import of the same data would give too."""
    rows = decided.values_list(
        "comparison__prompt__key",
        "comparison__output_a__competitor__name",
        "comparison__output_b__competitor__name",
        "judge__name",
        "winner",
    )
    ordered = sorted(_named(*row) for row in rows.iterator(chunk_size=10_000))
    index = {name: i for i, name in enumerate(names)}
    prompts = {key: i for i, key in enumerate(sorted({row[0] for row in ordered}))}
    return Comparisons(
        competitors=names,
        a=np.array([index[row[1]] for row in ordered], dtype=np.int64),
        b=np.array([index[row[2]] for row in ordered], dtype=np.int64),
        score=np.array([row[4] for row in ordered], dtype=np.float64),
        prompt=np.array([prompts[row[0]] for row in ordered], dtype=np.int64),
    )


def _named(
    prompt: str, a: str, b: str, judge: str, winner: str | None
) -> tuple[str, str, str, str, float]:
    """(prompt, first name, second name, judge, score of the first), names in alphabetical order."""
    score = {"a": 1.0, "b": 0.0}.get(winner or "", 0.5)
    return (prompt, a, b, judge, score) if a < b else (prompt, b, a, judge, 1.0 - score)


def _keep(asked: _Asked, fingerprint: str, table: RatingTable) -> RatingRun:
    """Store the run; of two that fit the same at once, one stands."""
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
        },
    )
    return run
