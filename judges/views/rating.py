"""The blind page on which people judge.

Its template receives the texts of a case in the order of the assignment, and a signed number of
the assignment; never a competitor, an output or a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from arena.common.errors import Conflict
from arena.models import Comparison, Project, Role
from arena.views.access import project_page
from arena.views.conversation import Said, exchanges
from judges.contracts import Order, Preference, Presentation
from judges.models import Assignment
from judges.queries import rating_progress
from judges.services import people
from judges.services.cases import case_of

SALT = "arena.rating"
SKIP = "skip"
TAKE_BACK = "take-back"
MAX_COMMENT = 5000


@dataclass(frozen=True)
class Notice:
    """What came of the last answer."""

    kind: str
    text: str

    @property
    def level(self) -> int:
        """As Django's messages count."""
        return messages.constants.DEFAULT_LEVELS[self.kind.upper()]


class AnswerForm(forms.Form):
    """What a rater says of the pair that the token names."""

    token = forms.CharField(max_length=200)
    preference = forms.ChoiceField(choices=[(value, value) for value in [*Preference, SKIP]])
    comment = forms.CharField(max_length=MAX_COMMENT, required=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.RATER)
def rate(request: HttpRequest, project: Project) -> HttpResponse:
    """Show the next pair; take a verdict. With htmx the next pair comes in the same answer."""
    rater = request.user
    assert isinstance(rater, User)  # nobody has the role without signing in
    notice = _said(request, rater, project) if request.method == "POST" else None
    in_place = bool(getattr(request, "htmx", False))
    if notice and not in_place:
        messages.add_message(request, notice.level, notice.text)
        return redirect("rate", project.slug)
    template = "judges/rate_pair.html" if in_place else "judges/rate.html"
    return render(request, template, {"notice": notice, **_context(rater, project)})


def _said(request: HttpRequest, rater: User, project: Project) -> Notice:
    if request.POST.get("preference") == TAKE_BACK:
        count = people.take_back(rater, project)
        return Notice("info", f"{count} skipped taken back." if count else "Nothing to take back.")
    return _answer(request, rater, project)


def _answer(request: HttpRequest, rater: User, project: Project) -> Notice:
    """Record what was sent and say what came of it."""
    form = AnswerForm(request.POST)
    assignment = _assignment(form, rater, project)
    if assignment is None:
        return Notice("warning", "That answer could not be read. Please judge this pair again.")
    said, comment = form.cleaned_data["preference"], form.cleaned_data["comment"].strip()
    if assignment.answered_at or assignment.skipped_at:
        return ANSWERED_BEFORE
    if said == SKIP:
        people.skip(assignment)
        return Notice("info", "Skipped: somebody else will get it.")
    try:
        people.vote(assignment, Preference(said), comment)
    except Conflict:
        return ANSWERED_BEFORE
    return Notice("success", "Recorded.")


ANSWERED_BEFORE = Notice(
    "warning",
    "You had answered that pair already, perhaps in another tab. The first answer stands; "
    "this one was not counted.",
)


def _assignment(form: AnswerForm, rater: User, project: Project) -> Assignment | None:
    """The rater's own assignment that the form names; None when form or token are not ours."""
    if not form.is_valid():
        return None
    try:
        pk = signing.loads(form.cleaned_data["token"], salt=SALT)
    except signing.BadSignature:
        return None
    mine = Assignment.objects.filter(rater=rater, decision__judge__project=project)
    return mine.select_related("rater").filter(pk=pk).first()


def _context(rater: User, project: Project) -> dict[str, Any]:
    assignment = people.next_assignment(rater, project)
    context: dict[str, Any] = {
        "project": project,
        "progress": rating_progress(rater, project),
    }
    if assignment is None:
        return context
    comparison = Comparison.objects.select_related(
        "prompt", "output_a__competitor", "output_b__competitor"
    ).get(decisions=assignment.decision_id)
    case = case_of(comparison, Presentation(Order(assignment.order)))
    asked = [Said(turn.role, turn.content) for turn in case.prompt]
    return {
        **context,
        "exchanges": exchanges(asked, [case.first, case.second]),
        "system": case.system,
        "reference": case.reference,
        "rubric": case.rubric,
        "contexts": case.contexts,
        "token": signing.dumps(assignment.pk, salt=SALT),
    }
