"""People who judge, for tests."""

from django.contrib.auth import get_user_model
from django.utils import timezone

from judges.contracts import Order, Preference
from judges.models import Assignment, Decision, GoldQuestion
from judges.models.battle import SIDES
from judges.services.people import answering, assigning, battles, participants
from judges.services.people.said import Said
from judges.services.people.speaking import Voice


def user(name):
    return get_user_model().objects.get_or_create(username=name)[0]


def vote(campaign, name, winner):
    """Have somebody vote for a, b or a tie, whatever order they see."""
    assignment = assigning.next_assignments(participants.member(user(name), campaign))[0]
    said = {"a": Preference.FIRST, "b": Preference.SECOND, "tie": Preference.TIE}[winner]
    if assignment.order == Order.BA and said is not Preference.TIE:
        said = Preference.SECOND if said is Preference.FIRST else Preference.FIRST
    answering.answer(assignment, Said(said))


def battle(campaign, name, said="first", answers=("So.", "Thus it is.")):
    """Have somebody hold a live battle and say which of the two answers is better."""
    rater = participants.member(user(name), campaign)
    held = battles.say(rater, "Why?")
    voices = {side: Voice(text, ended=True) for side, text in zip(SIDES, answers, strict=True)}
    battles.keep(held, voices)
    return battles.vote(rater, held.key, Said(Preference(said)))


def skip_gold(campaign, name, comparison):
    """Have somebody skip a gold question for good."""
    gold = GoldQuestion.objects.create(campaign=campaign, comparison=comparison, expected="a")
    now = timezone.now()
    Assignment.objects.create(
        campaign=campaign, rater=participants.member(user(name), campaign).user, gold=gold,
        order="ab", lease_until=now, skipped_at=now, recorded_at=now,
    )  # fmt: skip


def verdict():
    decision = Decision.objects.get()
    return decision.status, decision.winner
