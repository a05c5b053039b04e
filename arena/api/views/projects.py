"""Projects."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.auth import sender
from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView, require_role
from arena.api.replies import reply
from arena.api.serializers.common import checked
from arena.api.serializers.items import NewProject, ProjectChanges, ProjectItem, ProjectPage
from arena.models import Project, Role
from arena.services.projects import change_project, create_project, delete_project


def _answer(project: Project, status: int = 200) -> Response:
    return reply(ProjectItem.of(project), status)


@extend_schema(tags=["projects"])
class Projects(APIView):
    """The projects that the token may see."""

    @extend_schema(
        operation_id="list_projects",
        summary="List projects",
        parameters=query(),
        responses=responses(ProjectPage),
    )
    def get(self, request: Request) -> Response:
        filters(request, ())
        return page(request, Project.objects.visible_to(request.user), ProjectItem.of)

    @extend_schema(
        operation_id="create_project",
        summary="Create a project",
        parameters=idempotent(),
        request=NewProject,
        responses=responses({201: ProjectItem}, 409),
    )
    def post(self, request: Request) -> Response:
        new = checked(NewProject, request.data)
        private = not settings.OPEN_READING if new.private is None else new.private
        project = create_project(
            slug=new.slug,
            name=new.name or "",
            description=new.description,
            owner=sender(request) if private else None,
        )
        return _answer(project, status=201)


@extend_schema(tags=["projects"])
class OneProject(ProjectView):
    shows_names = False

    """A project."""

    @extend_schema(
        operation_id="read_project", summary="Read a project", responses=responses(ProjectItem, 404)
    )
    def get(self, request: Request, slug: str) -> Response:
        return _answer(self.project)

    @extend_schema(
        operation_id="change_project",
        summary="Change name or description",
        request=ProjectChanges,
        responses=responses(ProjectItem, 404),
    )
    def patch(self, request: Request, slug: str) -> Response:
        changes = checked(ProjectChanges, request.data).model_dump(exclude_none=True)
        return _answer(change_project(self.project, changes, actor=sender(request)))

    @extend_schema(
        operation_id="delete_project",
        summary="Delete a project and all in it",
        description=(
            "Its judgments go with it; the deletion is logged. Takes an owner; a project without "
            "members, which belongs to everybody, can be deleted by everybody."
        ),
        responses=responses({204: None}, 404),
    )
    def delete(self, request: Request, slug: str) -> Response:
        if self.project.memberships.exists():
            require_role(request, self.project, Role.OWNER)
        delete_project(self.project, user=sender(request))
        return Response(status=204)
