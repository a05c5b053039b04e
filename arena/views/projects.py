"""The list of projects, and a new one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from arena.common.errors import Conflict, InvalidInput
from arena.forms import ProjectForm, add_errors
from arena.models import Project
from arena.services.projects import create_project
from arena.views.reads import projects_of


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """The projects that the reader may see; before there are any, what to do."""
    if not request.user.is_authenticated and not settings.OPEN_READING:
        return redirect_to_login(request.get_full_path())
    return render(request, "arena/projects.html", {"projects": projects_of(request.user)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_project(request: HttpRequest) -> HttpResponse:
    """The form; its sender becomes the owner."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = _create(request, form)
        if project:
            messages.success(request, f"{project.name} is ready. Next: upload prompts.")
            return redirect("upload", project.slug)
    status = 400 if form.is_bound else 200
    return render(request, "arena/project_new.html", {"form": form}, status=status)


def _create(request: HttpRequest, form: ProjectForm) -> Project | None:
    assert isinstance(request.user, User)  # login_required
    try:
        return create_project(**form.cleaned_data, owner=request.user)
    except Conflict as error:
        add_errors(form, error.message, {"slug": "This short name is taken."})
    except InvalidInput as error:
        add_errors(form, error.message, error.fields)
    return None
