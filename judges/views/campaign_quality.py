"""How the raters of a campaign judge, leaving some out, and what they could not agree on."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from arena.common.errors import Conflict
from arena.models import Project, Role
from arena.views.access import project_page
from judges.contracts import Order, Preference, Winner
from judges.models import Decision
from judges.services.evidence import raters_of
from judges.services.people import adjudicating, campaigns, quality, quarantine, roster
from judges.views.campaigns import actor
from judges.views.pairs import pair_of

MAX_REASON = 2000
WORDS = {Winner.A: "a", Winner.B: "b", Winner.TIE: "tie", Winner.BOTH_BAD: "both bad"}


class RulingForm(forms.Form):
    """An owner's ruling on what raters could not agree on."""

    decision = forms.IntegerField()
    order = forms.ChoiceField(choices=[(value, value) for value in (Order.AB, Order.BA)])
    preference = forms.ChoiceField(choices=[(value, value) for value in Preference])
    reason = forms.CharField(max_length=MAX_REASON, required=False)


@require_safe
@never_cache
@project_page(Role.EDITOR)
def raters(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """What each rater's votes are worth, and signs that somebody rigs the result."""
    campaign = campaigns.in_project(project, key)
    beside = list(quality.judges_beside(campaign)[:20])
    chosen = next((one for one in beside if str(one.pk) == request.GET.get("judge")), None)
    chosen = chosen or next(iter(beside), None)
    confusion = quality.confusion(campaign, chosen) if chosen else None
    context = {
        "project": project,
        "campaign": campaign,
        "quality": quality.quality_of(campaign),
        "beside": beside,
        "confusion": confusion,
        "confusion_rows": _rows(confusion) if confusion else [],
        "verdicts": [WORDS[winner] for winner in Winner],
        "disputed": adjudicating.disagreements(campaign).count(),
        "thinned": quarantine.thinned(campaign).count(),
        "asked_each": raters_of(campaign.judge),
    }
    return render(request, "judges/campaign_quality.html", context)


@require_POST
@project_page(Role.EDITOR)
def leave_out(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Leave the judgments of the named raters out of verdicts and rankings."""
    campaign = campaigns.in_project(project, key)
    reason = request.POST.get("reason", "").strip()[:MAX_REASON]
    chosen = roster.participants_of(campaign, request.POST.getlist("rater"))
    for participant in chosen:
        quarantine.impose(campaign.judge, participant.user, reason=reason, by=actor(request))
    if chosen:
        words = "rater is" if len(chosen) == 1 else "raters are"
        messages.success(
            request,
            f"{len(chosen)} {words} left out. Their judgments are kept; verdicts and rankings "
            "follow without them.",
        )
    else:
        messages.error(request, "Choose at least one rater.")
    return redirect("campaign-quality", project.slug, key)


@require_POST
@project_page(Role.EDITOR)
def take_in(request: HttpRequest, project: Project, key: str, pk: int) -> HttpResponse:
    """Let a rater's judgments count again."""
    campaign = campaigns.in_project(project, key)
    found = campaign.judge.quarantines.filter(pk=pk).first()
    if found is not None:
        quarantine.lift(found, by=actor(request))
        messages.success(request, "The rater's judgments count again.")
    return redirect("campaign-quality", project.slug, key)


@require_POST
@project_page(Role.EDITOR)
def ask_again(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Have others judge what has too few raters left."""
    campaign = campaigns.in_project(project, key)
    try:
        count = quarantine.ask_others(campaign, by=actor(request))
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        waits = "comparison waits" if count == 1 else "comparisons wait"
        messages.success(request, f"{count} {waits} for others.")
    return redirect("campaign-quality", project.slug, key)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@project_page(Role.EDITOR)
def adjudicate(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """One comparison after another on which raters differ; the owner rules, blind as they were."""
    campaign = campaigns.in_project(project, key)
    if request.method == "POST":
        _rule(request, campaign.pk)
        return redirect("campaign-adjudicate", project.slug, key)
    assert isinstance(request.user, User)  # nobody has the role without signing in
    queue = adjudicating.disagreements(campaign)
    mine = adjudicating.open_to(request.user, queue)
    decision = mine.first()
    context = {
        "project": project,
        "campaign": campaign,
        "left": queue.count(),
        "not_mine": queue.count() - mine.count(),
    }
    if decision is not None:
        order = adjudicating.order_for(request.user, decision)
        context |= {
            "decision": decision,
            "order": order,
            "pair": pair_of(decision.comparison_id, order),
            "said": adjudicating.said_of(decision, order),
        }
    return render(request, "judges/campaign_adjudicate.html", context)


def _rule(request: HttpRequest, campaign_id: int) -> None:
    form = RulingForm(request.POST)
    assert isinstance(request.user, User)
    decision = None
    if form.is_valid():
        mine = Decision.objects.filter(judge__campaign=campaign_id)
        decision = mine.filter(pk=form.cleaned_data["decision"]).first()
    if decision is None:
        messages.error(request, "That ruling could not be read. Please rule again.")
        return
    sent = form.cleaned_data
    try:
        adjudicating.adjudicate(
            decision, Preference(sent["preference"]), Order(sent["order"]),
            by=request.user, reason=sent["reason"].strip(),
        )  # fmt: skip
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "Ruled. The verdict stands, and rankings follow.")


def _rows(found: quality.Confusion) -> list[tuple[str, list[tuple[int, bool]]]]:
    """(people's verdict, [(comparisons, whether both said the same)])."""
    return [
        (WORDS[people], [(n, people is other) for other, n in row.items()])
        for people, row in found.counts.items()
    ]
