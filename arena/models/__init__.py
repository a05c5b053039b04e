"""One file a noun."""

from arena.models.api_token import ApiToken, Scope
from arena.models.comparison import Comparison
from arena.models.competitor import Competitor
from arena.models.idempotent_reply import IdempotentReply
from arena.models.output import Output
from arena.models.project import RANK, Membership, Project, Role
from arena.models.prompt import Prompt

__all__ = [
    "RANK",
    "ApiToken",
    "Comparison",
    "Competitor",
    "IdempotentReply",
    "Membership",
    "Output",
    "Project",
    "Prompt",
    "Role",
    "Scope",
]
