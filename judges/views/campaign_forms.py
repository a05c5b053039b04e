"""The forms of campaigns: settings, selections, gold questions, links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from arena.models import Project
from judges.kinds import registry
from judges.models import Access, Campaign, GoldPolicy, Judge
from judges.services.evidence import raters_of
from judges.services.people.defining import FROZEN, settings_of
from judges.services.people.gold_editing import MAX_EXPLANATION
from judges.services.people.links import MOST_PLACES
from judges.services.people.selecting import MOST, How

MOMENT = "%Y-%m-%dT%H:%M"
PAGES = (
    ("pairs", "Two answers side by side"),
    ("ranking", "All answers to a prompt, to be put in order"),
    ("scoring", "Each answer by itself, from 1 to 5"),
)
WAYS = (
    (How.SAMPLE, "A sample of all pairs, even over prompts and competitors"),
    (How.DECIDED, "A sample of what a judge has decided, to check it"),
    (How.SPLIT, "Where the members of a jury disagree"),
    (How.UNSURE, "Where a judge's probability is near one half"),
    (How.FLIPPED, "Where a judge changes sides in the other order, or when asked again"),
)
EVEN = "Of an even number, a split vote (1 to 1, 2 to 2) counts as a tie; an odd one decides more."
EXPECTED = (("a", "A is better"), ("b", "B is better"), ("tie", "Tie"), ("both_bad", "Both bad"))


def _moment(label: str, hint: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        required=False,
        label=label,
        help_text=f"{hint} In {settings.TIME_ZONE}.",
        input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT),
    )


class CampaignForm(forms.Form):
    """A new campaign, or the settings of one."""

    title = forms.CharField(max_length=200, help_text="Raters read it.")
    name = forms.CharField(
        max_length=100,
        required=False,
        label="Name of the judge",
        help_text="What tournaments and leaderboards say. Left empty, it is the title.",
    )
    instructions = forms.CharField(
        max_length=20_000,
        required=False,
        help_text="What makes an answer better. Markdown; raters read it before they begin.",
        widget=forms.Textarea({"rows": 8}),
    )
    thanks = forms.CharField(
        max_length=20_000,
        required=False,
        label="Thank-you",
        help_text="Markdown; shown when a rater is done.",
        widget=forms.Textarea({"rows": 3}),
    )
    page = forms.ChoiceField(choices=PAGES, label="Raters see")
    raters = forms.IntegerField(
        min_value=1,
        max_value=50,
        initial=3,
        label="Raters each",
        help_text=f"How many different people judge each comparison. {EVEN}",
    )
    is_live = forms.BooleanField(
        required=False,
        label="Live battles",
        help_text="Raters write messages of their own, and nothing else is handed out. Takes one "
        "rater each, two answers side by side, and two speakers.",
    )
    criteria = forms.CharField(
        required=False,
        help_text="Asked beside the verdict: a line each, like “clarity: Which is clearer?”",
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
    )
    reasons = forms.CharField(
        required=False,
        help_text="Short texts that a rater can tick, a line each.",
        widget=forms.Textarea({"rows": 4}),
    )
    asks_strength = forms.BooleanField(required=False, label="Ask how much better it is")
    access = forms.ChoiceField(
        choices=Access.choices,
        label="Who may take part",
        help_text="Who has begun may go on, whatever is chosen later.",
    )
    quota = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=1_000_000,
        label="At most",
        help_text="Comparisons a rater. Left empty, as many as there are.",
    )
    deadline = _moment("Deadline", "Nothing is handed out after it.")
    shows_agreement = forms.BooleanField(
        required=False, label="Tell raters how often others agreed with them"
    )
    gold_every = forms.IntegerField(
        required=False,
        min_value=2,
        max_value=1000,
        label="One in",
        help_text="One gold question among so many. Left empty, none is mixed in.",
    )
    gold_policy = forms.ChoiceField(choices=GoldPolicy.choices, label="Who answers too few right")
    gold_share = forms.IntegerField(
        min_value=0,
        max_value=100,
        initial=60,
        label="At least right",
        help_text="Per cent of gold answered as expected.",
    )
    gold_least = forms.IntegerField(
        min_value=1,
        max_value=1000,
        initial=4,
        label="After",
        help_text="Gold answers before anybody is held to it.",
    )

    def __init__(self, data: Mapping[str, Any] | None, *, campaign: Campaign | None = None) -> None:
        super().__init__(data, initial=_initial(campaign) if campaign else None)
        self.fields["criteria"].widget.attrs["placeholder"] = "clarity: Which is clearer?"
        if campaign:
            del self.fields["name"]
            for name in FROZEN:
                self.fields[name].disabled = True
                self.fields[name].help_text = "Frozen, because verdicts rest on it."
            if raters_of(campaign.judge) % 2 == 0:
                self.fields["raters"].help_text += f" {EVEN}"

    def _group(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def first(self) -> list[forms.BoundField]:
        """What it is called."""
        return self._group("title", "name")

    @property
    def verdict(self) -> list[forms.BoundField]:
        """What makes the verdict."""
        return self._group("page", "raters")

    @property
    def live(self) -> list[forms.BoundField]:
        """Whose prompts are judged."""
        return self._group("is_live")

    @property
    def beside(self) -> list[forms.BoundField]:
        """What is asked beside the verdict."""
        return self._group("criteria", "reasons", "asks_strength")

    @property
    def people(self) -> list[forms.BoundField]:
        """Who, how many, until when."""
        return self._group("access", "quota", "deadline", "shows_agreement")

    @property
    def gold(self) -> list[forms.BoundField]:
        """What gold questions do."""
        return self._group("gold_every", "gold_policy", "gold_share", "gold_least")

    def params(self) -> dict[str, Any]:
        """The params of the judge."""
        return {name: self.cleaned_data[name] for name in FROZEN}

    def settings(self) -> dict[str, Any]:
        """The settings that were entered, as the service takes them."""
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in (*FROZEN, "name")
        }
        return given | {
            "criteria": [_criterion(line) for line in _lines(given["criteria"])],
            "reasons": _lines(given["reasons"]),
            "gold_share": given["gold_share"] / 100,
        }


def _initial(campaign: Campaign) -> dict[str, Any]:
    shown = settings_of(campaign)
    return {
        **shown,
        "is_live": campaign.is_live,
        "raters": campaign.judge.params.get("raters", 1),
        "page": campaign.judge.params.get("page", "pairs"),
        "criteria": "\n".join(f"{item['key']}: {item['label']}" for item in shown["criteria"]),
        "reasons": "\n".join(shown["reasons"]),
        "gold_share": round(100 * shown["gold_share"]),
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _criterion(line: str) -> dict[str, str]:
    key, colon, label = line.partition(":")
    return {"key": key.strip(), "label": label.strip() if colon else key.strip()}


class SelectionForm(forms.Form):
    """Which comparisons people are to judge."""

    how = forms.ChoiceField(choices=WAYS, widget=forms.RadioSelect, label="Which", initial="sample")
    judge = forms.ChoiceField(
        required=False, help_text="Whose verdicts are looked at; a sample of all pairs needs none."
    )
    count = forms.IntegerField(min_value=1, max_value=MOST, initial=100, label="At most")
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
        help_text="Of a sample: the same number draws the same.",
    )
    margin = forms.IntegerField(
        min_value=1,
        max_value=50,
        initial=20,
        help_text="Of a probability: at most so many points from 50 %.",
    )
    category = forms.ChoiceField(required=False)
    language = forms.ChoiceField(required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, project: Project) -> None:
        super().__init__(data)
        judges = project.judges.filter(is_current=True)
        self._choose("judge", [(one.name, _with_kind(one)) for one in judges], "none")
        for name in ("category", "language"):
            found = project.prompts.exclude(**{name: ""}).order_by(name)
            values = found.values_list(name, flat=True).distinct()
            self._choose(name, [(value, value) for value in values], "all")

    def _choose(self, name: str, choices: list[tuple[str, str]], none: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", none), *choices]

    @property
    def which(self) -> list[forms.BoundField]:
        return [self[name] for name in ("judge", "count", "category", "language")]

    @property
    def rarely(self) -> list[forms.BoundField]:
        return [self[name] for name in ("seed", "margin")]

    def wanted(self) -> dict[str, Any]:
        """What was entered, as the service takes it."""
        return {**self.cleaned_data, "margin": self.cleaned_data["margin"] / 100}


def _with_kind(judge: Judge) -> str:
    return f"{judge.name} ({registry.get(judge.kind).label.lower()})"


class GoldForm(forms.Form):
    """What is expected of the two outputs that are shown above it."""

    expected = forms.ChoiceField(choices=EXPECTED, widget=forms.RadioSelect, label="Right is")
    explanation = forms.CharField(
        required=False,
        max_length=MAX_EXPLANATION,
        help_text="Why; raters read it in the warm-up. Say which answer by what it says, not A or "
        "B: each rater sees the two in an order of their own. Markdown.",
        widget=forms.Textarea({"rows": 4}),
    )
    warm_up = forms.ChoiceField(
        choices=[("", "Gold: mixed in unseen"), ("1", "Warm-up: asked first, and explained")],
        required=False,
        label="Use",
    )


class GoldFileForm(forms.Form):
    """A file of gold questions."""

    file = forms.FileField(
        label="File",
        help_text="JSON lines, a question a line.",
        allow_empty_file=True,
        widget=forms.ClearableFileInput({"accept": ".jsonl,.ndjson,.json"}),
    )


class LinkForm(forms.Form):
    """A new invitation link."""

    label = forms.CharField(
        max_length=100, required=False, label="For whom", help_text="Only you see it."
    )
    places = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_PLACES,
        help_text="People who may join by it. Left empty, any number.",
    )
    expires_at = _moment("Expires", "Left empty, when you revoke it.")
