"""What people fill in. Forms only gather and convert; the services check and explain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Count

from arena.models import Project
from arena.views.reads import filter_choices
from tournaments.formats import registry as formats
from tournaments.models import Period, Tournament, TournamentStatus
from tournaments.ratings import registry as methods


class TournamentForm(forms.Form):
    """A new tournament; `order` gives what the service takes."""

    name = forms.CharField(
        max_length=200, required=False, help_text="Left empty, it is named by format and time."
    )
    format = forms.ChoiceField(widget=forms.RadioSelect)
    format_params = forms.JSONField(
        required=False,
        label="Settings of the format",
        help_text="As JSON; left empty, the format's own defaults.",
        widget=forms.Textarea({"rows": 3, "class": "code-input", "placeholder": "{}"}),
    )
    judges = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        help_text="Several make a jury: each judges on its own, and the majority decides.",
        error_messages={"required": "Choose who decides."},
    )
    competitors = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        help_text="At least two.",
        error_messages={"required": "Choose who plays."},
    )
    category = forms.ChoiceField(required=False)
    language = forms.ChoiceField(required=False)
    tags = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Only prompts that carry all of these.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**53,
        required=False,
        help_text="Decides every draw and every lot: the same seed, the same brackets.",
        widget=forms.NumberInput({"placeholder": "0"}),
    )
    max_calls = forms.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        label="Calls at most",
        widget=forms.NumberInput({"placeholder": "no limit"}),
    )
    max_usd = forms.FloatField(
        min_value=0,
        required=False,
        label="Dollars at most",
        widget=forms.NumberInput({"placeholder": "no limit", "step": "any"}),
    )

    def __init__(self, project: Project, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.formats = {name: formats.build(name) for name in formats.names()}
        self.judge_rows = list(project.judges.filter(is_current=True))
        self.entrants = list(project.competitors.annotate(n=Count("outputs")).order_by("name"))
        offered = {
            "format": [(name, rule.label) for name, rule in self.formats.items()],
            "judges": _same(judge.name for judge in self.judge_rows),
            "competitors": _same(entrant.name for entrant in self.entrants),
            **_slices(project),
        }
        for name, choices in offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if not any(rule.Params.model_fields for rule in self.formats.values()):
            del self.fields["format_params"]
        self.initial = {
            "format": "single_elimination",
            "judges": [judge.name for judge in self.judge_rows[:1]],
            "competitors": [entrant.name for entrant in self.entrants if entrant.n],
        }

    def order(self) -> dict[str, Any]:
        """The arguments of `lifecycle.create`, the project left out."""
        given = self.cleaned_data
        names = ("name", "format", "judges", "competitors", "max_calls", "max_usd")
        return {
            **{name: given[name] for name in names},
            "format_params": given.get("format_params"),
            "slice": {name: given[name] for name in ("category", "language", "tags")},
            "seed": given["seed"] or 0,
        }


class ReportForm(forms.Form):
    """A report to be made at once."""

    tournament = forms.ModelChoiceField(
        queryset=Tournament.objects.none(), required=False, empty_label="the whole project"
    )
    method = forms.ChoiceField()
    recipients = forms.CharField(
        required=False,
        label="Send to",
        help_text="Mail addresses with commas between; left empty, it is only kept here.",
        widget=forms.TextInput(
            {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, project: Project, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__.lower()}-%s")
        played = project.tournaments.exclude(status=TournamentStatus.DRAFT)
        self.fields["tournament"].queryset = played  # type: ignore[attr-defined]
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (name, method.label) for name, method in methods.items()
        ]

    def clean_recipients(self) -> list[str]:
        given = self.cleaned_data["recipients"].replace(";", ",").split(",")
        addresses = [address.strip() for address in given if address.strip()]
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(f"{address} is not a mail address.") from None
        return addresses


class ScheduleForm(ReportForm):
    """A report that is made again and again."""

    field_order = ("name", "period", "tournament", "method", "recipients")

    name = forms.CharField(
        max_length=200, required=False, widget=forms.TextInput({"placeholder": "Weekly ranking"})
    )
    period = forms.ChoiceField(
        label="How often",
        choices=[(value, str(value)) for value in Period.values],
        initial=Period.WEEKLY,
    )


def _slices(project: Project) -> dict[str, list[tuple[str, str]]]:
    values = filter_choices(project)
    return {
        "category": [("", "all"), *_same(values["category"])],
        "language": [("", "all"), *_same(values["language"])],
        "tags": _same(values["tag"]),
    }


def _same(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]
