"""Referees with different points of view who discuss two answers and then score them."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from judges.contracts import Case
from judges.kinds import registry
from judges.llm import pairing, parsing, prompting, roles
from judges.llm.judging import ModelJudge
from judges.llm.pairing import Scored
from judges.llm.params import CallParams, PromptParams
from judges.llm.parsing import Unparsable
from judges.llm.prompting import Prompt, Style
from judges.llm.reply import Reply
from judges.llm.roles import Referee, Statement
from judges.llm.templating import Template
from judges.llm.transcript import Finding, Silenced, Transcript

LOW, HIGH = 0.0, 10.0
OWN = frozenset({"referee", "role", "others", "history", "round", "rounds"})
REQUIRED = prompting.REQUIRED | {"role", "history"}


@registry.register("debate")
class Debate(ModelJudge):
    """The debate of "The Fellowship of the LLMs": one model in several roles.

    In each round the referees speak in turn and see all that was said before. Then each gives its
    reasons and two scores from 0 to 10; the higher mean over the referees wins.
    """

    label: ClassVar[str] = "Debate"
    description: ClassVar[str] = (
        "One model plays several referees, who discuss both answers in rounds, each seeing all "
        "that was said, and then score them; the higher mean wins."
    )

    class Params(PromptParams, CallParams):
        referees: list[Referee] = Field(
            default=list(roles.REFEREES),
            min_length=1,
            max_length=9,
            description="who discusses, in the order in which they speak: name and role of each",
        )
        rounds: int = Field(default=2, ge=1, le=6, description="how often each referee speaks")
        tie_margin: float = Field(
            default=0, ge=0, lt=HIGH, description="a tie when the mean scores differ by no more"
        )
        turn_template: str = Field(
            default="debate_turn_v1",
            min_length=1,
            description="what a referee is asked in a round: the name of a template, or its text",
        )
        scores_template: str = Field(
            default="debate_scores_v1",
            min_length=1,
            description="what a referee is asked at the end: the name of a template, or its text",
        )

        @field_validator("referees")
        @classmethod
        def _names_apart(cls, value: list[Referee]) -> list[Referee]:
            if len({referee.name.casefold() for referee in value}) < len(value):
                raise ValueError("two referees have the same name")
            return value

        @field_validator("turn_template", "scores_template")
        @classmethod
        def _usable_template(cls, value: str) -> str:
            prompting.load_template(value, REQUIRED, OWN)
            return value

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.turn = prompting.load_template(params.turn_template, REQUIRED, OWN)
        self.final = prompting.load_template(params.scores_template, REQUIRED, OWN)

    def calls_each(self) -> int:
        """Referees times rounds, and one more for each referee's scores: 9 by default."""
        return len(self.params.referees) * (self.params.rounds + 1)

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Discuss, then score. A referee that gives no scores is left out, never counted as 0."""
        said: list[Statement] = []
        silent: list[Silenced] = []
        for number in range(1, self.params.rounds + 1):
            said += await self._round(case, talk, said, number)
        given: dict[str, Scored] = {}
        for referee in self.params.referees:
            try:
                given[referee.name] = await self._scores(case, talk, said, referee)
            except Silenced as silenced:
                silent.append(silenced)
        if 2 * len(given) <= len(self.params.referees):
            raise pairing.prevailing(silent, f"only {len(given)} of the referees gave scores")
        return self._finding(case, given)

    def about(self, case: Case) -> dict[str, Any]:
        """Both templates, by name and hash."""
        return pairing.hashes(self.turn, self.final)

    async def _round(
        self, case: Case, talk: Transcript, before: list[Statement], number: int
    ) -> list[Statement]:
        """What is said in one round. A referee who says nothing is passed over."""
        said: list[Statement] = []
        silent: list[Silenced] = []
        for referee in self.params.referees:
            prompt = self.render(self.turn, case, [*before, *said], referee, number)
            try:
                text = await talk.ask(
                    f"round {number}, {referee.name}", prompt.messages, _read_statement
                )
            except Silenced as silenced:
                silent.append(silenced)
            else:
                said.append(Statement(referee.name, number, text))
        if not said:
            raise pairing.prevailing(silent, f"no referee spoke in round {number}")
        return said

    async def _scores(
        self, case: Case, talk: Transcript, said: list[Statement], referee: Referee
    ) -> Scored:
        prompt = self.render(self.final, case, said, referee, self.params.rounds)
        schema = pairing.scores_schema(LOW, HIGH)
        return await talk.ask(f"scores, {referee.name}", prompt.messages, _read_scores, schema)

    def render(
        self, template: Template, case: Case, said: list[Statement], referee: Referee, number: int
    ) -> Prompt:
        """What `referee` is sent after all that was `said`."""
        mark = prompting.mark_of(case, *(one.text for one in said))
        own = {
            "referee": referee.name,
            "role": referee.role,
            "others": roles.others(self.params.referees, referee),
            "history": roles.history(said, mark),
            "round": str(number),
            "rounds": str(self.params.rounds),
        }
        return prompting.render(case, self._style(template), own, mark)

    def _style(self, template: Template) -> Style:
        return pairing.style_of(template, self.params, self.params.max_chars)

    def _finding(self, case: Case, given: dict[str, Scored]) -> Finding:
        first = pairing.mean(scored.first for scored in given.values())
        second = pairing.mean(scored.second for scored in given.values())
        said = [
            {"referee": name, "first": scored.first, "second": scored.second}
            for name, scored in given.items()
        ]
        left_out = [r.name for r in self.params.referees if r.name not in given]
        return Finding(
            preference=pairing.preference_of(first, second, self.params.tie_margin),
            reason="\n\n".join(
                f"{name} ({scored.first:g} : {scored.second:g}): {scored.reason}"
                for name, scored in given.items()
            ),
            scores=(first, second),
            details={
                "referees": said,
                "left_out": left_out,
                **prompting.shown(case, self._style(self.final)),
            },
        )


def _read_statement(reply: Reply) -> str | Unparsable:
    text = parsing.without_thinking(reply.text)
    return text or Unparsable("the reply is empty")


def _read_scores(reply: Reply) -> Scored | Unparsable:
    return pairing.read_scores(reply, LOW, HIGH)
