"""The page of live battles: a rater's own prompt, two hidden answers that appear together, a vote.

The script of the page asks for a stream of events: what to add to both answers, tick for tick, and
at the end the page's new state as HTML. Without the script the form waits until both have answered,
and the page loads anew. What is sent before the vote knows no names: the state's template receives
texts and the battle's key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import ArenaError, Conflict, NotFound
from arena.views.attempts import Limit, address_of
from arena.views.conversation import Said, exchanges
from judges.models import Battle, Participant
from judges.models.battle import SIDES
from judges.services.people import answering, battles, participants, speaking, standing
from judges.views.answers import AnswerForm
from judges.views.joining import rater_page
from judges.views.pairs import Pair

EVENTS = "text/event-stream"

FROM_ADDRESS = Limit("battle", attempts=300)
"""Messages of all raters behind one address, where a whole class may sit."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rater_page
def battle(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """Show the rater's battle, or take a message and answer it; `of` names one that is over."""
    if not participant.campaign.is_live:
        return redirect("rating", participant.campaign.key)
    participants.begin(participant)
    if request.method == "POST":
        return _asked(request, participant)
    if key := request.GET.get("of", ""):
        context = _revealed(participant, battles.seen(participant, key))
    else:
        context = _state(participant)
    return render(request, "judges/battle.html", context)


@never_cache
@require_POST
@rater_page
def vote(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """Take the vote; then the names are shown."""
    form = AnswerForm(request.POST, participant.campaign)
    said = form.said() if form.is_valid() else None
    if said is None:
        messages.warning(request, "That vote could not be read. Please vote again.")
        return redirect("rating-battle", participant.campaign.key)
    try:
        done = battles.vote(participant, form.cleaned_data["token"], said)
    except (Conflict, NotFound) as error:
        messages.warning(request, f"This vote was not counted: {error.message}.")
        return redirect("rating-battle", participant.campaign.key)
    response = redirect("rating-battle", participant.campaign.key)
    response["Location"] += f"?of={done.key}"
    return response


@never_cache
@require_POST
@rater_page
def drop(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """Give up the battle without a vote."""
    battles.drop(participant, request.POST.get("token", ""))
    messages.info(request, "Dropped without a vote. Ask something else.")
    return redirect("rating-battle", participant.campaign.key)


def _asked(request: HttpRequest, participant: Participant) -> HttpResponseBase:
    """Put a message to both, or once more what was not answered."""
    streams = EVENTS in request.headers.get("Accept", "")
    text = request.POST.get("text", "")
    try:
        if not FROM_ADDRESS.take(address_of(request)):
            raise Conflict(
                "too much is asked from your network at the moment: try again in a while"
            )
        again = "again" in request.POST
        found = battles.again(participant) if again else battles.say(participant, text)
    except ArenaError as error:
        context = {**_state(participant), "fault": error.message, "text": text}
        if streams:
            return _events(iter([_event(html=_html(request, context))]))
        return render(request, "judges/battle.html", context, status=409)
    if streams:
        return _events(_talk(request, participant, found))
    for _ in _answers(found, is_paced=False):
        pass
    return redirect("rating-battle", participant.campaign.key)


def _events(events: Iterator[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(events, content_type=f"{EVENTS}; charset=utf-8")
    response["X-Accel-Buffering"] = "no"  # for a proxy that would hold events back
    return response


def _talk(request: HttpRequest, participant: Participant, found: Battle) -> Iterator[str]:
    """The events of a turn. When the reader goes away, what is complete is kept all the same."""
    last = found.turns[-1]
    if known := {side: last[side] for side in SIDES if last[side] is not None}:
        yield _event(a=known.get("first", ""), b=known.get("second", ""))
    for added in _answers(found, is_paced=True):
        yield _event(a=added.get("first", ""), b=added.get("second", ""))
    yield _event(html=_html(request, _state(participant)))


def _answers(found: Battle, *, is_paced: bool) -> Iterator[dict[str, str]]:
    """Ask what is not answered, and write down what came of it; what to show, tick for tick."""
    asked = battles.questions(found)
    with speaking.asking(list(asked.values())) as voices:
        kept = False
        try:
            if is_paced:
                for added in speaking.paced(voices):
                    if not kept and speaking.have_ended(voices):  # before the rest is shown
                        kept = True
                        battles.keep(found, dict(zip(asked, voices, strict=True)))
                    yield dict(zip(asked, added, strict=True))
            else:
                speaking.wait_for(voices)
        finally:
            if not kept:
                battles.keep(found, dict(zip(asked, voices, strict=True)))


def _event(**data: str) -> str:
    return f"data: {json.dumps(data)}\n\n"


def _html(request: HttpRequest, context: dict[str, Any]) -> str:
    return render_to_string("judges/battle_state.html", context, request=request)


def _state(participant: Participant) -> dict[str, Any]:
    """What the page shows before a vote: texts only, and the key of the battle."""
    found = battles.current(participant)
    context = _frame(participant)
    if found is None:
        goes_on = battles.may_begin(participant)
        return context if goes_on else {**context, **_ending(participant, context["voted"])}
    return {
        **context,
        "pair": _pair(found),
        "is_answered": found.is_answered,
        "is_claimed": found.is_claimed,
        "troubles": _troubles(found),
        "may_repeat": found.turns[-1]["asked"] < battles.MOST_ASKED,
        "may_ask": len(found.turns) < battles.MOST_TURNS and participant.campaign.is_open,
    }


def _revealed(participant: Participant, found: Battle) -> dict[str, Any]:
    """A battle that is over: who answered, and what the rater said."""
    return {
        **_frame(participant),
        "pair": _pair(found),
        "first": found.first.competitor.name,
        "second": found.second.competitor.name,
        "said": found.answer and found.answer["preference"],
        "is_flagged": bool(found.flag),
        "goes_on": battles.may_begin(participant),
        "revealed": True,
    }


def _frame(participant: Participant) -> dict[str, Any]:
    return {
        "campaign": participant.campaign,
        "participant": participant,
        "voted": battles.voted(participant),
        "most": battles.MOST_CHARACTERS,
    }


def _pair(found: Battle) -> Pair:
    asked = [Said("user", turn["user"]) for turn in found.turns]
    answers = [[turn[side] for turn in found.turns] for side in SIDES]
    return Pair(found.key, exchanges=tuple(exchanges(asked, answers)))


def _troubles(found: Battle) -> list[tuple[str, str]]:
    """[(A or B, why it did not answer)], as raters may know it."""
    trouble = found.turns[-1].get("trouble") or {}
    letters = dict(zip(SIDES, "AB", strict=True))
    return [(letters[side], why) for side, (why, _cause) in sorted(trouble.items())]


def _ending(participant: Participant, voted: int) -> dict[str, Any]:
    found = standing.Standing(voted, 0)
    return {
        "ending": standing.ending_of(participant, found),
        "skipped": answering.skipped_by(participant).count(),
    }
