"""Who sits in a debate, and what was said in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from arena.common import plugins
from judges.llm import prompting

LONGEST_SHOWN = 6_000
"""Characters of a statement that the others are shown."""


class Referee(plugins.Params):
    """A role that the model plays."""

    name: str = Field(min_length=1, max_length=40, description="how the others call it")
    role: str = Field(
        min_length=1, max_length=2_000, description="its point of view, in words to the model"
    )


REFEREES = (
    Referee(
        name="General Public",
        role="You speak for the people who will read the answer and have no special knowledge. You "
        "care whether it is true, of use, and easy to follow.",
    ),
    Referee(
        name="Psychologist",
        role="You study how people think and feel. You care what the person who asked really "
        "needs, how the answer will affect them, and whether it treats them well.",
    ),
    Referee(
        name="Critic",
        role="You look for faults. You check facts, steps and results, and name what is wrong, "
        "missing, or claimed without ground, in whichever answer it stands.",
    ),
)
"""The three of the published debate."""


@dataclass(frozen=True)
class Statement:
    """What one referee said in one round."""

    referee: str
    number: int
    text: str


def history(said: Sequence[Statement], mark: str) -> str:
    """All statements so far, in order, each fenced: they may quote what attacks the judge."""
    return "\n\n".join(
        prompting.fence(f"ROUND {one.number}, {one.referee}", one.text, mark, LONGEST_SHOWN)
        for one in said
    )


def others(referees: Sequence[Referee], me: Referee) -> str:
    """The names of the rest."""
    return ", ".join(referee.name for referee in referees if referee is not me)
