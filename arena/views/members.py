"""The people of a project, and the log of what was done in it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from arena.common.errors import ArenaError, Forbidden, InvalidInput
from arena.forms import InvitationForm, RoleForm
from arena.models import Project, Role
from arena.services import deeds, members
from arena.services.passwords import can_mail
from arena.views import once
from arena.views.access import project_page
from arena.views.reads import LogFilter, log_of, members_of, open_invitations_of
from arena.views.roles import is_blind, is_owner

LOG_PAGE = 50


@never_cache
@require_safe
@project_page()
def people(request: HttpRequest, project: Project) -> HttpResponse:
    """Who is in the project. Owners change it; raters do not see who else judges."""
    return people_page(request, project)


def people_page(
    request: HttpRequest,
    project: Project,
    *,
    form: InvitationForm | None = None,
) -> HttpResponse:
    """The page; with the link of an invitation just made, which is shown this once."""
    if is_blind(request):
        raise Forbidden("raters judge blind, and do not see who else does")
    manages = is_owner(request)
    link, how = once.take(request, f"invitation:{project.pk}") or ("", "")
    context = {
        "project": project,
        "members": members_of(project),
        "roles": Role.choices,
        "manages": manages,
        "invitations": open_invitations_of(project) if manages else [],
        "form": form or InvitationForm(),
        "can_mail": can_mail(),
        "link": link,
        "sent": how == "sent",
        "open_reading": settings.OPEN_READING,
    }
    status = 400 if form is not None and form.is_bound else 200
    return render(request, "arena/people.html", context, status=status)


@require_POST
@login_required
@project_page(Role.EDITOR)
def claim(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a project that belongs to everybody one's own."""
    members.claim(project, actor=_user(request))
    messages.success(request, f"{project.name} is yours now. Only its members see it.")
    return redirect("people", project.slug)


@require_POST
@project_page(Role.OWNER)
def change_role(request: HttpRequest, project: Project, username: str) -> HttpResponse:
    """Another role for a member."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("there is no such role")
    role = Role(form.cleaned_data["role"])
    try:
        members.change_role(project, actor=_user(request), username=username, role=role)
    except ArenaError as error:
        return _refused(request, project, error)
    messages.success(request, f"{username} is {role.value} now.")
    return _back(request, project)


@require_POST
@login_required
@project_page()
def remove(request: HttpRequest, project: Project, username: str) -> HttpResponse:
    """Take a member out, or leave."""
    user = _user(request)
    try:
        members.remove_member(project, actor=user, username=username)
    except ArenaError as error:
        return _refused(request, project, error)
    if username == user.get_username():
        messages.success(request, f"You have left {project.name}.")
    else:
        messages.success(request, f"{username} is not in the project any more.")
    return _back(request, project)


@never_cache
@require_safe
@project_page(Role.OWNER)
def log(request: HttpRequest, project: Project) -> HttpResponse:
    """Who did what, newest first."""
    chosen = LogFilter.from_query(request.GET)
    page = Paginator(log_of(project, chosen), LOG_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "chosen": chosen,
        "acts": sorted(set(project.audit_entries.order_by().values_list("act", flat=True))),
        "page": page,
        "rows": [(entry, deeds.told(entry)) for entry in page.object_list],
    }
    return render(request, "arena/log.html", context)


def _refused(request: HttpRequest, project: Project, error: ArenaError) -> HttpResponse:
    messages.error(request, error.sentence)
    return redirect("people", project.slug)


def _back(request: HttpRequest, project: Project) -> HttpResponse:
    """To the people, or to the projects for who has just lost the right to see them."""
    role = project.role_of(request.user)
    return redirect("projects") if role in (None, Role.RATER) else redirect("people", project.slug)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # roles from editor up are for who is signed in
    return request.user
