"""What a rater says, and the judgment that is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judges.contracts import Answer, Order, Preference, Presentation
from judges.models import Decision, Judgment
from judges.services.cases import judgment_of
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


def write(
    decision: Decision, rater: int, order: Order, said: Said, details: Mapping[str, Any]
) -> Judgment:
    """Put it on record as the judgment of this rater. The caller has locked the decision.

    `details` are kept beside the verdict, with the reasons, and the criteria in terms of a and b.
    """
    kept = dict(details)
    if said.reasons:
        kept["reasons"] = list(said.reasons)
    if said.criteria:
        kept["criteria"] = {
            key: str(preference.winner(order)) for key, preference in said.criteria.items()
        }
    judgment = judgment_of(
        decision.judge_id,
        decision.comparison_id,
        Presentation(order, decision.judgments().count()),
        Answer(
            said.preference,
            reason=said.comment,
            strength=said.strength,
            scores=said.scores,
            details=kept,
        ),
    )
    judgment.rater_id = rater
    judgment.save(force_insert=True)
    return judgment
