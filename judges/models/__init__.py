"""One file a noun."""

from judges.models.assignment import Assignment
from judges.models.decision import SETTLED, Decision, DecisionStatus
from judges.models.judge import Judge, JuryMember
from judges.models.judgment import Judgment

__all__ = [
    "SETTLED",
    "Assignment",
    "Decision",
    "DecisionStatus",
    "Judge",
    "Judgment",
    "JuryMember",
]
