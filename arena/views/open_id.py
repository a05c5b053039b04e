"""Signing in by OpenID Connect: to the provider, back, and connecting an account one has."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from arena.common.addresses import absolute
from arena.common.errors import Conflict, Forbidden, NotFound
from arena.models import Role
from arena.services import identities, invitations
from arena.services.identities import Identity

NEXT, PENDING = "oidc_next", "oidc_pending"
"""Where the session keeps the page to go to, and an identity that is to be connected."""

NO_ACCOUNT = (
    "{label} is not connected to an account here. If you have one, sign in to it and connect the "
    "two on your account page; otherwise ask for an invitation."
)


def is_on() -> bool:
    """Whether a provider is set up."""
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponseBase:
    """To the provider. A link and no form: our policy lets forms lead nowhere outside."""
    from arena.services import provider  # slow import

    _only_if_on()
    request.session[NEXT] = _safe(request, request.GET.get("next", ""))
    return provider.begin(request, absolute(request, reverse("open-id-callback")))


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider: sign in, or offer to connect the account one is signed in to."""
    from arena.services import provider  # slow import

    _only_if_on()
    identity = provider.finish(request)
    following = request.session.pop(NEXT, "") or settings.LOGIN_REDIRECT_URL
    if request.user.is_authenticated:
        return _offer(request, identity, following)
    user = identities.user_of(identity)
    if user is None:
        user, following = _newcomer(identity, following)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(following)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Ask before an identity is connected: whoever made this browser sign in at the provider
    could else slip their own into somebody's account."""
    pending = request.session.get(PENDING)
    if pending is None:
        return redirect("account")
    identity = Identity(**pending)
    if request.method != "POST":
        context = {"label": identity.label, "provider": settings.OIDC_NAME}
        return render(request, "arena/connect.html", context)
    del request.session[PENDING]
    if "connect" in request.POST:
        assert isinstance(request.user, User)  # login_required
        identities.connect(request.user, identity)
        messages.success(request, f"From now on you can sign in with {settings.OIDC_NAME}.")
    return redirect("account")


def _only_if_on() -> None:
    if not is_on():
        raise NotFound("signing in by OpenID Connect is not set up here")


def _offer(request: HttpRequest, identity: Identity, following: str) -> HttpResponse:
    owner = identities.user_of(identity)
    if owner == request.user:
        return redirect(following)
    if owner or identities.is_known(identity):
        raise Conflict(f"{identity.label} is connected to another account; sign out first")
    request.session[PENDING] = asdict(identity)
    return redirect("open-id-connect")


def _newcomer(identity: Identity, following: str) -> tuple[User, str]:
    """A new account, and where to go. Who is known and has no open account is refused, and who
    may have none but by an invitation: accepting it makes each account use up a place."""
    refusal = Forbidden(NO_ACCOUNT.format(label=identity.label))
    if identities.is_known(identity):
        raise refusal
    if settings.OIDC_CREATE_ACCOUNTS:
        return identities.make_account(identity), following
    try:
        user, project = invitations.sign_up_as(identity, _invitation_in(following))
    except (Conflict, NotFound):
        raise refusal from None
    page = "rate" if project.role_of(user) is Role.RATER else "project"
    return user, reverse(page, args=[project.slug])


def _invitation_in(path: str) -> str:
    """The token in the address of an invitation; empty for any other page."""
    try:
        match = resolve(path)
    except Resolver404:
        return ""
    return str(match.kwargs["token"]) if match.url_name == "invitation" else ""


def _safe(request: HttpRequest, path: str) -> str:
    """Only a page of ours."""
    fits = url_has_allowed_host_and_scheme(path, None, request.is_secure())
    return path if fits and path.startswith("/") else ""
