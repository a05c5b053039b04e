"""Reading what a rater sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms

from judges.contracts import Preference
from judges.models import Campaign
from judges.services.people.said import Said

SKIP = "skip"
MAX_COMMENT = 5000
_STRENGTHS = {"slightly": 1, "much": 2}
_SIDED = (Preference.FIRST, Preference.SECOND)
_BY_CRITERION = (Preference.FIRST, Preference.TIE, Preference.SECOND)


class AnswerForm(forms.Form):
    """What a rater says of the pair that the token names.

    `preference` is one of Preference, `first:much` and the like where the campaign asks how much,
    or `skip`.
    """

    token = forms.CharField(max_length=200)
    comment = forms.CharField(max_length=MAX_COMMENT, required=False)

    def __init__(self, data: Any, campaign: Campaign) -> None:
        super().__init__(data)
        said = [*Preference, SKIP]
        if campaign.asks_strength:
            said += [f"{side}:{how}" for side in _SIDED for how in _STRENGTHS]
        self.fields["preference"] = forms.ChoiceField(choices=choices(said))
        self.fields["reason"] = forms.MultipleChoiceField(
            choices=choices(campaign.reasons), required=False
        )
        self._criteria = {f"criterion-{one['key']}": one["key"] for one in campaign.criteria}
        for name in self._criteria:
            self.fields[name] = forms.ChoiceField(choices=choices(_BY_CRITERION), required=False)

    def said(self) -> Said | None:
        """The answer of a valid form; None when the pair is skipped."""
        if self.is_skip:
            return None
        preference, _, how = self.cleaned_data["preference"].partition(":")
        return replace(
            self.beside(), preference=Preference(preference), strength=_STRENGTHS.get(how)
        )

    @property
    def is_skip(self) -> bool:
        """Whether a valid form leaves the pair to somebody else."""
        return bool(self.cleaned_data["preference"] == SKIP)

    def beside(self) -> Said:
        """What a valid form says beside the verdict; that itself is still to be put in."""
        sent = self.cleaned_data
        return Said(
            Preference.TIE,
            reasons=tuple(sent["reason"]),
            comment=sent["comment"].strip(),
            criteria={
                key: Preference(sent[name]) for name, key in self._criteria.items() if sent[name]
            },
        )


def choices(values: Any) -> list[tuple[str, str]]:
    """The values as a field of a form takes them."""
    return [(str(value), str(value)) for value in values]
