"""Forms of the pages about projects, data and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.utils.text import slugify

from arena.models import Role, Scope
from arena.services.invitations import MAX_DAYS, MAX_NOTE, MAX_USES

GOOD_PASSWORDS = "At least 8 characters, not digits alone, no common word, not like your name."

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

    name = forms.CharField(
        max_length=100,
        required=False,
        label="What it is for",
        widget=forms.TextInput({"placeholder": "nightly import"}),
    )
    scope = forms.ChoiceField(
        choices=[(Scope.WRITE, "read and write"), (Scope.READ, "read only")], label="It may"
    )
    days = forms.TypedChoiceField(
        choices=[("90", "90 days"), ("30", "30 days"), ("365", "a year"), ("", "until revoked")],
        initial="90",
        coerce=int,
        empty_value=None,
        required=False,
        label="Valid for",
    )


class ProfileForm(forms.Form):
    """How others see a person, and where mail reaches them.

    A new address takes the password: by it the password itself can be replaced.
    """

    name = forms.CharField(
        max_length=150, required=False, label="Name", help_text="Shown beside your username."
    )
    email = forms.EmailField(
        required=False,
        label="Email",
        help_text="For a new password when you have forgotten yours.",
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    password = forms.CharField(
        required=False,
        strip=False,
        label="Password",
        help_text="Only needed to change the email.",
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, data: Mapping[str, Any] | None = None) -> None:
        initial = {"name": user.get_full_name(), "email": user.email}
        super().__init__(data, initial=initial, prefix="profile")
        self.user = user
        if not user.has_usable_password():
            del self.fields["password"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        moves = "email" in values and values["email"] != self.user.email
        given = values.get("password", "")
        if moves and "password" in self.fields and not self.user.check_password(given):
            self.add_error(
                "password", "This is not your password; it takes it to change the email."
            )
        return values


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]  # no generic at run time
    """An account, for who comes by an invitation."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = "Letters, digits and @ . + - _"
        self.fields["username"].widget.attrs["autocomplete"] = "username"
        self.fields["email"].label = "Email (optional)"
        self.fields["email"].help_text = "For a new password when you have forgotten yours."
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        self.fields["password1"].help_text = GOOD_PASSWORDS
        self.fields["password2"].label = "The same again"
        self.fields["password2"].help_text = ""


class InvitationForm(forms.Form):
    """An invitation to a project."""

    role = forms.ChoiceField(
        choices=[
            (Role.RATER, "Rater: judges, blind, and sees nothing else"),
            (Role.VIEWER, "Viewer: reads everything"),
            (Role.EDITOR, "Editor: changes data, judges and tournaments"),
            (Role.OWNER, "Owner: manages people too"),
        ]
    )
    email = forms.EmailField(required=False, label="Email (optional)")
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE,
        label="Note (optional)",
        help_text="They see it on the page of the invitation.",
    )
    days = forms.IntegerField(
        min_value=1, max_value=MAX_DAYS, initial=7, label="Expires after (days)"
    )
    max_uses = forms.IntegerField(
        min_value=1, max_value=MAX_USES, initial=1, label="How many people may use it"
    )


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(choices=Role.choices)


def add_errors(form: forms.BaseForm, message: str, fields: dict[str, str]) -> None:
    """Show what a service found wrong: at the fields it names, and else above the form."""
    named = {name: text for name, text in fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, text)
    rest = [f"{name}: {text}" for name, text in fields.items() if name not in named]
    if rest or not named:
        form.add_error(None, "; ".join([message, *rest]))
