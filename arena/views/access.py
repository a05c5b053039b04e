"""Who may see a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from arena.common.errors import Forbidden, NotFound
from arena.models import RANK, Project, Role
from arena.services.members import note_seen

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, Project, P], HttpResponseBase]


def project_page(
    role: Role = Role.VIEWER, *, tells_names: bool = False
) -> Callable[[Page[P]], Callable[..., HttpResponseBase]]:
    """View decorator: turn the address's `slug` into a project that the user has `role` in.

    A page that `tells_names` (of competitors beside what became of them) is not for its raters.

    A project that the user may not know of is a 404. Who is not signed in is asked to, when that
    could help; who is signed in without the role gets the 403 page.
    """

    def decorate(view: Page[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def wrapped(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            project = Project.objects.visible_to(request.user).filter(slug=slug).first()
            if project is None:
                if not request.user.is_authenticated:
                    return redirect_to_login(request.get_full_path())
                raise NotFound(f"there is no project {slug!r}, or you are not in it")
            standing = project.standing_of(request.user)
            held = standing.role
            if held is None or RANK[held] < RANK[role]:
                if not request.user.is_authenticated:
                    return redirect_to_login(request.get_full_path())
                raise Forbidden(f"this needs the role {role.label.lower()} in {project.name}")
            note_seen(project, request.user, standing)
            if tells_names and held is Role.RATER:
                raise Forbidden("raters judge blind: this page would tell who wrote what")
            request.project_role = held  # type: ignore[attr-defined]  # read by templates
            return view(request, project, *args, **kwargs)

        return wrapped

    return decorate
