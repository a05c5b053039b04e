"""What a rater is shown and says on each kind of page: pairs, scores, an order of several answers.

On a page for ranking, what makes no group comes as a pair.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core import signing
from django.http import QueryDict

from arena.models import Output
from arena.views.conversation import Said as Message
from arena.views.conversation import exchanges
from judges.contracts import GroupCase, Order
from judges.kinds.human import Human
from judges.models import Assignment, Campaign, Participant
from judges.services.cases import group_case_of
from judges.services.people import ranking, scoring
from judges.services.people.assigning import screens
from judges.services.people.said import Said
from judges.views.answers import SKIP, AnswerForm, choices
from judges.views.pairs import Pair, assignment_of, image_of, pairs_of

LETTERS = "ABCDEFGH"
GIVEN = "given"
"""Pressed where the verdict follows from what was filled in."""

_SIGNER = signing.Signer(salt="arena.rating.screen")


@dataclass(frozen=True)
class Lettered:
    """An answer on a page for ranking."""

    letter: str
    turns: tuple[str, ...]


@dataclass(frozen=True)
class Ranking(Pair):
    """Several answers to put in order."""

    answers: tuple[Lettered, ...] = ()


class ScoresForm(AnswerForm):
    """Scores of the first and the second; `preference` is `given` or `skip`."""

    def __init__(self, data: Any, campaign: Campaign) -> None:
        super().__init__(data, campaign)
        self.fields["preference"] = forms.ChoiceField(choices=choices([GIVEN, SKIP]))
        scale = choices(range(scoring.LOWEST, scoring.HIGHEST + 1))
        for name in ("score-first", "score-second"):
            required = data.get("preference") == GIVEN
            self.fields[name] = forms.ChoiceField(choices=scale, required=required)

    def said(self) -> Said | None:
        """The answer of a valid form; None when the pair is skipped."""
        if self.is_skip:
            return None
        sent = self.cleaned_data
        scores = (float(sent["score-first"]), float(sent["score-second"]))
        return replace(self.beside(), preference=scoring.preference_of(scores), scores=scores)


class RanksForm(AnswerForm):
    """The places of so many answers, 1 the best; equal ones are tied."""

    def __init__(self, data: Any, campaign: Campaign, count: int) -> None:
        super().__init__(data, campaign)
        self.fields["preference"] = forms.ChoiceField(choices=choices([GIVEN, SKIP]))
        required = data.get("preference") == GIVEN
        self._names = [f"place-{letter}" for letter in LETTERS[:count]]
        for name in self._names:
            self.fields[name] = forms.ChoiceField(
                choices=choices(range(1, count + 1)), required=required
            )

    def ranks(self) -> ranking.Ranks:
        """The order that a valid form has."""
        return ranking.ranks_of([int(self.cleaned_data[name]) for name in self._names])


@dataclass(frozen=True)
class Sent:
    """What was said of each of these assignments; nothing where they are skipped."""

    assignments: Sequence[Assignment]
    said: Sequence[Said] = ()


def page_of(campaign: Campaign) -> str:
    """pairs, ranking or scoring."""
    page: str = Human.Params.model_validate(campaign.judge.params).page
    return page


def form_of(data: QueryDict, campaign: Campaign) -> AnswerForm:
    """Reads what was said of a pair."""
    kind = ScoresForm if page_of(campaign) == "scoring" else AnswerForm
    return kind(data, campaign)


def cards_of(
    given: Sequence[Assignment], campaign: Campaign, has: Collection[str] = ()
) -> list[Pair]:
    """What is shown of each thing to judge; without its texts where its token is in `has`."""
    alone = [row for row in given if not row.screen]
    pairs = {row.pk: pair for row, pair in zip(alone, pairs_of(alone, has), strict=True)}
    if page_of(campaign) == "scoring":
        pairs = {pk: replace(pair, card="judges/rate_scores.html") for pk, pair in pairs.items()}
    return [_ranking(rows, has) if rows[0].screen else pairs[rows[0].pk] for rows in screens(given)]


def read(data: QueryDict, participant: Participant) -> Sent | None:
    """What the rater sent; None when it cannot be read, or is of something that is not theirs."""
    campaign, token = participant.campaign, data.get("token", "")
    if rows := _screen_named(token, participant):
        return _read_order(data, campaign, rows)
    assignment, form = assignment_of(token, participant), form_of(data, campaign)
    if assignment is None or not form.is_valid():
        return None
    said = form.said()
    return Sent([assignment], [said] if said else [])


def _read_order(data: QueryDict, campaign: Campaign, rows: Sequence[Assignment]) -> Sent | None:
    outputs = _outputs(rows)
    form = RanksForm(data, campaign, len(outputs))
    if not form.is_valid():
        return None
    if form.is_skip:
        return Sent(rows)
    ranks = form.ranks()
    place = {output: shown for shown, output in enumerate(outputs)}
    said = []
    for row in rows:
        first, second = (place[output] for output in _in_order(row))
        preference = ranking.preference_between(ranks, first, second)
        said.append(
            replace(form.beside(), preference=preference, ranks=ranks, places=(first, second))
        )
    return Sent(rows, said)


def _ranking(rows: Sequence[Assignment], has: Collection[str]) -> Pair:
    token = _SIGNER.sign(rows[0].screen)
    if token in has:
        return Pair(token)
    found = Output.objects.select_related("prompt").in_bulk(_outputs(rows))
    outputs = [found[pk] for pk in _outputs(rows)]
    case: GroupCase = group_case_of(outputs[0].prompt, outputs, 0)
    asked = [Message(turn.role, turn.content) for turn in case.prompt]
    return Ranking(
        token,
        case,
        tuple(exchanges(asked, [])),
        tuple(map(image_of, case.images)),
        card="judges/rate_ranking.html",
        answers=tuple(map(Lettered, LETTERS, case.answers)),
    )


def _screen_named(token: str, participant: Participant) -> list[Assignment]:
    """The rater's own assignments on the screen of this name; none when it is forged.

    What was skipped and since decided by others is no longer on it.
    """
    try:
        screen = _SIGNER.unsign(token)
    except signing.BadSignature:
        return []
    mine = Assignment.objects.filter(rater=participant.user_id, campaign=participant.campaign_id)
    compared = ("decision__comparison", "gold__comparison")
    rows = list(mine.filter(screen=screen).select_related(*compared).order_by("pk"))
    return [row for row in rows if row.skipped_at is None] or rows


def _outputs(rows: Sequence[Assignment]) -> list[int]:
    """The outputs of a screen, as they stand on it."""
    outputs = {output for row in rows for output in (*_in_order(row), *row.beside)}
    return ranking.shown_order(rows[0].screen, outputs)


def _in_order(row: Assignment) -> tuple[int, int]:
    """The two outputs of an assignment, as they are shown."""
    source = row.decision or row.gold
    assert source is not None  # a constraint of the table
    compared = source.comparison
    outputs = (compared.output_a_id, compared.output_b_id)
    return outputs if row.order == Order.AB else outputs[::-1]
