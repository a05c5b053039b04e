from __future__ import annotations

import pytest
from django.core.management import CommandError

from arena.common.errors import InvalidInput, NotFound
from judges.management.speaking import project_called, spoken_errors
from tests import factories


def test_refusals_become_sentences() -> None:
    @spoken_errors
    def handle() -> None:
        raise InvalidInput("not valid", {"a": "too long"})

    with pytest.raises(CommandError, match=r"not valid \(a: too long\)"):
        handle()


@pytest.mark.django_db
def test_a_project_is_found_by_its_slug() -> None:
    assert project_called(factories.project("one").slug).slug == "one"
    with pytest.raises(NotFound, match="projects: one"):
        project_called("two")
