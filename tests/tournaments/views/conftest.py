from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.models import Membership, Project, Role


@pytest.fixture
def editor(client: Client, project: Project, member: User) -> Client:
    client.force_login(member)
    return client


@pytest.fixture
def client_with(project: Project, django_user_model: type[User]):
    """A signed-in client of somebody with a role in `project`."""

    def make(role: Role) -> Client:
        user = django_user_model.objects.create_user(f"some-{role}")
        Membership.objects.create(project=project, user=user, role=role)
        client = Client()
        client.force_login(user)
        return client

    return make
