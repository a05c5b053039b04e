from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from arena.models import ApiToken
from arena.services import sign_in
from arena.services.tokens import digest, issue_token
from arena.views.attempts import SIGN_IN

pytestmark = pytest.mark.django_db

PASSWORD = "nine herons wade"


@pytest.fixture(autouse=True)
def _no_memory_of_attempts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def olga(owner: User) -> User:
    owner.set_password(PASSWORD)
    owner.save()
    return owner


def attempt(client: Client, name: str, password: str, **extra: str) -> HttpResponse:
    form = {"username": name, "password": password, "next": "/account"}
    return client.post("/sign-in", form, **extra)


def test_signing_in_leads_on(client: Client, olga: User) -> None:
    assert attempt(client, "olga", PASSWORD)["Location"] == "/account"
    assert client.get("/account").status_code == 200


def test_a_wrong_password_is_said_and_not_which_part_was_wrong(client: Client, olga: User) -> None:
    wrong, unknown = attempt(client, "olga", "x"), attempt(client, "nobody", "x")

    assert wrong.status_code == unknown.status_code == 400
    assert "username or the password" in wrong.content.decode()
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_leads_nowhere_outside(client: Client, olga: User) -> None:
    form = {"username": "olga", "password": PASSWORD, "next": "https://elsewhere.example/"}

    assert client.post("/sign-in", form)["Location"] == "/"


