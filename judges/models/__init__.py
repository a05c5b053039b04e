"""One file a noun."""

from judges.models.assignment import Assignment
from judges.models.decision import SETTLED, Decision, DecisionStatus
from judges.models.endpoint import Endpoint
from judges.models.judge import Judge, JuryMember
from judges.models.judgment import Judgment
from judges.models.jury_fit import JuryFit
from judges.models.stored_reply import StoredReply

__all__ = [
    "SETTLED",
    "Assignment",
    "Decision",
    "DecisionStatus",
    "Endpoint",
    "Judge",
    "Judgment",
    "JuryFit",
    "JuryMember",
    "StoredReply",
]
