"""One file a noun."""

from judges.models.adjudication import Adjudication
from judges.models.assignment import Assignment
from judges.models.battle import Battle, Speaker
from judges.models.campaign import Access, Campaign, GoldPolicy, RaterLink
from judges.models.charge import Charge
from judges.models.decision import SETTLED, Decision, DecisionStatus
from judges.models.endpoint import Endpoint
from judges.models.gold_question import GoldQuestion
from judges.models.judge import Judge, JuryMember
from judges.models.judgment import Judgment
from judges.models.jury_fit import JuryFit
from judges.models.participant import Participant, Quarantine
from judges.models.stored_reply import StoredReply

__all__ = [
    "SETTLED",
    "Access",
    "Adjudication",
    "Assignment",
    "Battle",
    "Campaign",
    "Charge",
    "Decision",
    "DecisionStatus",
    "Endpoint",
    "GoldPolicy",
    "GoldQuestion",
    "Judge",
    "Judgment",
    "JuryFit",
    "JuryMember",
    "Participant",
    "Quarantine",
    "RaterLink",
    "Speaker",
    "StoredReply",
]