def test_after_ten_failures_even_the_right_password_has_to_wait(client: Client, olga: User) -> None:
    for _ in range(SIGN_IN.attempts):
        assert attempt(client, "olga", "guess").status_code == 400

    locked = attempt(client, "Olga", PASSWORD)

    assert locked.status_code == 429
    assert "Too many failed attempts" in locked.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_lock_is_for_one_name_from_one_address(
    client: Client, olga: User, member: User
) -> None:
    member.set_password(PASSWORD)
    member.save()
    for _ in range(SIGN_IN.attempts):
        attempt(client, "olga", "guess")

    assert attempt(client, "mina", PASSWORD).status_code == 302
    assert attempt(Client(), "olga", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_a_success_forgets_the_failures(client: Client, olga: User) -> None:
    for _ in range(SIGN_IN.attempts - 1):
        attempt(client, "olga", "guess")
    attempt(client, "olga", PASSWORD)
    client.post("/sign-out")

    assert attempt(client, "olga", "guess").status_code == 400
    assert attempt(client, "olga", PASSWORD).status_code == 302


def test_signing_out_takes_a_post(client: Client, olga: User) -> None:
    client.force_login(olga)

    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert "_auth_user_id" not in client.session


def test_a_ticket_signs_in_by_its_button_and_only_once(client: Client) -> None:
    address = f"/sign-in/{sign_in.ticket_for(sign_in.local_owner())}"

    for _ in range(2):  # previews of the link do not use it up
        page = client.get(address)
        assert "Sign in as owner" in page.content.decode()
        assert "_auth_user_id" not in client.session
    assert client.post(address)["Location"] == "/"
    assert client.session["_auth_user_id"] == str(sign_in.local_owner().pk)

    again = Client().post(address)
    assert again.status_code == 400
    assert "used already" in again.content.decode()


def test_a_forged_ticket_signs_nobody_in(client: Client, olga: User) -> None:
    response = client.post(f"/sign-in/{olga.pk}:0:abc:def")

    assert response.status_code == 400
    assert "_auth_user_id" not in client.session


def test_a_ticket_takes_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post(f"/sign-in/{sign_in.ticket_for(sign_in.local_owner())}")

    assert response.status_code == 403


def test_a_new_token_is_shown_once_and_kept_as_a_digest(client: Client, olga: User) -> None:
    client.force_login(olga)

    response = client.post("/account/tokens", {"scope": "read"}, follow=True)

    assert response.redirect_chain == [("/account", 302)]
    token = response.context["token"]
    assert token in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    row = ApiToken.objects.get()
    assert (row.user, row.scope, row.digest) == (olga, "read", digest(token))
    page = client.get("/account").content.decode()
    assert row.hint in page
    assert token not in page


def test_a_token_of_an_unknown_scope_is_not_made(client: Client, olga: User) -> None:
    client.force_login(olga)

    assert client.post("/account/tokens", {"scope": "all"}).status_code == 400
    assert ApiToken.objects.count() == 0


def test_only_ones_own_tokens_can_be_revoked(client: Client, olga: User, member: User) -> None:
    issue_token(olga)
    issue_token(member)
    client.force_login(olga)

    for token in ApiToken.objects.all():
        client.post(f"/account/tokens/{token.pk}/revoke")

    assert ApiToken.objects.get().user == member


def test_changing_the_password_takes_the_old_one(client: Client, olga: User) -> None:
    client.force_login(olga)
    new = {"new_password1": "ten cranes fly", "new_password2": "ten cranes fly"}

    assert client.post("/account", {"old_password": "x", **new}).status_code == 400
    assert client.post("/account", {"old_password": PASSWORD, **new}).status_code == 302
    assert client.get("/account").status_code == 200  # still signed in
    olga.refresh_from_db()
    assert olga.check_password("ten cranes fly")


def test_who_came_by_a_link_can_set_a_first_password(client: Client) -> None:
    owner = sign_in.local_owner()
    client.force_login(owner)
    assert "old_password" not in client.get("/account").content.decode()

    client.post("/account", {"new_password1": PASSWORD, "new_password2": PASSWORD})

    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_weak_password_is_refused(client: Client, olga: User) -> None:
    client.force_login(olga)
    form = {"old_password": PASSWORD, "new_password1": "12345", "new_password2": "12345"}

    response = client.post("/account", form)

    assert response.status_code == 400
    assert "new_password2" in response.context["form"].errors


@pytest.mark.parametrize(
    "path",
    [
        "/account",
        "/account/connect",
        "/account/identities/1/disconnect",
        "/account/profile",
        "/account/tokens",
        "/account/tokens/1/revoke",
    ],
)
def test_an_account_takes_an_account(client: Client, path: str) -> None:
    assert client.post(path)["Location"].startswith("/sign-in?next=")


def test_a_token_has_a_name_and_an_end(client: Client, olga: User) -> None:
    client.force_login(olga)

    client.post("/account/tokens", {"scope": "read", "name": "nightly", "days": "30"})
    client.post("/account/tokens", {"scope": "write", "name": "", "days": ""})

    for_ever, nightly = ApiToken.objects.all()
    assert for_ever.expires_at is None
    assert nightly.expires_at is not None
    assert (nightly.expires_at - nightly.created_at).days in (29, 30)
    page = client.get("/account").content.decode()
    assert "nightly" in page
    ApiToken.objects.filter(pk=nightly.pk).update(expires_at=nightly.created_at)
    assert ">expired<" in client.get("/account").content.decode()


def profile(client: Client, **values: str) -> HttpResponse:
    return client.post("/account/profile", {f"profile-{key}": text for key, text in values.items()})


def test_a_name_is_changed_as_one_likes(client: Client, olga: User) -> None:
    client.force_login(olga)

    assert profile(client, name="Olga Orlova", email="").status_code == 302

    olga.refresh_from_db()
    assert olga.get_full_name() == "Olga Orlova"
    assert "Olga Orlova" in client.get("/").content.decode()


def test_a_new_email_takes_the_password(client: Client, olga: User) -> None:
    client.force_login(olga)

    refused = profile(client, name="", email="olga@example.org", password="x")
    assert refused.status_code == 400
    assert "password" in refused.context["profile_form"].errors
    profile(client, name="", email="olga@example.org", password=PASSWORD)
    profile(client, name="O.", email="olga@example.org")

    olga.refresh_from_db()
    assert (olga.email, olga.first_name) == ("olga@example.org", "O.")


def test_a_faulty_email_is_not_saved(client: Client, olga: User) -> None:
    client.force_login(olga)

    assert profile(client, email="nonsense", password=PASSWORD).status_code == 400
    olga.refresh_from_db()
    assert olga.email == ""


def test_who_has_no_password_needs_none_for_an_email(client: Client) -> None:
    owner = sign_in.local_owner()
    client.force_login(owner)

    assert profile(client, name="", email="me@example.org").status_code == 302

    owner.refresh_from_db()
    assert owner.email == "me@example.org"


def test_behind_a_proxy_the_senders_are_told_apart(
    client: Client, olga: User, settings: Settings
) -> None:
    settings.PROXIES = 1
    for _ in range(SIGN_IN.attempts):
        attempt(client, "olga", "guess", HTTP_X_FORWARDED_FOR="6.6.6.6")

    locked = attempt(client, "olga", PASSWORD, HTTP_X_FORWARDED_FOR="1.2.3.4, 6.6.6.6")
    other = attempt(Client(), "olga", PASSWORD, HTTP_X_FORWARDED_FOR="6.6.6.6, 1.2.3.4")

    assert (locked.status_code, other.status_code) == (429, 302)
