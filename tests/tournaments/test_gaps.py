"""What a board lacks is counted by reason and said in words."""

from __future__ import annotations

import pytest

from arena.models import Membership, Role
from judges.models import Decision
from tests import factories
from tournaments.gaps import Gaps, gaps_of
from tournaments.services import advancing, lifecycle, rating


@pytest.fixture
def cup(db):
    """Six comparisons that wait for people."""
    lab = factories.project()
    factories.field(lab)
    factories.judge(lab, "human", "people")
    made = factories.tournament(lab, lab.judges.get())
    lifecycle.start(made)
    advancing.advance(made.pk)
    return made


def settle(silences):
    for pk, silence in zip(Decision.objects.values_list("pk", flat=True), silences, strict=False):
        status = "undecided" if silence else "decided"
        winner = None if silence else "a"
        Decision.objects.filter(pk=pk).update(status=status, silence=silence, winner=winner)


def test_nothing_is_missing_when_all_is_decided(cup):
    settle([None] * 6)

    gaps = gaps_of(rating.rate(project=cup.project, tournament=cup))

    assert (gaps.total, gaps.in_words()) == (0, "")


def test_each_reason_is_counted_apart(cup):
    settle([None, None, "failed", "failed", "refused"])

    gaps = gaps_of(rating.rate(project=cup.project, tournament=cup))

    assert gaps == Gaps(pending=1, failed=2, refused=1)
    assert gaps.in_words() == (
        "Not in this ranking: 3 without a verdict (2 got no reply, 1 refused) and "
        "1 still to be judged."
    )


def test_a_slice_counts_its_own(cup):
    settle([None, None, None, "failed", "failed", "failed"])

    run = rating.rate(project=cup.project, tournament=cup, filters={"category": "odd"})

    assert gaps_of(run) == Gaps(failed=3)


def test_the_page_and_the_api_say_it(cup, client, api, member):
    settle([None, None, None, "failed"])
    Membership.objects.create(project=cup.project, user=member, role=Role.EDITOR)
    client.force_login(member)

    page = client.get("/projects/lab/leaderboard").content.decode()
    told = api.get("/api/v1/projects/lab/leaderboard").json()

    assert "1 without a verdict (1 got no reply)" in page
    assert told["gaps"] == {
        "pending": 2, "failed": 1, "refused": 0, "unparsable": 0, "abstained": 0, "missing": 0,
        "unplayed": 0,
    }  # fmt: skip


def test_what_was_never_played_is_counted_until_the_end(cup):
    settle([None] * 6)
    cup.planned = 9
    cup.save()

    gaps = gaps_of(rating.rate(project=cup.project, tournament=cup))

    assert gaps == Gaps(unplayed=3)
    assert gaps.in_words() == "Not in this ranking: up to 3 that were never played."
    assert (
        gaps_of(
            rating.rate(project=cup.project, tournament=cup, filters={"category": "odd"})
        ).unplayed
        == 0
    )
    cup.status = "completed"
    cup.save()
    assert gaps_of(rating.rate(project=cup.project, tournament=cup)) == Gaps()


def test_all_reasons_make_one_sentence():
    assert Gaps(pending=2, refused=1, unplayed=3).in_words() == (
        "Not in this ranking: 1 without a verdict (1 refused), 2 still to be judged and up to 3"
        " that were never played."
    )
