"""Invitations to a project: made by owners, opened by whoever has the link."""

from __future__ import annotations

from smtplib import SMTPException

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.addresses import absolute
from arena.common.errors import Conflict, InvalidInput
from arena.forms import InvitationForm, SignUpForm, add_errors
from arena.models import Invitation, InvitationState, Project, Role
from arena.services import invitations
from arena.services.mails import mail_invitation
from arena.services.passwords import can_mail
from arena.views import once
from arena.views.access import project_page
from arena.views.members import people_page
from arena.views.open_id import is_on


@never_cache
@require_POST
@project_page(Role.OWNER)
def invite(request: HttpRequest, project: Project) -> HttpResponse:
    """Make an invitation; the page after shows its link, which nobody can see again."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return people_page(request, project, form=form)
    assert isinstance(request.user, User)  # owners are signed in
    values = {**form.cleaned_data, "role": Role(form.cleaned_data["role"])}
    try:
        made, token = invitations.invite(project, actor=request.user, **values)
    except (InvalidInput, Conflict) as error:
        add_errors(form, error.message, error.fields)
        return people_page(request, project, form=form)
    link = absolute(request, reverse("invitation", args=[token]))
    how = "sent" if _sent(request, made, link) else ""
    once.put(request, f"invitation:{project.pk}", link, how)
    return redirect("people", project.slug)


@require_POST
@project_page(Role.OWNER)
def revoke(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Take an invitation's link out of service."""
    assert isinstance(request.user, User)  # owners are signed in
    invitations.revoke(project, actor=request.user, pk=pk)
    messages.success(request, "The invitation is withdrawn. Its link says so.")
    return redirect("people", project.slug)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens: join by a button, or make an account first."""
    found = invitations.find(token)
    if found.state is not InvitationState.OPEN:
        return _closed(request, found, invitations.WHY_NOT[found.state])
    if request.method != "POST":
        return _page(request, found)
    if request.user.is_authenticated:
        return _join(request, found, token, request.user)
    return _sign_up(request, found, token)


def _join(request: HttpRequest, found: Invitation, token: str, user: User) -> HttpResponse:
    try:
        project = invitations.accept(token, user=user)
    except Conflict as error:  # somebody else was faster
        return _closed(request, found, error.message)
    return _welcome(request, project)


def _sign_up(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    form = SignUpForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    values = form.cleaned_data
    try:
        user = invitations.sign_up(
            token,
            username=values["username"],
            password=values["password1"],
            email=values["email"],
        )
    except Conflict as error:
        return _closed(request, found, error.message)
    except InvalidInput as error:
        add_errors(form, error.message, error.fields)
        return _page(request, found, form)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return _welcome(request, found.project)


def _welcome(request: HttpRequest, project: Project) -> HttpResponse:
    messages.success(request, f"You are in {project.name}.")
    role = project.role_of(request.user)
    return redirect("rate" if role is Role.RATER else "project", project.slug)


def _page(request: HttpRequest, found: Invitation, form: SignUpForm | None = None) -> HttpResponse:
    context = {
        "invitation": found,
        "form": form or SignUpForm(initial={"email": found.email}),
        "held": found.project.role_of(request.user) if request.user.is_authenticated else None,
        "open_id": settings.OIDC_NAME if is_on() else "",
    }
    status = 400 if form is not None else 200
    return render(request, "arena/invitation.html", context, status=status)


def _closed(request: HttpRequest, found: Invitation, why: str) -> HttpResponse:
    context = {"why": why, "invitation": found}
    return render(request, "arena/invitation_closed.html", context, status=410)


def _sent(request: HttpRequest, made: Invitation, link: str) -> bool:
    """Whether the invitation went out by mail; if it could not, the page offers the link anyhow."""
    if not made.email or not can_mail():
        return False
    try:
        mail_invitation(made, link)
    except (SMTPException, OSError) as error:
        messages.error(request, f"The mail to {made.email} could not be sent: {error}")
        return False
    return True
