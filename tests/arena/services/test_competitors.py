from __future__ import annotations

from typing import Any

import pytest

from arena.common.errors import BulkInvalid
from arena.datasets.records import CompetitorRecord, validated
from arena.models import Competitor, Project
from arena.services.competitors import ensure_competitors, upsert_competitors
from arena.services.counts import Counts


def upsert(project: Project, *rows: dict[str, Any]) -> Counts:
    return upsert_competitors(project, validated(enumerate(rows, start=1), CompetitorRecord))


def parents(project: Project) -> dict[str, str | None]:
    return dict(project.competitors.values_list("name", "version_of__name"))


def test_a_competitor_is_created_then_unchanged_then_updated(project: Project) -> None:
    assert upsert(project, {"name": "owl", "metadata": {"n": 1}}) == Counts(created=1)
    assert upsert(project, {"name": "owl", "metadata": {"n": 1}}) == Counts(unchanged=1)
    assert upsert(project, {"name": "owl", "metadata": {"n": 2}}) == Counts(updated=1)
    assert Competitor.objects.get().metadata == {"n": 2}


def test_versions_are_linked_whatever_their_order(project: Project) -> None:
    upsert(project, {"name": "owl-2", "version_of": "owl-1"}, {"name": "owl-1"})

    assert parents(project) == {"owl-2": "owl-1", "owl-1": None}


def test_a_changed_link_is_an_update(project: Project) -> None:
    upsert(project, {"name": "a"}, {"name": "b"}, {"name": "c", "version_of": "a"})

    assert upsert(project, {"name": "c", "version_of": "a"}) == Counts(unchanged=1)
    assert upsert(project, {"name": "c", "version_of": "b"}) == Counts(updated=1)
    assert parents(project)["c"] == "b"
    assert upsert(project, {"name": "c"}) == Counts(updated=1)
    assert parents(project)["c"] is None


def test_an_unknown_parent_is_a_fault(project: Project) -> None:
    with pytest.raises(BulkInvalid) as caught:
        upsert(project, {"name": "a"}, {"name": "b", "version_of": "z"})

    assert [(fault.line, fault.field) for fault in caught.value.errors] == [(2, "version_of")]
    assert not Competitor.objects.exists()


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "a", "version_of": "a"}],
        [{"name": "a", "version_of": "b"}, {"name": "b", "version_of": "a"}],
        [{"name": "x", "version_of": "y"}],
    ],
)
def test_versions_do_not_go_in_a_circle(project: Project, rows: list[dict[str, Any]]) -> None:
    upsert(project, {"name": "x"}, {"name": "y", "version_of": "x"})

    with pytest.raises(BulkInvalid, match="faulty") as caught:
        upsert(project, *rows)
    assert "circle" in caught.value.errors[0].message


def test_ensure_makes_only_what_is_missing(project: Project) -> None:
    owl = Competitor.objects.create(project=project, name="owl")

    found = ensure_competitors(project, {"owl", "fox"})

    assert found["owl"] == owl.pk
    assert found == dict(project.competitors.values_list("name", "pk"))
