"""A judge made of judges."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from arena.common import plugins
from judges.aggregation import registry as aggregations
from judges.contracts import Source
from judges.kinds import registry


@registry.register("jury")
class Jury:
    """Its members decide on their own (and may be shared); an aggregation combines them."""

    label: ClassVar[str] = "Jury"
    description: ClassVar[str] = "Several judges of any kind, combined by a rule."
    source: ClassVar[Source] = Source.MEMBERS

    class Params(plugins.Params):
        members: list[str] = Field(min_length=1, max_length=50, description="names of judges")
        aggregation: str = Field(default="plurality", description="the rule that combines them")
        quorum: int | None = Field(
            default=None, ge=1, description="members that must give a verdict; default: over half"
        )

    def __init__(self, params: Params) -> None:
        self.params = params
        self.rule = aggregations.build(params.aggregation)

    @property
    def quorum(self) -> int:
        """Members that must give a verdict; more than half unless told otherwise."""
        return self.params.quorum or len(self.params.members) // 2 + 1
