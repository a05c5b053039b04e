"""One file a noun."""

from arena.models.api_token import ApiToken, Scope
from arena.models.audit import AuditEntry
from arena.models.comparison import Comparison
from arena.models.competitor import Competitor
from arena.models.external_identity import ExternalIdentity
from arena.models.idempotent_reply import IdempotentReply
from arena.models.invitation import Invitation, InvitationState
from arena.models.output import Output
from arena.models.project import RANK, Membership, Project, Role, Standing
from arena.models.prompt import Prompt

__all__ = [
    "RANK",
    "ApiToken",
    "AuditEntry",
    "Comparison",
    "Competitor",
    "ExternalIdentity",
    "IdempotentReply",
    "Invitation",
    "InvitationState",
    "Membership",
    "Output",
    "Project",
    "Prompt",
    "Role",
    "Scope",
    "Standing",
]
