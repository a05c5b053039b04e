from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from arena.models import Project
from judges.models import Participant
from judges.services.people import assigning, participants
from judges.views.pairs import Pair, assignment_of, pairs_of, token_of
from tests.judges.marked import open_pairs

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita(project: Project, member: User) -> Participant:
    return participants.member(member, open_pairs(project, 3))


def test_a_token_finds_the_assignment_of_its_rater_only(rita: Participant, owner: User) -> None:
    (assignment,) = assigning.next_assignments(rita)
    other = participants.member(owner, rita.campaign)

    assert assignment_of(token_of(assignment), rita) == assignment
    assert assignment_of(token_of(assignment), other) is None
    for forged in ("", "1", f"{assignment.pk}:x", token_of(assignment) + "x"):
        assert assignment_of(forged, rita) is None


def test_what_the_page_has_is_not_read_again(rita: Participant) -> None:
    given = assigning.next_assignments(rita, 2)
    tokens = [token_of(row) for row in given]

    pairs = pairs_of(given, [tokens[0], "unknown"])

    assert [pair.token for pair in pairs] == tokens
    assert [pair.case is None for pair in pairs] == [True, False]
    assert pairs[1].exchanges
    assert Pair("x").language == ""


def test_both_pairs_take_one_query(rita: Participant, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    given = assigning.next_assignments(rita, 2)

    with django_assert_num_queries(1):
        pairs_of(given)
