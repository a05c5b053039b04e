"""Coming to a campaign: members by their account, guests by an invitation or an open address.

A guest is never `request.user`: their browser's session names the participant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import Forbidden
from arena.views.attempts import Limit, address_of
from judges.models import Access, Campaign, Participant, RaterLink
from judges.services.people import participants
from judges.services.people.campaigns import state_of

GUESTS = "rating_guests"
"""Of the session: {key of the campaign: number of the participant}."""

INVITED = "rating-invited"

JOIN = Limit("join", attempts=60)
"""From one address, behind which a whole class may sit."""

RaterPage = Callable[[HttpRequest, Participant], HttpResponseBase]


class JoinForm(forms.Form):
    """What a guest says of themselves: at most a name."""

    name = forms.CharField(max_length=100, required=False)


def rater_page(view: RaterPage) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """View decorator: turn the address's `key` into the participant who asks.

    Who is none, and may become one, is shown how.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, key: str) -> HttpResponseBase:
        campaign = participants.campaign_of(key)
        participant = participant_of(request, campaign)
        return view(request, participant) if participant else _ask(request, campaign)

    return wrapped


def participant_of(request: HttpRequest, campaign: Campaign) -> Participant | None:
    """Who asks, as a participant: a guest of this browser, or a member of the project."""
    number = request.session.get(GUESTS, {}).get(campaign.key)
    found = participants.guest_of(campaign, number) if number else None
    if found is None and participants.may_take_part(request.user, campaign):
        assert request.user.is_authenticated  # nobody else may
        found = participants.member(request.user, campaign)
    if found is not None:
        found.campaign = campaign  # already read
    return found


@never_cache
@require_POST
def join(request: HttpRequest, key: str) -> HttpResponseBase:
    """Take part in an open campaign, as a guest."""
    campaign = participants.campaign_of(key)
    if participant_of(request, campaign) is None:
        return _join(request, campaign, None)
    return redirect("rating", campaign.key)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponseBase:
    """Take part by an invitation."""
    link = participants.link_of(token)
    if participant_of(request, link.campaign) is not None:
        return redirect("rating", link.campaign.key)
    if request.method == "POST":
        return _join(request, link.campaign, link)
    return _welcome_guest(request, link.campaign)


def _ask(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    """What somebody sees who takes no part yet."""
    if request.method == "POST":
        raise Forbidden("you take no part in this campaign any more; perhaps you signed out")
    if campaign.access == Access.OPEN:
        return _welcome_guest(request, campaign)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    raise Forbidden("this campaign is for members of its project, and for whoever it invites")


def _welcome_guest(
    request: HttpRequest, campaign: Campaign, fault: str = "", status: int = 200
) -> HttpResponse:
    by_link = request.resolver_match is not None and request.resolver_match.url_name == INVITED
    context = {
        "campaign": campaign,
        "state": state_of(campaign),
        "fault": fault,
        "address": request.path if by_link else reverse("rating-join", args=[campaign.key]),
    }
    return render(request, "judges/rate_join.html", context, status=status)


def _join(request: HttpRequest, campaign: Campaign, link: RaterLink | None) -> HttpResponseBase:
    """Make the guest, whom the session names from now on."""
    form = JoinForm(request.POST)
    if not form.is_valid():
        return _welcome_guest(request, campaign, "A name has at most 100 characters.", 400)
    if not JOIN.take(address_of(request)):
        words = "Too many people have joined from your network at once. Try again in a while."
        return _welcome_guest(request, campaign, words, 429)
    guest = participants.guest(campaign, name=form.cleaned_data["name"], link=link)
    request.session.cycle_key()  # who knew the old key is not this guest
    request.session[GUESTS] = {**request.session.get(GUESTS, {}), campaign.key: guest.pk}
    return redirect("rating", campaign.key)
