"""Reliability of each answer by comparison with references of known correctness."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, field_validator

from judges.contracts import Backend, Case, Turn
from judges.kinds import registry
from judges.llm import pairing, parsing, prompting, reliability
from judges.llm.judging import ModelJudge
from judges.llm.params import AskParams
from judges.llm.parsing import Unparsable
from judges.llm.prompting import Prompt, Style, object_schema
from judges.llm.quotations import material_of
from judges.llm.reliability import Likelihoods, Observation, Outcome, Reference
from judges.llm.reply import Reply
from judges.llm.transcript import Finding, Silenced, Transcript

OWN = frozenset({"pair_1", "pair_2"})
VERDICTS = {"1": Outcome.BETTER, "2": Outcome.WORSE, "equal": Outcome.EQUAL}
SCHEMA = object_schema(
    {"reason": {"type": "string"}, "verdict": {"type": "string", "enum": list(VERDICTS)}}
)


@dataclass(frozen=True)
class Paired:
    """A query with its answer, as the judge is shown it; `name` is for the record."""

    name: str
    case: Case

    @property
    def texts(self) -> list[str]:
        """All that others wrote in it."""
        return [text for text in material_of(self.case) if text]


@dataclass(frozen=True)
class Observed:
    """What came of the comparisons of one answer with its references."""

    seen: list[Observation]
    silent: list[Silenced]

    def record(self) -> list[dict[str, Any]]:
        return [{"correct": one.correct, "outcome": int(one.outcome)} for one in self.seen]


@registry.register("meta_ranking")
class MetaRanking(ModelJudge):
    """Meta Ranking, with the votes weighted by what the references teach.

    A weak judge says which of two query-answer pairs is the more correct answer to its own query,
    in both orders, which must agree. Comparisons among references give the likelihoods with which
    those of an answer become its log-odds of being correct; the higher log-odds win.
    """

    label: ClassVar[str] = "Meta ranking"
    description: ClassVar[str] = (
        "Each answer is compared across prompts with references known to be right or wrong; what "
        "follows for its own correctness decides. Made for weak judges."
    )

    class Params(AskParams):
        references: list[Reference] = Field(
            min_length=2,
            max_length=100,
            description="prompts with an answer and whether it is correct; some of both",
        )
        k: int = Field(
            default=5, ge=1, le=50, description="references that each answer is compared with"
        )
        calibration: int = Field(
            default=20,
            ge=1,
            le=500,
            description="pairs of references compared once, to learn how this judge errs",
        )
        prior: float = Field(
            default=0.5, gt=0, lt=1, description="share of answers expected to be correct"
        )
        margin: float = Field(
            default=0.1, ge=0, description="a tie when the log-odds differ by no more"
        )
        template: str = Field(
            default="meta_ranking_v1",
            min_length=1,
            description="a template that comes with Arena, or the text of one (several lines)",
        )

        @field_validator("references")
        @classmethod
        def _some_of_both(cls, value: list[Reference]) -> list[Reference]:
            if len({reference.correct for reference in value}) < 2:
                raise ValueError("at least one correct and one wrong answer are needed")
            if len({reference.key for reference in value}) < len(value):
                raise ValueError("a reference stands twice")
            return value

        @field_validator("template")
        @classmethod
        def _usable_template(cls, value: str) -> str:
            prompting.load_template(value, OWN, OWN)
            return value

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.template = prompting.load_template(params.template, OWN, OWN)
        keys = json.dumps([reference.key for reference in params.references])
        self._library = hashlib.sha256(keys.encode()).hexdigest()
        self._likelihoods: Likelihoods | None = None
        self._calibrating = asyncio.Lock()

    def connect(self, backend: Backend) -> None:
        """Use these endpoints, stored replies and limits from now on."""
        super().connect(backend)
        self._likelihoods = None

    def calls_each(self) -> int:
        """Two orders of k comparisons for each of two answers: 4k.

        An answer that was compared before, against another opponent, is not asked for again.
        """
        return 4 * min(self.params.k, len(self.params.references))

    def calibration_calls(self) -> int:
        """What is asked once for all comparisons of this judge: two orders of each pair."""
        count = len(self.params.references)
        return 2 * min(self.params.calibration, count * (count - 1) // 2)

    def most_calls(self) -> int:
        """As planned, with the calibration if this comparison is the first, and follow-ups."""
        calls = self.planned_calls() + self.calibration_calls()
        return calls * (2 if self.params.repair else 1)

    async def decide(self, case: Case, talk: Transcript) -> Finding:
        """Weigh what comparisons with the same references say of each answer."""
        likelihoods = await self._calibrated(talk)
        salt = json.dumps([turn.content for turn in case.prompt])
        references = reliability.chosen(self.params.references, self.params.k, salt)
        first = await self._observed(talk, case, references)
        second = await self._observed(talk, pairing.swapped(case), references)
        odds = (
            reliability.log_odds(self.params.prior, first.seen, likelihoods),
            reliability.log_odds(self.params.prior, second.seen, likelihoods),
        )
        return self._finding(case, odds, {"first": first, "second": second})

    def about(self, case: Case) -> dict[str, Any]:
        """The template by name and hash, and which library of references was used."""
        return {**pairing.hashes(self.template), "references_hash": self._library}

    def _finding(
        self, case: Case, odds: tuple[float, float], found: Mapping[str, Observed]
    ) -> Finding:
        """From the log-odds of both answers to a verdict on the pair."""
        first, second = odds
        reliable = reliability.probability(first), reliability.probability(second)
        return Finding(
            preference=pairing.preference_of(first, second, self.params.margin),
            reason=f"By comparison with references of known correctness the first answer is "
            f"correct with probability {reliable[0]:.0%}, the second with {reliable[1]:.0%}.",
            # That the first is correct and the second is not, given that exactly one of them is.
            probability=reliability.probability(first - second),
            scores=reliable,
            details={
                "log_odds": {"first": first, "second": second},
                "reliability": {"first": reliable[0], "second": reliable[1]},
                "outcomes": {side: observed.record() for side, observed in found.items()},
                "left_out": [
                    {"side": side, "why": str(why)}
                    for side, observed in found.items()
                    for why in observed.silent
                ],
                **prompting.shown(case, self._style()),
            },
        )

    async def _calibrated(self, talk: Transcript) -> Likelihoods:
        """The likelihoods, found by whoever comes first and kept for all that follow."""
        async with self._calibrating:
            if self._likelihoods is None:
                self._likelihoods = await self._calibrate(talk)
        return self._likelihoods

    async def _calibrate(self, talk: Transcript) -> Likelihoods:
        """Compare references with one another; pairs that bring no reply are left out."""
        compared: list[tuple[Reference, Reference, Outcome]] = []
        silent: list[Silenced] = []
        for one, other in reliability.calibration_pairs(
            self.params.references, self.params.calibration
        ):
            try:
                outcome = await self._compare(talk, _known(one), _known(other))
            except Silenced as silenced:
                silent.append(silenced)
            else:
                compared.append((one, other, outcome))
        if not compared:
            raise pairing.prevailing(silent, "no two references could be compared")
        return reliability.estimate(compared)

    async def _observed(
        self, talk: Transcript, case: Case, references: Sequence[Reference]
    ) -> Observed:
        """How the case's first answer fares beside each reference; silent ones are left out."""
        # Without what tells this comparison from others, so that each answer is asked about once.
        alone = Case(
            prompt=case.prompt, first=case.first, second=(), system=case.system,
            contexts=case.contexts, language=case.language,
        )  # fmt: skip
        found = Observed([], [])
        for reference in references:
            try:
                outcome = await self._compare(talk, Paired("answer", alone), _known(reference))
            except Silenced as silenced:
                found.silent.append(silenced)
            else:
                found.seen.append(Observation(reference.correct, outcome))
        if 2 * len(found.seen) < len(references):
            words = f"only {len(found.seen)} comparisons could be made"
            raise pairing.prevailing(found.silent, words)
        return found

    async def _compare(self, talk: Transcript, target: Paired, reference: Paired) -> Outcome:
        """Ask in both orders; where they disagree neither counts as better."""
        names = f"{target.name} and {reference.name}"
        there = await self._ask(talk, names, target, reference)
        back = await self._ask(talk, f"{names}, reversed", reference, target)
        return there if there is back.mirrored() else Outcome.EQUAL

    async def _ask(self, talk: Transcript, label: str, one: Paired, other: Paired) -> Outcome:
        prompt = self.render(one, other)
        return await talk.ask(label, prompt.messages, _read, SCHEMA)

    def render(self, one: Paired, other: Paired) -> Prompt:
        """What is asked about two pairs, in this order."""
        bare = Case(prompt=(), first=(), second=())
        # Sorted, so that both orders carry the same mark and differ in the two slots alone.
        mark = prompting.mark_of(bare, *sorted([*one.texts, *other.texts]))
        own = {
            "pair_1": self._shown(1, one.case, mark),
            "pair_2": self._shown(2, other.case, mark),
        }
        return prompting.render(bare, self._style(), own, mark)

    def _shown(self, number: int, case: Case, mark: str) -> str:
        """One pair: its task with what belongs to it, and its answer."""
        limit = max(1, self.params.max_chars // max(len(case.first), 1))
        system = (Turn("system", case.system),) if case.system.strip() else ()
        parts = [prompting.conversation((*system, *case.prompt), mark, f"PAIR {number}, TASK")]
        parts += [
            prompting.fence(f"PAIR {number}, PASSAGE {place}", context.text, mark)
            for place, context in enumerate(case.contexts, start=1)
        ]
        parts += [
            prompting.fence(f"PAIR {number}, ANSWER", turn, mark, limit)
            for turn in case.first or ("",)
        ]
        return "\n\n".join(parts)

    def _style(self) -> Style:
        return Style(template=self.template, max_chars=self.params.max_chars)


def _known(reference: Reference) -> Paired:
    case = Case(prompt=(Turn("user", reference.prompt),), first=(reference.answer,), second=())
    return Paired(f"reference {reference.key[:8]}", case)


def _read(reply: Reply) -> Outcome | Unparsable:
    """What the last statement says of the first pair."""
    said = parsing.object_of(reply, ("reason", "verdict"))
    if isinstance(said, Unparsable):
        return said
    verdict = str(said["verdict"]).strip().casefold()
    if verdict not in VERDICTS:
        return Unparsable(f"the verdict {verdict[:40]!r} was not offered")
    return VERDICTS[verdict]
