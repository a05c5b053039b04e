"""The blind page on which people judge.

The page has the next pair ready, so that it appears at once; the script of the page sends answers
in the background and gets what comes after in the reply (a request of htmx, to Django). Without the
script every button sends the form and loads the page anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import Conflict
from arena.models import Project, Role
from arena.views.access import project_page
from judges.models import Participant
from judges.services.people import (
    answering,
    assigning,
    campaigns,
    participants,
    recording,
    standing,
)
from judges.services.people.summaries import summary_of
from judges.views import cards
from judges.views.joining import RaterPage, rater_page

READY = 2
"""Pairs that the page has: the one that is shown, and the next."""


@dataclass(frozen=True)
class Outcome:
    """What came of a request, for the script and in words; `kind` as in a notice."""

    name: str
    text: str = ""
    kind: str = "info"

    @property
    def level(self) -> int:
        """As Django's messages count."""
        return messages.constants.DEFAULT_LEVELS[self.kind.upper()]


RECORDED = Outcome("recorded", "Recorded.", "success")
SKIPPED = Outcome("skipped", "Skipped: somebody else will get it.")
UNDONE = Outcome("undone", "Taken back. Please judge it again.")
UNREAD = Outcome("unread", "That answer could not be read. Please judge it again.", "warning")
REPEATED = Outcome(
    "repeated",
    "You had answered that already, perhaps in another tab. The first answer stands; "
    "this one was not counted.",
    "warning",
)
REFUSED = Outcome(
    "refused", "That answer was not counted: your part in this campaign has ended.", "warning"
)


def _once_begun(view: RaterPage) -> RaterPage:
    """View decorator: send who has not read what to do there, and who is in live battles to theirs.

    Nothing is handed out before.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, participant: Participant) -> HttpResponseBase:
        key = participant.campaign.key
        if participant.campaign.is_live:
            return redirect("rating-battle", key)
        if participant.warmed_up_at is None:
            if _has_welcome(participant):
                return redirect("rating-welcome", key)
            participants.begin(participant)
        return view(request, participant)

    return wrapped


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rater_page
@_once_begun
def rate(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """Show what is to be judged; take a verdict."""
    if request.method == "POST":
        return _reply(request, participant, _judged(request, participant))
    return render(request, "judges/rate.html", _context(participant))


@never_cache
@require_POST
@rater_page
@_once_begun
def undo(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """Take back the last answer, and show its pair again."""
    try:
        answering.undo(participant)
    except Conflict:
        words = "Nothing can be taken back any more: your last answer is recorded."
        return _reply(request, participant, Outcome("kept", words, "warning"))
    return _reply(request, participant, UNDONE)


@never_cache
@require_POST
@rater_page
@_once_begun
def take_back(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """Give the rater what they skipped."""
    count = answering.take_back(participant)
    words = f"{count} skipped taken back." if count else "Nothing to take back."
    return _reply(request, participant, Outcome("taken-back", words))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rater_page
def done(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """What the rater has done so far, and thanks; a POST ends their session."""
    if request.method == "POST":
        recording.finish(participant)
        return redirect("rating-done", participant.campaign.key)
    found = standing.standing_of(participant)
    context = _ending(participant, found)
    goes_on = bool(found.left) and assigning.may_go_on(participant)
    return render(request, "judges/rate_done.html", {**context, "goes_on": goes_on})


@never_cache
@require_http_methods(["GET", "HEAD"])
@project_page(Role.RATER)
def open_campaigns(request: HttpRequest, project: Project) -> HttpResponse:
    """What a member can judge in a project; a single campaign opens at once."""
    found = campaigns.open_in(project)
    if len(found) == 1:
        return redirect("rating", found[0].key)
    assert request.user.is_authenticated  # nobody has the role without signing in
    mine = [participants.member(request.user, campaign) for campaign in found]
    rows = [(one.campaign, standing.standing_of(one)) for one in mine]
    return render(request, "judges/rate_list.html", {"project": project, "rows": rows})


def _judged(request: HttpRequest, participant: Participant) -> Outcome:
    """Take what was sent, and say what came of it."""
    sent = cards.read(request.POST, participant)
    if sent is None:
        return UNREAD
    if participant.stopped_at is not None:
        return REFUSED
    try:
        if not sent.said:
            answering.skip(sent.assignments[0])
            return SKIPPED
        answering.answer_screen(sent.assignments, sent.said)
    except Conflict:
        return REPEATED
    return RECORDED


def _reply(request: HttpRequest, participant: Participant, outcome: Outcome) -> HttpResponseBase:
    """For the script, what came of it and what comes next; otherwise the page anew."""
    if not getattr(request, "htmx", False):
        messages.add_message(request, outcome.level, outcome.text)
        return redirect("rating", participant.campaign.key)
    context = {"outcome": outcome, **_context(participant, request.POST.getlist("has"))}
    return render(request, "judges/rate_reply.html", context)


def _context(participant: Participant, has: list[str] | None = None) -> dict[str, Any]:
    given = assigning.next_assignments(participant, READY)
    found = standing.standing_of(participant)
    context: dict[str, Any] = {
        "campaign": participant.campaign,
        "participant": participant,
        "progress": found,
        "page": cards.page_of(participant.campaign),
        "pairs": cards.cards_of(given, participant.campaign, has or ()),
        "may_undo": answering.undoable(participant) is not None,
    }
    return context if given else {**context, **_ending(participant, found)}


def _ending(participant: Participant, found: standing.Standing) -> dict[str, Any]:
    """What was done, and why there is nothing to judge."""
    return {
        "campaign": participant.campaign,
        "participant": participant,
        "progress": found,
        "ending": standing.ending_of(participant, found),
        "skipped": answering.skipped_by(participant).count(),
        "summary": summary_of(participant),
        "may_undo": answering.undoable(participant) is not None,
    }


def _has_welcome(participant: Participant) -> bool:
    """Whether there is anything to read or to choose before the first pair."""
    campaign = participant.campaign
    if campaign.instructions or assigning.warm_up(participant):
        return True
    return len(participants.languages_in(campaign)) > 1
