"""The members of a project."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.auth import sender
from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView, require_role
from arena.api.replies import reply
from arena.api.serializers.common import checked
from arena.api.serializers.people import MemberItem, MemberPage, NewMember, RoleChange
from arena.models import Membership, Role
from arena.services import members


def _answer(member: Membership, status: int = 200) -> Response:
    return reply(MemberItem.of(member), status)


@extend_schema(tags=["people"])
class Members(ProjectView):
    """Who is in the project. Raters judge blind, and do not see who else does."""

    @extend_schema(
        operation_id="list_members",
        summary="List members",
        parameters=query(),
        responses=responses(MemberPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        return page(request, self.project.memberships.select_related("user"), MemberItem.of)

    @extend_schema(
        operation_id="add_member",
        summary="Add someone who has an account",
        description=(
            "Takes an owner. A project without members belongs to everybody; everybody who can "
            "write to it may make themselves its owner, and thereby make it private."
        ),
        parameters=idempotent(),
        request=NewMember,
        responses=responses({201: MemberItem}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new, user = checked(NewMember, request.data), sender(request)
        claims = new.role is Role.OWNER and new.username == user.get_username()
        if claims and not self.project.memberships.exists():
            return _answer(members.claim(self.project, actor=user), status=201)
        require_role(request, self.project, Role.OWNER)
        made = members.add_member(self.project, actor=user, username=new.username, role=new.role)
        return _answer(made, status=201)


@extend_schema(tags=["people"])
class OneMember(ProjectView):
    """A member."""

    roles = {"PATCH": Role.OWNER, "DELETE": Role.VIEWER}
    shows_names = False

    @extend_schema(
        operation_id="change_member",
        summary="Change a member's role",
        description="Takes an owner. The last owner keeps the role: 409.",
        request=RoleChange,
        responses=responses(MemberItem, 404, 409),
    )
    def patch(self, request: Request, slug: str, username: str) -> Response:
        role = checked(RoleChange, request.data).role
        return _answer(
            members.change_role(self.project, actor=sender(request), username=username, role=role)
        )

    @extend_schema(
        operation_id="remove_member",
        summary="Remove a member, or leave",
        description="Takes an owner, or that member. The last owner cannot go: 409.",
        responses=responses({204: None}, 404, 409),
    )
    def delete(self, request: Request, slug: str, username: str) -> Response:
        user = sender(request)
        if username != user.get_username():
            require_role(request, self.project, Role.OWNER)
        members.remove_member(self.project, actor=user, username=username)
        return Response(status=204)
