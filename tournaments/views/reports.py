"""Reports: those that were made, one more at once, and those that come by themselves."""

from __future__ import annotations

import base64
import hashlib
import re

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from arena.common.errors import ArenaError, NotFound
from arena.forms import add_errors
from arena.models import Project, Role
from arena.views.access import project_page
from arena.views.roles import may_edit
from tournaments.forms import ReportForm, ScheduleForm
from tournaments.services import reporting

PAGE_SIZE = 30


@require_safe
@project_page(tells_names=True)
def index(request: HttpRequest, project: Project) -> HttpResponse:
    """The list, and the forms for more."""
    return _page(request, project, ReportForm(project), ScheduleForm(project))


@require_POST
@project_page(Role.EDITOR)
def make(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a report now."""
    form = ReportForm(project, request.POST)
    if form.is_valid():
        try:
            made = reporting.make_report(project=project, **form.cleaned_data)
        except ArenaError as error:
            add_errors(form, error.message, error.fields)
        else:
            messages.success(request, f"Made: {made.title}.")
            return redirect("reports", project.slug)
    return _page(request, project, form, ScheduleForm(project))


@require_POST
@project_page(Role.EDITOR)
def schedule(request: HttpRequest, project: Project) -> HttpResponse:
    """Have a report made every period."""
    form = ScheduleForm(project, request.POST)
    if form.is_valid():
        try:
            reporting.schedule_report(project=project, **form.cleaned_data)
        except ArenaError as error:
            add_errors(form, error.message, error.fields)
        else:
            return redirect("reports", project.slug)
    return _page(request, project, ReportForm(project), form)


@require_POST
@project_page(Role.EDITOR)
def switch(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Switch a schedule off, or on again."""
    active = request.POST.get("active") == "true"
    if not project.schedules.filter(pk=pk).update(active=active):
        raise NotFound(f"no schedule {pk} in {project.slug}")
    return redirect("reports", project.slug)


@require_safe
@project_page(tells_names=True)
def report(_request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A report as it was made. It may use its own style sheet and nothing else."""
    found = project.reports.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"no report {pk} in {project.slug}")
    response = HttpResponse(found.html)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {_own_style(found.html)}; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    return response


def _own_style(html: str) -> str:
    """The CSP source that allows the style sheet in this page, which may be an older one."""
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    if style is None:
        return "'none'"
    digest = hashlib.sha256(style[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _page(
    request: HttpRequest, project: Project, make_form: ReportForm, schedule_form: ScheduleForm
) -> HttpResponse:
    reports = project.reports.select_related("rating_run__tournament", "schedule").defer("html")
    context = {
        "project": project,
        "may_edit": may_edit(request),
        "page": Paginator(reports, PAGE_SIZE).get_page(request.GET.get("page")),
        "schedules": project.schedules.select_related("tournament"),
        "make_form": make_form,
        "schedule_form": schedule_form,
    }
    faulty = make_form.is_bound or schedule_form.is_bound
    return render(request, "tournaments/reports.html", context, status=400 if faulty else 200)
