"""What people fill in. Forms only gather and convert; the services check and explain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Count
from django.forms.boundfield import BoundWidget

from arena.common.errors import ArenaError
from arena.models import Project
from arena.param_fields import chosen, field_of, params_of
from arena.views.reads import filter_choices
from judges import aggregation as aggregations
from judges.models import Judge
from tournaments.formats import registry as formats
from tournaments.formats.base import Format
from tournaments.models import Period, Tournament, TournamentStatus, Undecided
from tournaments.ratings import registry as methods
from tournaments.services.awaiting import proposed, raters_among, votes_of, waits_in_words
from tournaments.services.estimating import Estimate
from tournaments.services.extending import Wanted
from tournaments.services.fields import entrants_on, playable
from tournaments.services.lifecycle import DEFAULT_FORMAT
from tournaments.services.previewing import preview

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Adaptive",
        "Every call goes where it tells most; the schedule follows the verdicts.",
        ("adaptive", "adaptive_top", "insertion"),
    ),
    (
        "A bracket for every prompt",
        "Easy to follow; the strong play more than the weak.",
        ("single_elimination", "double_elimination", "swiss", "groups_knockout"),
    ),
    (
        "A plan that is fixed beforehand",
        "Everybody plays the same, whatever the verdicts are.",
        ("round_robin", "spread_round_robin", "random_pairs", "anchored"),
    ),
)


@dataclass(frozen=True)
class Offer:
    """A format as it is offered: what it is, what it would take here, and its settings.

    votes: of people, that its matches would wait for.
    """

    name: str
    rule: Format
    radio: BoundWidget
    estimate: Estimate | None
    votes: int
    fields: list[forms.BoundField]
    changed: bool


@dataclass(frozen=True)
class Group:
    """Formats for one purpose."""

    title: str
    hint: str
    offers: list[Offer]


class TournamentForm(forms.Form):
    """A new tournament; `order` gives what the service takes."""

    name = forms.CharField(
        max_length=200, required=False, help_text="Left empty, it is named by format and judge."
    )
    format = forms.ChoiceField(widget=forms.RadioSelect)
    judges = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        help_text="Several make a jury: each judges on its own, and a rule combines their votes.",
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
    aggregation = forms.ChoiceField(
        required=False, label="Rule of a jury", help_text="Only where several judges are chosen."
    )
    undecided = forms.ChoiceField(
        required=False,
        label="Games without a verdict",
        choices=[(Undecided.LEAVE, "stay open"), (Undecided.REPLACE, "are replaced")],
        help_text="Another pair can replace them in formats with a free number of games.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**53,
        required=False,
        help_text="Decides every draw and every lot: the same seed, the same brackets.",
        widget=forms.NumberInput({"placeholder": "0"}),
    )

    def __init__(self, project: Project, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.formats = {name: formats.build(name) for name in formats.names()}
        self.judge_rows = list(
            project.judges.filter(is_current=True).prefetch_related("seats__member")
        )
        self.entrants = list(project.competitors.annotate(n=Count("outputs")).order_by("name"))
        names = _same(entrant.name for entrant in self.entrants)
        offered = {
            "format": [(name, rule.label) for name, rule in self.formats.items()],
            "judges": _same(judge.name for judge in self.judge_rows),
            "competitors": names,
            "aggregation": [(name, rule.label) for name, rule in aggregations.registry.items()],
            **_slices(project),
        }
        for name, choices in offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self._params = {name: params_of(rule.Params) for name, rule in self.formats.items()}
        options = {"anchors": names, "newcomer": [("", "the one added last"), *names]}
        for name, params in self._params.items():
            for param in params:
                made = field_of(param, options.get(param.name))
                if (label := param.schema.get("title", "")) not in _made_up(param.name):
                    made.label = label
                self.fields[f"{name}.{param.name}"] = made
        self.initial = {
            "format": DEFAULT_FORMAT,
            "judges": [judge.name for judge in [proposed(self.judge_rows)] if judge],
            "competitors": [entrant.name for entrant in self.entrants if entrant.n],
            "aggregation": aggregations.DEFAULT,
        }

    def clean(self) -> dict[str, Any]:
        """Settings of formats that were not chosen do not matter, whatever stands there."""
        values = super().clean() or self.cleaned_data
        prefix = f"{values.get('format')}."
        for name in [name for name in self.errors if "." in name]:
            if not name.startswith(prefix):
                del self.errors[name]
        return values

    def order(self) -> dict[str, Any]:
        """The arguments of `lifecycle.create`, the project left out."""
        given = self.cleaned_data
        names = ("name", "format", "judges", "competitors", "max_calls", "max_usd")
        return {
            **{name: given[name] for name in names},
            "format_params": self._params_given(given["format"]),
            "slice": {name: given[name] for name in ("category", "language", "tags")},
            "seed": given["seed"] or 0,
            "aggregation": given["aggregation"] or aggregations.DEFAULT,
            "undecided": given["undecided"] or Undecided.LEAVE,
        }

    def located(self, faults: Mapping[str, str]) -> dict[str, str]:
        """What the service finds wrong with params, at the fields of the format."""
        prefix = f"{self.cleaned_data['format']}."
        return {
            prefix + name.removeprefix("params.") if name.startswith("params.") else name: text
            for name, text in faults.items()
        }

    def groups(self) -> list[Group]:
        """All formats by what they are good for, each with what it would take as chosen now."""
        radios = {radio.data["value"]: radio for radio in self["format"].subwidgets}
        estimates = self._estimates()
        offers = {
            name: Offer(
                name,
                rule,
                radios[name],
                estimates.get(name),
                self._votes(estimates.get(name)),
                [self[f"{name}.{param.name}"] for param in self._params[name]],
                self._is_changed(name),
            )
            for name, rule in self.formats.items()
        }
        listed = {name for _, _, names in GROUPS for name in names}
        others = [name for name in offers if name not in listed]
        found = [
            Group(title, hint, [offers[name] for name in names if name in offers])
            for title, hint, names in (*GROUPS, ("Others", "", others))
        ]
        return [group for group in found if group.offers]

    def waits(self) -> str:
        """For which people a tournament would wait, by those who are chosen now to decide."""
        return waits_in_words(raters_among(self._chosen_judges()))

    def _votes(self, estimate: Estimate | None) -> int:
        if estimate is None:
            return 0
        return votes_of(raters_among(self._chosen_judges()), estimate.due)

    def _chosen_judges(self) -> list[Judge]:
        names = set(self._now("judges"))
        return [judge for judge in self.judge_rows if judge.name in names]

    def _estimates(self) -> dict[str, Estimate]:
        """{format: what it would take}; those with faulty settings, or with nobody, left out."""
        players = set(self._now("competitors"))
        wanted = {name: self._now(name) for name in ("category", "language", "tags")}
        ids = [entrant.pk for entrant in self.entrants if entrant.name in players]
        entrants = playable(entrants_on(self.project.pk, wanted, ids))
        judges = self._chosen_judges()
        draft = Tournament(project=self.project, seed=self._now("seed") or 0)
        found = {}
        for name in self.formats if entrants else ():
            with suppress(ArenaError):
                rule = formats.build(name, self._params_given(name))
                found[name] = preview(draft, judges, rule, entrants)
        return found

    def _now(self, name: str) -> Any:
        """A value as it stands in the form; empty where it is faulty."""
        if not self.is_bound:
            return self.initial.get(name, "")
        self.is_valid()
        return self.cleaned_data.get(name, "")

    def _is_changed(self, name: str) -> bool:
        """Whether a setting of the format was chosen, or is wrong."""
        wrong = any(field.startswith(f"{name}.") for field in self.errors)
        return wrong or bool(self._params_given(name))

    def _params_given(self, name: str) -> dict[str, Any]:
        values = self.cleaned_data if self.is_bound else {}
        return chosen(self._params[name], values, f"{name}.")


class ExtensionForm(forms.Form):
    """What a tournament that has started shall get; `wanted` gives what the service takes."""

    prompts = forms.BooleanField(required=False, initial=True, label="New prompts, late outputs")
    competitors = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="More competitors"
    )
    max_calls = forms.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, label="Calls at most, on the whole"
    )
    max_usd = forms.FloatField(
        min_value=0,
        required=False,
        label="Dollars at most, on the whole",
        widget=forms.NumberInput({"step": "any"}),
    )

    def __init__(self, tournament: Tournament, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        others = tournament.project.competitors.exclude(
            pk__in=[*tournament.competitors.values_list("pk", flat=True), *tournament.withdrawn]
        )
        names = others.order_by("name").values_list("name", flat=True)
        self.fields["competitors"].choices = _same(names)  # type: ignore[attr-defined]
        for name in ("max_calls", "max_usd"):
            now = getattr(tournament, name)
            self.fields[name].widget.attrs["placeholder"] = (
                "no limit" if now is None else f"{now:g}"
            )

    def wanted(self) -> Wanted:
        """As chosen; as it is offered before anything was."""
        if not self.is_bound:
            return Wanted(prompts=True)
        given = self.cleaned_data
        return Wanted(
            prompts=given["prompts"],
            competitors=tuple(given["competitors"]),
            max_calls=given["max_calls"],
            max_usd=given["max_usd"],
        )


class WithdrawalForm(forms.Form):
    """Who leaves a tournament that has started."""

    competitor = forms.ChoiceField(label="Who leaves")
    keep_games = forms.ChoiceField(
        label="Its finished games",
        widget=forms.RadioSelect,
        choices=[("yes", "stay on the board"), ("no", "leave it, with the competitor")],
        initial="yes",
    )

    def __init__(self, tournament: Tournament, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        playing = tournament.competitors.exclude(pk__in=tournament.withdrawn)
        names = list(playing.order_by("name").values_list("name", flat=True))
        self.fields["competitor"].choices = [("", "choose"), *_same(names)]  # type: ignore[attr-defined]


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


def _made_up(param: str) -> tuple[str, ...]:
    """Titles that a schema has where the param gives itself none."""
    return "", param.replace("_", " ").title()


def _same(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]
