"""What the commands of this app share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.core.management import CommandError

from arena.common.errors import ArenaError, NotFound
from arena.models import Project

P = ParamSpec("P")


def spoken_errors(handle: Callable[P, None]) -> Callable[P, None]:
    """Turn what a service refuses into a sentence on standard error and exit status 1."""

    @wraps(handle)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            handle(*args, **kwargs)
        except ArenaError as error:
            details = "; ".join(f"{name}: {text}" for name, text in error.fields.items())
            message = f"{error.message} ({details})" if details else error.message
            raise CommandError(message) from None

    return speaking


def project_called(slug: str) -> Project:
    """The project of this slug; NotFound lists those that exist."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        known = ", ".join(Project.objects.values_list("slug", flat=True)) or "none yet"
        raise NotFound(f"no project is called {slug!r}; projects: {known}")
    return project
