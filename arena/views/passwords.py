"""A new password for who has forgotten theirs: Django's pages, limited, telling nobody anything."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView, PasswordResetView
from django.http import HttpResponse
from django.urls import reverse_lazy

from arena.common.addresses import absolute
from arena.forms import GOOD_PASSWORDS
from arena.services.passwords import ask_for_reset, can_mail
from arena.views.attempts import RESET_FOR_EMAIL, RESET_FROM_ADDRESS, address_of


class AskForReset(PasswordResetView):
    """Takes an address of mail. The answer is the same whether an account has it or not."""

    template_name = "arena/password_reset.html"
    extra_context = {"valid_hours": settings.PASSWORD_RESET_TIMEOUT // 3600}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, can_mail=can_mail())

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        if not RESET_FROM_ADDRESS.take(address_of(self.request)):
            form.add_error(None, "Too many attempts. Wait a quarter of an hour, then try again.")
            return self.render_to_response(self.get_context_data(form=form), status=429)
        if can_mail() and RESET_FOR_EMAIL.take(email):
            ask_for_reset(email, site=absolute(self.request, "/"))
        return self.render_to_response(self.get_context_data(form=form, sent_to=email))

    def form_invalid(self, form: PasswordResetForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=400)


class Reset(PasswordResetConfirmView):
    """Takes the new password from who opened the link of the mail."""

    template_name = "arena/password_reset_confirm.html"
    success_url = reverse_lazy("sign-in")

    def get_form(self, form_class: Any = None) -> SetPasswordForm[User]:
        form: SetPasswordForm[User] = super().get_form(form_class)
        form.fields["new_password1"].help_text = GOOD_PASSWORDS
        form.fields["new_password2"].label = "The same again"
        form.fields["new_password2"].help_text = ""
        return form

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        messages.success(self.request, "The password is changed. Sign in with the new one.")
        return super().form_valid(form)

    def form_invalid(self, form: SetPasswordForm[User]) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=400)
