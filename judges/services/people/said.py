"""What a rater says, and the judgment that is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from judges.contracts import Answer, Order, Preference, Presentation
from judges.models import Assignment, Decision, Judgment
from judges.services import cases
from judges.services.people.ranking import Ranks


@dataclass(frozen=True)
class Said:
    """A rater's answer, in terms of what was shown first and second.

    `criteria` maps the keys of the campaign's criteria to preferences; `scores` are those of the
    first and the second on a page for scoring. On a page for ranking, `ranks` are the whole order
    and `places` where the two stood on it, counted from 0.
    """

    preference: Preference
    strength: int | None = None
    reasons: tuple[str, ...] = ()
    comment: str = ""
    criteria: Mapping[str, Preference] = field(default_factory=dict)
    scores: tuple[float, float] | None = None
    ranks: Ranks = ()
    places: tuple[int, int] | None = None


def kept(said: Said) -> dict[str, Any]:
    """The answer as the column of an assignment keeps it."""
    column: dict[str, Any] = json.loads(json.dumps(asdict(said)))
    return column


def said_in(assignment: Assignment) -> Said:
    """The answer of an assignment that has one."""
    column = dict(assignment.answer or {})
    scores = column.get("scores")
    return Said(
        preference=Preference(column["preference"]),
        strength=column["strength"],
        reasons=tuple(column["reasons"]),
        comment=column["comment"],
        criteria={key: Preference(value) for key, value in column["criteria"].items()},
        scores=(scores[0], scores[1]) if scores else None,
        ranks=tuple(map(tuple, column.get("ranks", ()))),
        places=tuple(column["places"]) if column.get("places") else None,
    )


def write(
    decision: Decision, rater: int, order: Order, said: Said, details: Mapping[str, Any]
) -> Judgment:
    """Put it on record as the judgment of this rater. The caller has locked the decision."""
    before = decision.judgments().count()
    judgment = judgment_of(decision, rater, order, said, details, before)
    judgment.save(force_insert=True)
    return judgment


def judgment_of(
    decision: Decision,
    rater: int,
    order: Order,
    said: Said,
    details: Mapping[str, Any],
    before: int,
) -> Judgment:
    """The judgment, to be written; `before` it there are so many of this decision.

    `details` are kept beside the verdict, with the reasons, and the criteria in terms of a and b.
    """
    more = dict(details)
    if said.reasons:
        more["reasons"] = list(said.reasons)
    if said.criteria:
        more["criteria"] = {
            key: str(preference.winner(order)) for key, preference in said.criteria.items()
        }
    answer = Answer(
        said.preference,
        reason=said.comment,
        strength=said.strength,
        scores=said.scores,
        details=more,
    )
    judgment = cases.judgment_of(
        decision.judge_id, decision.comparison_id, Presentation(order, before), answer
    )
    judgment.rater_id = rater
    return judgment
