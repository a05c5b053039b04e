from __future__ import annotations

import pytest

from arena.models import Project, Prompt
from arena.queries import prompts_where


@pytest.fixture
def project(project: Project) -> Project:
    asked = [{"role": "user", "content": "Why?"}]
    for key, category, language, tags in (
        ("a", "maths", "en", ["hard", "long"]),
        ("b", "maths", "de", ["harder"]),
        ("c", "", "en", []),
        ("d", "code", "en", ['quo"te', "ü"]),
    ):
        Prompt.objects.create(
            project=project,
            key=key,
            messages=asked,
            category=category,
            language=language,
            tags=tags,
        )
    return project


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({}, "abcd"),
        ({"category": "maths"}, "ab"),
        ({"category": ""}, "c"),
        ({"category": "maths", "language": "en"}, "a"),
        ({"tag": "hard"}, "a"),
        ({"tag": 'quo"te'}, "d"),
        ({"tag": "ü"}, "d"),
        ({"tag": ""}, ""),
        ({"tag": "long", "language": "de"}, ""),
    ],
)
def test_prompts_are_found_by_their_filters(
    project: Project, filters: dict[str, str], keys: str
) -> None:
    found = project.prompts.filter(prompts_where(filters)).values_list("key", flat=True)

    assert "".join(found) == keys
