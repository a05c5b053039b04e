"""The form of a judge, made from what the judge's kind says of its params."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms

from arena.models import Project
from arena.param_fields import chosen, field_of, params_of
from judges.aggregation import registry as aggregations
from judges.kinds import registry
from judges.surrogates import model_card

MAX_NAME = 100
PREFIX = "params."
NO_ENDPOINT = "none: the address below"


WHERE = ("endpoint", "model", "base_url", "api_key_env", "url", "secret_env")
ASKED = (
    "orders",
    "samples",
    "flip_policy",
    "temperature",
    "max_tokens",
    "images",
    "reason_language",
)
MONEY = ("price_in", "price_out", "price", "cache")
RARE = ("silent_order", "max_chars", "repair", "timeout", "headers", "extra", "revision")


@dataclass(frozen=True)
class Section:
    """Fields that belong together. Those that are rarely needed are in one that is `folded`, and
    `closed` when nothing in it was chosen or is wrong."""

    title: str
    hint: str
    fields: list[forms.BoundField]
    folded: bool = False
    closed: bool = False


class JudgeForm(forms.Form):
    """Name and params of a judge of one kind; `params()` gives what was chosen."""

    name = forms.CharField(
        max_length=MAX_NAME,
        help_text="What leaderboards and reports will say. Under a name that exists this becomes "
        "its next version; older versions keep their judgments.",
        widget=forms.TextInput({"autofocus": True}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        project: Project,
        kind: str,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self._params = params_of(registry.get(kind).Params)
        options = _options(project, kind)
        for param in self._params:
            self.fields[PREFIX + param.name] = field_of(param, options.get(param.name))

    @property
    def needed(self) -> list[forms.BoundField]:
        """The name and the params that have no default."""
        return [self[name] for name, field in self.fields.items() if field.required]

    @property
    def sections(self) -> list[Section]:
        """The params that have a default, by what they are about; none is left out."""
        listed = {*WHERE, *ASKED, *MONEY, *RARE}
        own = self._bound(param.name for param in self._params if param.name not in listed)
        rare = self._bound(RARE)
        sections = [
            Section("Where", "An endpoint of the project, or an address.", self._bound(WHERE)),
            Section("What", "What is judged, and by what.", own),
            Section("How it is asked", "Orders, repetitions and the model.", self._bound(ASKED)),
            Section("Money", "Without prices, those of the endpoint count.", self._bound(MONEY)),
            Section("Rarely needed", "", rare, folded=True, closed=not self._touched(rare)),
        ]
        filled = [section for section in sections if section.fields]
        return filled if len(filled) > 1 else [replace(one, title="Settings") for one in filled]

    def _touched(self, fields: list[forms.BoundField]) -> bool:
        """Whether something was chosen in these, or is wrong."""
        defaults = {PREFIX + param.name: param.default for param in self._params}
        return any(
            field.errors
            or self.initial.get(field.name, defaults[field.name]) != defaults[field.name]
            for field in fields
        )

    def _bound(self, names: Iterable[str]) -> list[forms.BoundField]:
        """The fields of these params, as far as the kind has them and they are optional."""
        known = (PREFIX + name for name in names if PREFIX + name in self.fields)
        return [self[name] for name in known if not self.fields[name].required]

    def params(self) -> dict[str, Any]:
        """The params that differ from their defaults."""
        return chosen(self._params, self.cleaned_data, PREFIX)


def initial_of(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a form shows that begins with an existing judge."""
    return {"name": name, **{PREFIX + key: value for key, value in params.items()}}


def _options(project: Project, kind: str) -> dict[str, list[tuple[str, str]]]:
    """Choices that no schema can know: they depend on the project and on what is installed."""
    if kind == "jury":
        names = project.judges.filter(is_current=True).values_list("name", flat=True)
        rules = [(name, rule.label) for name, rule in aggregations.items()]
        return {"members": [(name, name) for name in names], "aggregation": rules}
    if kind == "surrogate":
        return {"name": [(name, name) for name in model_card.available()]}
    return {"endpoint": [("", NO_ENDPOINT), *_endpoints(project)]}


def _endpoints(project: Project) -> list[tuple[str, str]]:
    rows = project.endpoints.values_list("name", "model", "base_url")
    return [(name, f"{name} ({model or url})") for name, model, url in rows]
