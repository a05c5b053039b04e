"""Invitations to a project."""

from __future__ import annotations

from smtplib import SMTPException

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.auth import sender
from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView
from arena.api.replies import secret_reply
from arena.api.serializers.common import checked
from arena.api.serializers.people import (
    InvitationItem,
    InvitationPage,
    MadeInvitation,
    NewInvitation,
)
from arena.common.addresses import absolute
from arena.models import Invitation, Role
from arena.services import invitations
from arena.services.mails import mail_invitation
from arena.services.passwords import can_mail


@extend_schema(tags=["people"])
class Invitations(ProjectView):
    """Links that make who opens them a member."""

    roles = {"GET": Role.OWNER, "POST": Role.OWNER}

    @extend_schema(
        operation_id="list_invitations",
        summary="List invitations, in whatever state",
        parameters=query(),
        responses=responses(InvitationPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        return page(request, self.project.invitations.select_related("made_by"), InvitationItem.of)

    @extend_schema(
        operation_id="invite",
        summary="Make an invitation",
        description="Its `link` stands in this answer and nowhere else.",
        parameters=idempotent(),
        request=NewInvitation,
        responses=responses({201: MadeInvitation}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new = checked(NewInvitation, request.data)
        made, token = invitations.invite(
            self.project, actor=sender(request), **new.model_dump(exclude={"role"}), role=new.role
        )
        link = absolute(request, reverse("invitation", args=[token]))
        item = MadeInvitation.of(made).model_copy(update={"link": link, "sent": _sent(made, link)})
        return secret_reply(item, status=201)


@extend_schema(tags=["people"])
class OneInvitation(ProjectView):
    """An invitation."""

    roles = {"DELETE": Role.OWNER}

    @extend_schema(
        operation_id="revoke_invitation",
        summary="Withdraw an invitation",
        description="Its link says so from then on. Who came by it stays a member.",
        responses=responses({204: None}, 404),
    )
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        invitations.revoke(self.project, actor=sender(request), pk=pk)
        return Response(status=204)


def _sent(made: Invitation, link: str) -> bool:
    if not made.email or not can_mail():
        return False
    try:
        mail_invitation(made, link)
    except (SMTPException, OSError):
        return False
    return True
