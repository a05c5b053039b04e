"""People who judge, for tests."""

from django.contrib.auth import get_user_model

from judges.contracts import Order, Preference
from judges.models import Decision
from judges.services.people import answering, assigning, participants


def user(name):
    return get_user_model().objects.get_or_create(username=name)[0]


def vote(campaign, name, winner):
    """Have somebody vote for a, b or a tie, whatever order they see."""
    assignment = assigning.next_assignments(participants.member(user(name), campaign))[0]
    said = {"a": Preference.FIRST, "b": Preference.SECOND, "tie": Preference.TIE}[winner]
    if assignment.order == Order.BA and said is not Preference.TIE:
        said = Preference.SECOND if said is Preference.FIRST else Preference.FIRST
    answering.answer(assignment, answering.Said(said))


def verdict():
    decision = Decision.objects.get()
    return decision.status, decision.winner
