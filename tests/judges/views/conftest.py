"""Fixtures that the tests of the pages share."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.models import Membership, Project, Role


@pytest.fixture
def rita(project: Project, stranger: User) -> User:
    """Rates in `project`, and does nothing else there."""
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    return stranger


@pytest.fixture
def rater(client: Client, rita: User) -> Client:
    """The pages as `rita` sees them."""
    client.force_login(rita)
    return client
