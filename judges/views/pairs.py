"""What the judging page shows of an assignment.

Its templates receive the texts of a case in the order of the assignment, and a signed number of the
assignment; never a competitor, an output or a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.core import signing

from arena.models import Comparison
from arena.views.conversation import Exchange, Said, exchanges
from judges.contracts import Order, Presentation, Task
from judges.models import Assignment, Participant
from judges.services.cases import case_of

_SIGNER = signing.Signer(salt="arena.rating")
_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=\s]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
_RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}


@dataclass(frozen=True)
class Image:
    """An image of a prompt. A remote one is not fetched, as that tells its host who is judging:
    `source` is empty then."""

    source: str
    address: str


@dataclass(frozen=True)
class Pair:
    """Two answers to judge. `case` is None where the page has it already; `card` is the template
    that shows them."""

    token: str
    case: Task | None = None
    exchanges: tuple[Exchange, ...] = ()
    images: tuple[Image, ...] = ()
    card: str = "judges/rate_pair.html"

    @property
    def language(self) -> str:
        """A code that HTML takes, or nothing."""
        code = self.case.language if self.case else ""
        return code if _LANGUAGE.fullmatch(code) else ""

    @property
    def has_extras(self) -> bool:
        """Whether more belongs to the prompt than what was asked."""
        case = self.case
        return bool(case and (case.system or case.contexts or case.rubric or case.reference))

    @property
    def direction(self) -> str:
        """Of texts in this language; `auto` goes by the first letter."""
        return "rtl" if self.language.split("-")[0].lower() in _RIGHT_TO_LEFT else "auto"


def token_of(assignment: Assignment) -> str:
    """The assignment's name on the page; always the same, so that a page can tell what it has."""
    return _SIGNER.sign(str(assignment.pk))


def assignment_of(token: str, participant: Participant) -> Assignment | None:
    """The rater's own assignment of this name; None when it is forged or somebody else's."""
    try:
        pk = int(_SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    mine = Assignment.objects.filter(rater=participant.user_id, campaign=participant.campaign_id)
    return mine.select_related("gold", "decision").filter(pk=pk).first()


def pairs_of(assignments: Sequence[Assignment], has: Collection[str] = ()) -> list[Pair]:
    """The pairs, in order; without their texts those whose tokens are in `has`."""
    tokens = {row.pk: token_of(row) for row in assignments}
    wanted = {row.comparison_id for row in assignments if tokens[row.pk] not in has}
    comparisons = Comparison.objects.select_related(
        "prompt", "output_a__competitor", "output_b__competitor"
    ).in_bulk(wanted)
    return [
        _pair(tokens[row.pk], comparisons[row.comparison_id], Order(row.order))
        if tokens[row.pk] not in has
        else Pair(tokens[row.pk])
        for row in assignments
    ]


def pair_of(comparison_id: int, order: Order) -> Pair:
    """A comparison as raters see it, for somebody who rules on it."""
    rows = Comparison.objects.select_related(
        "prompt", "output_a__competitor", "output_b__competitor"
    )
    return _pair("", rows.get(pk=comparison_id), order)


def _pair(token: str, comparison: Comparison, order: Order) -> Pair:
    case = case_of(comparison, Presentation(order))
    asked = [Said(turn.role, turn.content) for turn in case.prompt]
    laid = exchanges(asked, [case.first, case.second])
    return Pair(token, case, tuple(laid), tuple(map(image_of, case.images)))


def image_of(address: str) -> Image:
    """An image of a prompt, by its address or data URI."""
    return Image(address if _IMAGE.fullmatch(address) else "", address[:200])
