"""Outside judgments, imported and read back: no call is made."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from arena.common import plugins
from judges.contracts import Source
from judges.kinds import registry


@registry.register("recorded")
class Recorded:
    """Decides by the judgments imported under a name; all recorded orders and votes are read."""

    label: ClassVar[str] = "Recorded judgments"
    description: ClassVar[str] = (
        "Judgments made elsewhere and imported. All recorded votes on a pair are read; when they "
        "disagree evenly it is a tie, and what nobody recorded stays undecided."
    )
    source: ClassVar[Source] = Source.RECORD

    class Params(plugins.Params):
        judge: str = Field(
            min_length=1, description="the name under which the judgments were imported"
        )

    def __init__(self, params: Params) -> None:
        self.params = params
