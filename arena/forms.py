"""Forms of the pages about projects, data and accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import slugify

from arena.models import Scope

RESERVED_SLUGS = {"new"}
"""Words that stand where a project's slug stands in the addresses of pages."""


class ProjectForm(forms.Form):
    """A new project; without a slug it gets one made from its name."""

    name = forms.CharField(max_length=200, widget=forms.TextInput({"autofocus": True}))
    slug = forms.CharField(
        max_length=60,
        required=False,
        label="Short name",
        help_text="Stands in addresses and commands: small letters, digits, - and _. "
        "Left empty, it is made from the name.",
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
    )
    description = forms.CharField(
        required=False,
        max_length=2000,
        help_text="One or two sentences for the people who work in it.",
        widget=forms.Textarea({"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        slug = values.get("slug") or slugify(values.get("name", ""))[:60].strip("-_")
        if not slug and "name" in values:
            self.add_error("slug", "The name has no Latin letters to make it from: choose one.")
        if slug in RESERVED_SLUGS:
            self.add_error("slug", "This word is taken by a page of Arena.")
        return {**values, "slug": slug}


class UploadForm(forms.Form):
    """One file of JSON lines."""

    file = forms.FileField(
        label="File",
        help_text="JSON lines, one record a line: .jsonl, or .jsonl.gz.",
        allow_empty_file=True,
        widget=forms.ClearableFileInput({"accept": ".jsonl,.ndjson,.json,.gz"}),
    )


class TokenForm(forms.Form):
    """A new API token."""

    scope = forms.ChoiceField(
        choices=[(Scope.WRITE, "read and write"), (Scope.READ, "read only")],
        label="It may",
        widget=forms.Select,
    )


def add_errors(form: forms.Form, message: str, fields: dict[str, str]) -> None:
    """Show what a service found wrong: at the fields it names, and else above the form."""
    named = {name: text for name, text in fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, text)
    rest = [f"{name}: {text}" for name, text in fields.items() if name not in named]
    if rest or not named:
        form.add_error(None, "; ".join([message, *rest]))
