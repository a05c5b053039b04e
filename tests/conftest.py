"""Fixtures that every app's tests share: a project, its people, and clients of the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from arena.models import Membership, Project, Role, Scope
from arena.services.tokens import issue_token

PURE = (
    "aggregation",
    "common",
    "datasets",
    "formats",
    "kinds",
    "llm",
    "ratings",
    "stats",
    "surrogates",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs no database: it is not run again on Postgres."""
    for item in items:
        folder = item.path.parent.name
        if folder in PURE and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.pure)


ClientOf = Callable[..., APIClient]


def _user(name: str) -> User:
    return get_user_model().objects.create_user(name)


@pytest.fixture
def owner(db: None) -> User:
    """Owns `project`."""
    return _user("olga")


@pytest.fixture
def member(db: None) -> User:
    """Edits `project`."""
    return _user("mina")


@pytest.fixture
def stranger(db: None) -> User:
    """Is not in `project`."""
    return _user("saul")


@pytest.fixture
def project(owner: User, member: User) -> Project:
    made = Project.objects.create(slug="haiku", name="Haiku")
    now = timezone.now()  # seen just now: no visit is noted while queries are counted
    Membership.objects.create(project=made, user=owner, role=Role.OWNER, seen_at=now)
    Membership.objects.create(project=made, user=member, role=Role.EDITOR, seen_at=now)
    return made


@pytest.fixture
def editor(client: Client, project: Project, member: User) -> Client:
    """The pages as an editor of `project` sees them."""
    client.force_login(member)
    return client


@pytest.fixture
def client_of() -> ClientOf:
    """A client of the API with a new token of a user."""

    def make(user: User, scope: Scope = Scope.WRITE, **options: bool) -> APIClient:
        client = APIClient(**options)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_token(user, scope)}")
        return client

    return make


@pytest.fixture
def api(member: User, client_of: ClientOf) -> APIClient:
    """A client of someone who may edit `project`."""
    return client_of(member)
