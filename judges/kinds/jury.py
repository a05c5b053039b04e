"""A judge made of judges."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, JsonValue, model_validator

from arena.common import plugins
from judges.aggregation import DEFAULT
from judges.aggregation import registry as aggregations
from judges.aggregation.deliberation import Panel
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
        aggregation: str = Field(default=DEFAULT, description="the rule that combines them")
        aggregation_params: dict[str, JsonValue] = Field(
            default={}, description="parameters of the rule"
        )
        quorum: int | None = Field(
            default=None, ge=1, description="members that must give a verdict; default: over half"
        )
        stand_ins: list[str] = Field(
            default=[],
            max_length=50,
            description="judges that take, in order, the place of members whose calls failed",
        )
        sequential: bool = Field(
            default=False,
            description="ask one member after the other, until the outcome cannot change any more "
            "or is certain",
        )
        certainty: float = Field(
            default=0.95,
            gt=0.5,
            le=1,
            description="probability at which a sequential jury stops asking",
        )
        escalate_to: list[str] = Field(
            default=[],
            max_length=50,
            description="judges that decide when the members are split, for example people",
        )

        @model_validator(mode="after")
        def _quorum_can_be_reached(self) -> Self:
            if self.quorum is not None and self.quorum > len(self.members):
                raise ValueError(f"a quorum of {self.quorum} needs as many members")
            return self

        @model_validator(mode="after")
        def _everybody_once(self) -> Self:
            seats = [*self.members, *self.stand_ins, *self.escalate_to]
            if twice := sorted({name for name in seats if seats.count(name) > 1}):
                raise ValueError(f"a judge sits in a jury once; named twice: {', '.join(twice)}")
            return self

    def __init__(self, params: Params) -> None:
        self.params = params
        self.rule = aggregations.build(params.aggregation, params.aggregation_params)

    @property
    def quorum(self) -> int:
        """Members that must give a verdict; more than half unless told otherwise."""
        return self.params.quorum or len(self.params.members) // 2 + 1

    @property
    def seats(self) -> list[str]:
        """Everybody who may be asked: members, stand-ins, and those it escalates to."""
        return [*self.params.members, *self.params.stand_ins, *self.params.escalate_to]

    @property
    def panel(self) -> Panel:
        """Who is asked, and in what order."""
        return Panel(
            members=tuple(self.params.members),
            quorum=self.quorum,
            stand_ins=tuple(self.params.stand_ins),
            escalate_to=tuple(self.params.escalate_to),
            sequential=self.params.sequential,
            certainty=self.params.certainty,
        )
