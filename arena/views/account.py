"""Signing in and out, and a person's own account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import Conflict, InvalidInput
from arena.forms import GOOD_PASSWORDS, ProfileForm, TokenForm
from arena.models import ApiToken, Scope
from arena.services import identities
from arena.services import sign_in as tickets
from arena.services.accounts import save_profile
from arena.services.tokens import issue_token
from arena.views import once
from arena.views.attempts import SIGN_IN, address_of
from arena.views.open_id import is_on as open_id_is_on

MADE = "made"
"""Under which name the page after finds what was made."""


class SignInForm(AuthenticationForm):
    """Name and password; ten attempts from one address, then that pair has to wait."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "The username or the password is not right. Both mind capital letters.",
    }

    def clean(self) -> dict[str, Any]:
        who = (self.cleaned_data.get("username") or "", self._address())
        if not SIGN_IN.take(*who):
            raise ValidationError(
                "Too many failed attempts. Wait a quarter of an hour, then try again.",
                code="too_many_attempts",
            )
        values = super().clean()
        SIGN_IN.forget(*who)
        return values

    def _address(self) -> str:
        return address_of(self.request) if self.request else ""


class SignIn(LoginView):
    """The page with name and password."""

    template_name = "arena/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            embedded=settings.EMBEDDED,
            open_id=settings.OIDC_NAME if open_id_is_on() else "",
        )

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        locked = form.has_error(NON_FIELD_ERRORS, "too_many_attempts")
        return self.render_to_response(
            self.get_context_data(form=form), status=429 if locked else 400
        )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_ticket(request: HttpRequest, ticket: str) -> HttpResponse:
    """A link that signs in once. Only the button uses it up: a preview of the link does not."""
    if request.method != "POST":
        return render(request, "arena/sign_in_ticket.html")
    try:
        user = tickets.redeem(ticket)
    except InvalidInput as error:
        context = {"fault": error.message}
        return render(request, "arena/sign_in_ticket.html", context, status=400)
    login(request, user)
    return redirect(settings.LOGIN_REDIRECT_URL)


@never_cache
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Profile, password, API tokens and connected sign-ins."""
    user = _user(request)
    form = _password_form(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, user)
        messages.success(request, "The password is changed. Other sessions have ended.")
        return redirect("account")
    status = 400 if form.is_bound else 200
    context = _context(user, form=form, token="".join(once.take(request, MADE)))
    return render(request, "arena/account.html", context, status=status)


@never_cache
@login_required
@sensitive_post_parameters()
@require_POST
def change_profile(request: HttpRequest) -> HttpResponse:
    """Name and email."""
    user = _user(request)
    form = ProfileForm(user, request.POST)
    if not form.is_valid():
        context = _context(user, profile_form=form)
        return render(request, "arena/account.html", context, status=400)
    save_profile(user, name=form.cleaned_data["name"], email=form.cleaned_data["email"])
    messages.success(request, "Saved.")
    return redirect("account")


@never_cache
@login_required
@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """Make an API token; the page after shows it, this once."""
    user = _user(request)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return render(request, "arena/account.html", _context(user, token_form=form), status=400)
    token = issue_token(
        user,
        Scope(form.cleaned_data["scope"]),
        name=form.cleaned_data["name"],
        days=form.cleaned_data["days"],
    )
    once.put(request, MADE, token)
    return redirect("account")


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a token of one's own out of service at once."""
    if ApiToken.objects.filter(user=_user(request), pk=pk).delete()[0]:
        messages.success(request, "The token is revoked. Requests with it are refused from now on.")
    return redirect("account")


@login_required
@require_POST
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """No longer sign in by this identity at the provider."""
    try:
        identities.disconnect(_user(request), pk)
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "It is not connected any more.")
    return redirect("account")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required
    return request.user


def _password_form(user: User, data: QueryDict | None = None) -> SetPasswordForm[User]:
    """The form that fits: who came by a link has no old password to enter."""
    form_class = PasswordChangeForm if user.has_usable_password() else SetPasswordForm
    form = form_class(user, data)
    for field in form.fields.values():
        field.widget.attrs.pop("autofocus", None)
    form.fields["new_password1"].help_text = GOOD_PASSWORDS
    form.fields["new_password2"].label = "The same again"
    form.fields["new_password2"].help_text = ""
    return form


def _context(user: User, **more: Any) -> dict[str, Any]:
    return {
        "form": _password_form(user),
        "has_password": user.has_usable_password(),
        "profile_form": ProfileForm(user),
        "token_form": TokenForm(),
        "tokens": user.api_tokens.all(),
        "identities": user.external_identities.all(),
        "open_id": settings.OIDC_NAME if open_id_is_on() else "",
        **more,
    }
