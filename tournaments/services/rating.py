"""Fitting ratings from decided comparisons, and keeping each fit as an immutable run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from arena.common.errors import InvalidInput
from arena.models import Project
from judges.models import Decision, DecisionStatus, Judgment
from tournaments.models import Match, RatingRun, Tournament
from tournaments.ratings import registry as methods

if TYPE_CHECKING:
    from tournaments.ratings.base import Comparisons, RatingTable

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
    decided, notes = _decided(project, tournament, wanted)
    names = (tournament or project).competitors.order_by("name").values_list("name", flat=True)
    table = fitted.rate(_columns(decided, tuple(names)))
    return _keep(project, tournament, wanted, table, notes)


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


def _decided(
    project: Project, tournament: Tournament | None, filters: Mapping[str, str]
) -> tuple[QuerySet[Decision], list[str]]:
    """The decisions to be rated, with notes on the choice in plain words.

    A project's board reads what its tournaments decided; before there is any, or when a judge is
    named, what stands on record from all (or that) judges.
    """
    decided = Decision.objects.filter(judge__project=project, status=DecisionStatus.DECIDED)
    notes: list[str] = []
    if tournament is not None:
        matches = Match.objects.filter(tournament=tournament, decision=OuterRef("pk"))
        decided = decided.filter(Exists(matches))
    elif not filters.keys() & {"judge", "judge_kind"}:
        played = decided.filter(Exists(Match.objects.filter(decision=OuterRef("pk"))))
        if played.exists():
            decided = played
        elif decided.exists():
            notes.append("No tournament was played yet: this rates the imported judgments.")
    return _sliced(decided, filters), notes


def _sliced(decided: QuerySet[Decision], filters: Mapping[str, str]) -> QuerySet[Decision]:
    if "category" in filters:
        decided = decided.filter(comparison__prompt__category=filters["category"])
    if "language" in filters:
        decided = decided.filter(comparison__prompt__language=filters["language"])
    if "judge" in filters:
        decided = decided.filter(judge__name=filters["judge"])
    if "judge_kind" in filters:
        decided = _by_judge_kind(decided, filters["judge_kind"])
    if "tag" in filters:
        decided = decided.filter(pk__in=_tagged(decided, filters["tag"]))
    return decided


def _by_judge_kind(decided: QuerySet[Decision], kind: str) -> QuerySet[Decision]:
    """Judges of this kind, and outside judges that were imported as being of this kind."""
    imported = Judgment.objects.filter(
        judge__name=OuterRef("read_name"),
        comparison=OuterRef("comparison"),
        details__judge_kind=kind,
    )
    named = decided.annotate(read_name=KT("judge__params__judge"))
    return named.filter(Q(judge__kind=kind) | Q(Exists(imported), judge__kind="recorded"))


def _tagged(decided: QuerySet[Decision], tag: str) -> list[int]:
    # SQLite has no containment test for JSON arrays.
    rows = decided.values_list("pk", "comparison__prompt__tags")
    return [pk for pk, tags in rows if tag in tags]


def _columns(decided: QuerySet[Decision], names: tuple[str, ...]) -> Comparisons:
    """Decisions as columns, in an order that a new import of the same data would give too."""
    import numpy as np  # slow import, not needed by most requests

    from tournaments.ratings.base import Comparisons

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


@transaction.atomic
def _keep(
    project: Project,
    tournament: Tournament | None,
    filters: Mapping[str, str],
    table: RatingTable,
    notes: list[str],
) -> RatingRun:
    settings = json.loads(json.dumps(dict(table.settings)))
    identity = [tournament.pk if tournament else None, table.method, settings, filters, notes]
    fingerprint = hashlib.sha256(
        json.dumps([*identity, table.data_hash], sort_keys=True).encode()
    ).hexdigest()
    run, _ = RatingRun.objects.get_or_create(
        project=project,
        fingerprint=fingerprint,
        defaults={
            "tournament": tournament,
            "method": table.method,
            "settings": settings,
            "slice": dict(filters),
            "data_hash": table.data_hash,
            "rows": [asdict(row) for row in table.rows],
            "components": [list(group) for group in table.components],
            "warnings": [*notes, *table.warnings],
            "n_comparisons": table.n_comparisons,
            "n_prompts": table.n_prompts,
        },
    )
    return run
