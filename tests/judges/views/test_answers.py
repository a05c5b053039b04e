from __future__ import annotations

import pytest
from django.http import QueryDict

from judges.contracts import Preference
from judges.models import Campaign
from judges.services.people.said import Said
from judges.views.answers import AnswerForm

CAMPAIGN = Campaign(
    criteria=[{"key": "style", "label": "Style"}, {"key": "truth", "label": "Truth"}],
    reasons=["Clearer", "More correct"],
    asks_strength=True,
)


def form(sent: str, campaign: Campaign = CAMPAIGN) -> AnswerForm:
    return AnswerForm(QueryDict(f"token=x&{sent}"), campaign)


def said(sent: str) -> Said | None:
    found = form(sent)
    assert found.is_valid(), found.errors
    return found.said()


@pytest.mark.parametrize("preference", list(Preference))
def test_every_preference_is_read(preference: Preference) -> None:
    assert said(f"preference={preference}") == Said(preference)


def test_strength_is_read_with_the_side() -> None:
    assert said("preference=first:slightly") == Said(Preference.FIRST, strength=1)
    assert said("preference=second:much") == Said(Preference.SECOND, strength=2)


def test_all_parts_are_read() -> None:
    sent = "preference=tie&reason=Clearer&reason=More+correct&comment=+x+&criterion-style=second"

    assert said(sent) == Said(
        Preference.TIE,
        reasons=("Clearer", "More correct"),
        comment="x",
        criteria={"style": Preference.SECOND},
    )


def test_a_skip_says_nothing() -> None:
    assert said("preference=skip&reason=Clearer") is None


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ("preference=a", "preference"),
        ("preference=tie:much", "preference"),
        ("", "preference"),
        ("preference=tie&reason=Other", "reason"),
        ("preference=tie&criterion-truth=both_bad", "criterion-truth"),
        (f"preference=tie&comment={'x' * 5001}", "comment"),
    ],
)
def test_what_is_not_offered_is_refused(sent: str, field: str) -> None:
    assert list(form(sent).errors) == [field]


def test_strength_is_refused_where_it_is_not_asked() -> None:
    assert not form("preference=first:much", Campaign()).is_valid()
