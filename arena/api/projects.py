"""The base of every view below `/projects/{slug}`: it finds the project and checks the role."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from arena.common.errors import Forbidden, NotFound
from arena.models import RANK, Project, Role
from arena.services.members import note_seen


class ProjectView(APIView):
    """`self.project` is the project named in the address.

    Who may not see it gets 404, as if it did not exist; who sees it but lacks the role gets 403.
    A view that needs other roles says so in `roles`, by method; what holds for GET also holds for
    HEAD and OPTIONS.
    """

    roles: ClassVar[dict[str, Role]] = {}
    shows_names: ClassVar[bool] = True
    """Whether answers tell which competitor wrote what; raters do not get those."""

    project: Project

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.project = visible_project(request, kwargs["slug"])
        own = require_role(request, self.project, self._needed(request.method))
        if self.shows_names and own == Role.RATER:
            raise Forbidden("raters judge blind: this would tell who wrote what")

    def _needed(self, method: str | None) -> Role:
        if method in SAFE_METHODS:
            return self.roles.get("GET", Role.VIEWER)
        return self.roles.get(method or "", Role.EDITOR)


def visible_project(request: Request, slug: str) -> Project:
    """The project that the sender calls `slug`; NotFound when there is none that they may see."""
    project = Project.objects.visible_to(request.user).filter(slug=slug).first()
    if project is None:
        raise NotFound(f"there is no project {slug!r}")
    return project


def require_role(request: Request, project: Project, role: Role) -> Role:
    """The sender's role in the project; Forbidden when it is less than this one."""
    standing = project.standing_of(request.user)
    if standing.role is None or RANK[standing.role] < RANK[role]:
        raise Forbidden(f"this needs the role {role.label.lower()} in the project")
    note_seen(project, request.user, standing)
    return standing.role
