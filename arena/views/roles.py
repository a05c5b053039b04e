"""What a reader's role means for a page. The role is found by `access.project_page`."""

from __future__ import annotations

from django.http import HttpRequest

from arena.models import RANK, Role


def may_edit(request: HttpRequest) -> bool:
    """Whether buttons that change the project are of any use to the reader."""
    return RANK[_role(request)] >= RANK[Role.EDITOR]


def is_owner(request: HttpRequest) -> bool:
    """Whether the reader manages the people of the project."""
    return _role(request) is Role.OWNER


def is_blind(request: HttpRequest) -> bool:
    """Whether the reader judges here and does nothing else, so that names must stay away.

    Someone who also edits the project cannot be kept blind: they upload the outputs by name.
    """
    return _role(request) is Role.RATER


def _role(request: HttpRequest) -> Role:
    return Role(request.project_role)  # type: ignore[attr-defined]
