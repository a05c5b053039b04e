"""Judgments as the API lists them."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from arena.models import Project
from judges.contracts import Preference
from judges.models import Assignment, Campaign, Judgment
from judges.services import decisions
from judges.services.people import answering, assigning, participants, recording
from judges.services.people.said import Said
from tests import factories

pytestmark = pytest.mark.django_db

URL = "/api/v1/projects/haiku/judgments"


@pytest.mark.parametrize(("order", "sides"), [("ab", ("a", "b")), ("ba", ("b", "a"))])
def test_what_people_say_beside_a_verdict_is_told_in_terms_of_a_and_b(
    api: APIClient, project: Project, order: str, sides: tuple[str, str]
) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    judge = factories.judge(project, "human", "people")
    decisions.ask(judge, [one.pk for one in factories.all_comparisons(project)])
    Campaign.objects.update(access="open")
    rita = participants.guest(Campaign.objects.get())
    (assignment,) = assigning.next_assignments(rita)
    Assignment.objects.update(order=order)
    assignment.refresh_from_db()
    criteria = {"clear": Preference.FIRST, "true": Preference.SECOND, "kind": Preference.TIE}
    said = Said(Preference.FIRST, strength=2, reasons=("Shorter", "Clearer"), criteria=criteria)
    answering.answer(assignment, said)
    recording.finish(rita)

    (row,) = api.get(URL).json()["results"]

    first, second = sides
    assert (row["winner"], row["strength"]) == (first, 2)
    assert row["criteria"] == {"clear": first, "true": second, "kind": "tie"}
    assert row["reasons"] == ["Shorter", "Clearer"]


def test_details_of_others_are_not_taken_for_votes(api: APIClient, project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    (compared,) = factories.all_comparisons(project)
    outside = factories.judge(project, "recorded", judge="x")
    Judgment.objects.create(
        judge=outside, comparison=compared, order="ab", winner="a",
        details={"criteria": [{"name": "clear", "first": 8}], "reasons": "none"},
    )  # fmt: skip

    (row,) = api.get(URL).json()["results"]

    assert (row["strength"], row["criteria"], row["reasons"]) == (None, {}, [])
    assert row["details"]["reasons"] == "none"
