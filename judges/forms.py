"""The form of a judge, made from what the judge's kind says of its params.

A param that is left empty, or as it is by default, is left out: the judge then takes the default.
Params that no simple control fits are entered as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.text import capfirst

from arena.common.plugins import Params
from arena.models import Project
from judges.aggregation import registry as aggregations
from judges.kinds import registry
from judges.surrogates import model_card

LONG_TEXTS = {"template"}
MAX_NAME = 100
PREFIX = "params."
_WORDS = {"api": "API", "url": "URL", "usd": "USD", "env": "variable"}


@dataclass(frozen=True)
class _Param:
    """One param, as its JSON schema describes it."""

    name: str
    schema: Mapping[str, Any]
    required: bool

    @property
    def default(self) -> Any:
        return self.schema.get("default")

    @property
    def placeholder(self) -> str:
        return "" if self.default in (None, "", [], {}) else str(self.default)

    def common(self) -> dict[str, Any]:
        return {
            "label": capfirst(" ".join(_WORDS.get(word, word) for word in self.name.split("_"))),
            "help_text": capfirst(self.schema.get("description", "")),
            "required": self.required,
        }


class OneALine(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        lines = (super().to_python(value) or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value


class Json(forms.JSONField):
    """JSON; nothing entered is nothing, and not `null`."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


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
        self._params = _params_of(registry.get(kind).Params)
        options = _options(project, kind)
        for param in self._params:
            self.fields[PREFIX + param.name] = _field(param, options.get(param.name))

    @property
    def needed(self) -> list[forms.BoundField]:
        """The name and the params that have no default."""
        return [self[name] for name, field in self.fields.items() if field.required]

    @property
    def optional(self) -> list[forms.BoundField]:
        return [self[name] for name, field in self.fields.items() if not field.required]

    def params(self) -> dict[str, Any]:
        """The params that differ from their defaults."""
        values = {param.name: self.cleaned_data[PREFIX + param.name] for param in self._params}
        defaults = {param.name: param.default for param in self._params if not param.required}
        return {
            name: value
            for name, value in values.items()
            if value not in (None, "", [], {}) and (name not in defaults or value != defaults[name])
        }


def initial_of(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a form shows that begins with an existing judge."""
    return {"name": name, **{PREFIX + key: value for key, value in params.items()}}


def _params_of(model: type[Params]) -> list[_Param]:
    schema = model.model_json_schema()
    required = set(schema.get("required", []))
    found = [
        _Param(name, _resolved(item), name in required)
        for name, item in schema.get("properties", {}).items()
    ]
    return sorted(found, key=lambda param: not param.required)


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema without the branch for null: an empty control says the same."""
    branches = [item for item in schema.get("anyOf", []) if item.get("type") != "null"]
    return {**schema, **branches[0]} if len(branches) == 1 else schema


def _options(project: Project, kind: str) -> dict[str, list[tuple[str, str]]]:
    """Choices that no schema can know: they depend on the project and on what is installed."""
    if kind == "jury":
        names = project.judges.filter(is_current=True).values_list("name", flat=True)
        rules = [(name, rule.label) for name, rule in aggregations.items()]
        return {"members": [(name, name) for name in names], "aggregation": rules}
    if kind == "surrogate":
        return {"name": [(name, name) for name in model_card.available()]}
    return {}


def _field(param: _Param, options: list[tuple[str, str]] | None) -> forms.Field:
    schema, common = param.schema, param.common()
    if options is not None and schema.get("type") == "array":
        widget = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=options, widget=widget, **common)
    if options is not None:
        return forms.ChoiceField(choices=options, initial=param.default, **common)
    if "enum" in schema:
        choices = [(value, str(value)) for value in schema["enum"]]
        return forms.ChoiceField(choices=choices, initial=param.default, **common)
    make = _FIELDS.get(schema.get("type", ""))
    if make is None or (schema["type"] == "array" and schema["items"].get("type") != "string"):
        return _json(param)
    return make(param)


def _text(param: _Param) -> forms.Field:
    attrs = {"placeholder": param.placeholder, "spellcheck": "false"}
    if param.name in LONG_TEXTS:
        widget: forms.Widget = forms.Textarea({**attrs, "class": "code-input", "rows": 3})
    else:
        widget = forms.TextInput({**attrs, "autocapitalize": "none"})
    return forms.CharField(widget=widget, **param.common())


def _lines(param: _Param) -> forms.Field:
    common = param.common()
    hint = f"{common.pop('help_text')}; one on each line".removeprefix("; ")
    return OneALine(widget=forms.Textarea({"rows": 3}), help_text=hint, **common)


def _number(param: _Param) -> forms.Field:
    schema = param.schema
    kind = forms.IntegerField if schema["type"] == "integer" else forms.FloatField
    attrs = {"placeholder": param.placeholder}
    if kind is forms.FloatField:
        attrs["step"] = "any"
    widget = forms.NumberInput(attrs)
    low, high = schema.get("minimum"), schema.get("maximum")
    return kind(widget=widget, min_value=low, max_value=high, **param.common())


def _switch(param: _Param) -> forms.Field:
    return forms.BooleanField(initial=param.default, **{**param.common(), "required": False})


def _json(param: _Param) -> forms.Field:
    common = param.common()
    hint = f"{common.pop('help_text')}; as JSON".removeprefix("; ")
    attrs = {"class": "code-input", "rows": 3, "placeholder": json.dumps(param.default or {})}
    return Json(widget=forms.Textarea(attrs), help_text=hint, **common)


_FIELDS = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _switch,
    "array": _lines,
}
