"""Form fields for the params of a plug-in, made from what its params say of themselves.

A param that is left empty, or as it is by default, is left out: the plug-in then takes the default.
Params that no simple control fits are entered as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.text import capfirst

from arena.common.plugins import Params

LONG_TEXTS = {"template", "instructions"}
_WORDS = {"api": "API", "url": "URL", "usd": "USD", "env": "variable"}


@dataclass(frozen=True, eq=False)
class Param:
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


def params_of(model: type[Params]) -> list[Param]:
    """The params that a plug-in declares, those without a default first."""
    schema = model.model_json_schema()
    required = set(schema.get("required", []))
    found = [
        Param(name, _resolved(item), name in required)
        for name, item in schema.get("properties", {}).items()
    ]
    return sorted(found, key=lambda param: not param.required)


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema without the branch for null: an empty control says the same."""
    branches = [item for item in schema.get("anyOf", []) if item.get("type") != "null"]
    return {**schema, **branches[0]} if len(branches) == 1 else schema


def chosen(params: Iterable[Param], values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The params that were given and differ from their defaults; `values` by prefix and name."""
    given = {param: values.get(prefix + param.name) for param in params}
    return {
        param.name: value
        for param, value in given.items()
        if value not in (None, "", [], {}) and (param.required or value != param.default)
    }


def field_of(param: Param, options: Sequence[tuple[str, str]] | None = None) -> forms.Field:
    """The field of a param; `options` are choices that no schema can know."""
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


def _text(param: Param) -> forms.Field:
    attrs = {"placeholder": param.placeholder, "spellcheck": "false"}
    if param.name in LONG_TEXTS:
        widget: forms.Widget = forms.Textarea({**attrs, "class": "code-input", "rows": 3})
    else:
        widget = forms.TextInput({**attrs, "autocapitalize": "none"})
    return forms.CharField(widget=widget, **param.common())


def _lines(param: Param) -> forms.Field:
    common = param.common()
    hint = f"{common.pop('help_text')}; one on each line".removeprefix("; ")
    return OneALine(widget=forms.Textarea({"rows": 3}), help_text=hint, **common)


def _number(param: Param) -> forms.Field:
    schema = param.schema
    kind = forms.IntegerField if schema["type"] == "integer" else forms.FloatField
    attrs = {"placeholder": param.placeholder}
    if kind is forms.FloatField:
        attrs["step"] = "any"
    widget = forms.NumberInput(attrs)
    low, high = schema.get("minimum"), schema.get("maximum")
    return kind(widget=widget, min_value=low, max_value=high, **param.common())


def _switch(param: Param) -> forms.Field:
    return forms.BooleanField(initial=param.default, **{**param.common(), "required": False})


def _json(param: Param) -> forms.Field:
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
