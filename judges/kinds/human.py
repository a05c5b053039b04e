"""People, on the blind judging page."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from arena.common import plugins
from judges.contracts import Source
from judges.kinds import registry


@registry.register("human")
class Human:
    """Comparisons wait until enough raters have spoken; their plurality decides."""

    label: ClassVar[str] = "People"
    description: ClassVar[str] = (
        "Raters judge side by side, without names, in shuffled order. The tournament waits for "
        "them and goes on by itself."
    )
    source: ClassVar[Source] = Source.PEOPLE

    class Params(plugins.Params):
        raters: int = Field(default=1, ge=1, le=50, description="raters a comparison needs")
        page: Literal["pairs", "ranking", "scoring"] = Field(
            default="pairs",
            description="pairs: two answers side by side; ranking: all answers to a prompt are "
            "put in order; scoring: each answer gets 1 to 5",
        )

    def __init__(self, params: Params) -> None:
        self.params = params
