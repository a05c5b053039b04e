"""Before the first pair: what to look for, the rater's languages, and pairs that are explained."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language_info
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from arena.common.errors import Conflict
from judges.contracts import Order, Preference
from judges.models import Assignment, GoldQuestion, Participant
from judges.services.people import answering, assigning, gold, participants
from judges.services.people.said import said_in
from judges.views.cards import cards_of, form_of, page_of
from judges.views.joining import rater_page
from judges.views.pairs import Pair, assignment_of, pairs_of


class WelcomeForm(forms.Form):
    """The languages that the rater reads."""

    language = forms.MultipleChoiceField(required=False)

    def __init__(self, data: object, languages: list[str]) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict
        self.fields["language"].choices = [(code, code) for code in languages]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Lesson:
    """A pair of the warm-up that was answered, and what would have been right."""

    pair: Pair
    said: Preference
    expected: Preference
    is_right: bool
    explanation: str


def name_of(language: str) -> str:
    """What speakers of a language call it; its code where that is not known."""
    try:
        return str(get_language_info(language.lower())["name_local"]).capitalize()
    except KeyError:
        return language


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rater_page
def welcome(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """What to look for; then the warm-up, or the first pair."""
    campaign = participant.campaign
    languages = participants.languages_in(campaign)
    if request.method == "POST":
        form = WelcomeForm(request.POST, languages)
        if len(languages) > 1 and form.is_valid():
            participants.read_languages(participant, form.cleaned_data["language"])
        return redirect("rating-warm-up", campaign.key)
    context = {
        "campaign": campaign,
        "participant": participant,
        "languages": [(one, name_of(one)) for one in languages] if len(languages) > 1 else [],
        "warms_up": assigning.warm_up(participant) is not None,
    }
    return render(request, "judges/rate_welcome.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rater_page
def warm_up(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """The next pair to warm up with; after an answer, what was right and why."""
    if request.method == "POST" and (lesson := _answered(request, participant)):
        context = {"campaign": participant.campaign, "lesson": lesson, "pair": lesson.pair}
        return render(request, "judges/rate_lesson.html", context)
    assignment = assigning.warm_up(participant)
    if assignment is None:
        participants.begin(participant)
        return redirect("rating", participant.campaign.key)
    context = {
        "campaign": participant.campaign,
        "page": page_of(participant.campaign),
        "pair": cards_of([assignment], participant.campaign)[0],
        "warms_up": True,
    }
    return render(request, "judges/rate_warm_up.html", context)


def _answered(request: HttpRequest, participant: Participant) -> Lesson | None:
    """Take an answer of the warm-up; None when it could not be read, or the pair was skipped."""
    form = form_of(request.POST, participant.campaign)
    assignment = assignment_of(request.POST.get("token", ""), participant)
    if assignment is None or assignment.gold is None or not assignment.gold.is_warm_up:
        return None
    said = form.said() if form.is_valid() else None
    if said is None:
        return None
    with suppress(Conflict):  # answered before, in another tab: that answer is explained
        answering.answer(assignment, said)
    return _lesson(assignment, assignment.gold)


def _lesson(assignment: Assignment, question: GoldQuestion) -> Lesson | None:
    assignment.refresh_from_db()
    if assignment.answered_at is None:
        return None
    order = Order(assignment.order)
    expected = next(one for one in Preference if one.winner(order) == question.expected)
    return Lesson(
        pair=pairs_of([assignment])[0],
        said=said_in(assignment).preference,
        expected=expected,
        is_right=gold.is_right(assignment),
        explanation=question.explanation,
    )
