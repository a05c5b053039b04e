"""Who gets what below a project."""

import pytest
from django.contrib.auth import get_user_model

from arena.models import Membership, Role

NAMING = ("outputs", "competitors", "judgments", "judges", "tournaments", "leaderboard", "reports")


@pytest.mark.parametrize("what", NAMING)
def test_a_rater_is_not_told_who_wrote_what(project, client_of, what):
    rater = get_user_model().objects.create_user("rita")
    Membership.objects.create(project=project, user=rater, role=Role.RATER)

    reply = client_of(rater).get(f"/api/v1/projects/{project.slug}/{what}")

    assert reply.status_code == 403
    assert "blind" in reply.json()["message"]


@pytest.mark.parametrize("what", NAMING)
def test_a_viewer_reads_it(project, client_of, what):
    viewer = get_user_model().objects.create_user("vera")
    Membership.objects.create(project=project, user=viewer, role=Role.VIEWER)

    assert client_of(viewer).get(f"/api/v1/projects/{project.slug}/{what}").status_code == 200


@pytest.mark.parametrize("what", ["log", "invitations"])
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_what_an_owner_alone_reads_shows_nobody_else_its_length_or_shape(
    project, owner, member, client_of, what, method
):
    def status(user):
        return getattr(client_of(user), method)(
            f"/api/v1/projects/{project.slug}/{what}"
        ).status_code

    assert (status(owner), status(member)) == (200, 403)
