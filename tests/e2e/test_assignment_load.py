"""A hundred raters at once: what each is given, on real Postgres."""

from __future__ import annotations

import queue
import threading
from collections import Counter, defaultdict
from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from arena.models import Comparison
from judges.contracts import Preference
from judges.models import Assignment, Campaign, Decision, Judgment, Participant
from judges.services import decisions
from judges.services.people import answering, assigning, participants, places
from judges.services.people.said import Said
from tests import factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]

RATERS, PROMPTS, OVERLAP, WORKERS = 100, 20, 3, 24


@pytest.fixture
def campaign(settings: object) -> Campaign:
    """20 prompts, 3 comparisons each, 3 raters for each of them, judgments recorded at once."""
    settings.UNDO_SECONDS = 0  # type: ignore[attr-defined]
    lab = factories.project()
    factories.field(lab, prompts=PROMPTS, competitors=factories.NAMES[:3])
    judge = factories.judge(lab, "human", "people", raters=OVERLAP)
    decisions.ask(judge, [row.pk for row in factories.all_comparisons(lab)])
    Campaign.objects.update(access="open")
    return Campaign.objects.select_related("judge__project").get()


class Crowd:
    """Raters who each take a turn whenever one of the workers is free."""

    def __init__(self, campaign: Campaign, raters: int = RATERS) -> None:
        self.turns: queue.SimpleQueue[Participant] = queue.SimpleQueue()
        self.errors: list[Exception] = []
        self.empty_handed = 0
        people = [participants.guest(campaign, name=f"r{number}") for number in range(raters)]
        Random(7).shuffle(people)
        for person in people:
            self.turns.put(person)

    def judge_all(self, answers: bool = True) -> None:
        """Judge until nothing waits; or, without answers, only take what is given."""
        threads = [threading.Thread(target=self._work, args=(answers,)) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        assert self.errors == []

    def _work(self, answers: bool) -> None:
        try:
            while True:
                try:
                    person = self.turns.get_nowait()
                except queue.Empty:
                    return
                if self._turn(person, answers):
                    self.turns.put(person)
        except Exception as error:
            self.errors.append(error)
        finally:
            connection.close()

    def _turn(self, person: Participant, answers: bool) -> bool:
        """Whether the rater may be given something again."""
        given = assigning.next_assignments(person)
        if not given:
            could = places.waiting_for(person).exists()
            self.empty_handed += could
            return could and answers
        if answers:
            answering.answer(given[0], Said(Preference.FIRST))
        return answers


def raters_by_comparison() -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for comparison, rater in Judgment.objects.values_list("comparison_id", "rater_id"):
        assert rater is not None
        found[comparison].append(rater)
    return found


def test_every_comparison_gets_exactly_as_many_different_raters_as_it_needs(
    campaign: Campaign,
) -> None:
    Crowd(campaign).judge_all()

    found = raters_by_comparison()
    assert len(found) == Comparison.objects.count() == 60
    assert {len(raters) for raters in found.values()} == {OVERLAP}
    assert all(len(set(raters)) == OVERLAP for raters in found.values())
    assert set(Decision.objects.values_list("status", flat=True)) == {"decided"}
    assert Assignment.objects.count() == 60 * OVERLAP


def test_places_whose_lease_has_run_out_go_to_others_and_none_is_lost(campaign: Campaign) -> None:
    Crowd(campaign, 40).judge_all(answers=False)
    gone = Assignment.objects.count()
    assert gone == 40
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    Crowd(campaign).judge_all()

    found = raters_by_comparison()
    assert {len(raters) for raters in found.values()} == {OVERLAP}
    assert len(found) == 60
    assert Assignment.objects.filter(answered_at=None).count() == gone


def test_nobody_leaves_empty_handed_while_a_place_is_free(campaign: Campaign) -> None:
    """180 places for 100 raters who take one each and hold it."""
    crowd = Crowd(campaign)
    crowd.judge_all(answers=False)

    assert crowd.empty_handed == 0
    assert Assignment.objects.values("rater").distinct().count() == RATERS
    assert max(Counter(Assignment.objects.values_list("decision", flat=True)).values()) <= OVERLAP


def test_no_prompt_is_ahead_by_much_and_raters_see_prompts_anew(campaign: Campaign) -> None:
    """When half of the judgments of a crowd of 12 are in."""
    crowd = Crowd(campaign, 12)
    while Judgment.objects.count() < 90:
        person = crowd.turns.get_nowait()
        [given] = assigning.next_assignments(person)
        answering.answer(given, Said(Preference.FIRST))
        crowd.turns.put(person)

    by_prompt = Counter(Judgment.objects.values_list("comparison__prompt", flat=True))
    own = Counter(Judgment.objects.values_list("rater_id", "comparison__prompt_id"))
    # What is asked first is drawn for each comparison: 17.5 of 20 prompts are to be expected.
    assert len(by_prompt) >= 12, by_prompt
    assert sum(count - 1 for count in own.values()) <= 9
