from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from arena.models import ExternalIdentity, Project, Role
from arena.services.invitations import invite
from tests.fakes.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    FakeProvider,
    Key,
    by_hmac,
    unsigned,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Settings) -> Iterator[FakeProvider]:
    with FakeProvider() as fake:
        settings.OIDC_ISSUER = fake.issuer
        settings.OIDC_CLIENT_ID = CLIENT_ID
        settings.OIDC_CLIENT_SECRET = CLIENT_SECRET
        settings.OIDC_NAME = "Example Ltd"
        settings.OIDC_CREATE_ACCOUNTS = True
        yield fake


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def come_back(client: Client, provider: FakeProvider, following: str = "") -> str:
    """Go to the provider, and return the address it sends the browser back to."""
    there = client.get("/sign-in/oidc", {"next": following})
    assert there.status_code == 302, there.content.decode()
    assert there["Location"].startswith(f"{provider.issuer}/authorize?")
    return provider.authorize(query_of(there["Location"]))


def sign_in(client: Client, provider: FakeProvider, following: str = "") -> HttpResponse:
    return client.get(come_back(client, provider, following))


def who(client: Client) -> str | None:
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk).username if pk else None


def test_without_a_provider_there_is_no_button_and_no_page(client: Client) -> None:
    assert "Sign in with" not in client.get("/sign-in").content.decode()
    assert client.get("/sign-in/oidc").status_code == 404
    assert client.get("/sign-in/oidc/callback?code=x&state=y").status_code == 404


def test_the_button_leads_to_the_provider_and_back(client: Client, provider: FakeProvider) -> None:
    page = client.get("/sign-in?next=/account").content.decode()
    assert "Sign in with Example Ltd" in page
    assert 'href="/sign-in/oidc?next=/account"' in page
    provider.person |= {"name": "Ada L.", "email": "ada@example.org", "email_verified": True}

    back = sign_in(client, provider, "/account")

    assert back["Location"] == "/account"
    made = User.objects.get()
    assert (who(client), made.get_full_name(), made.email) == ("ada", "Ada L.", "ada@example.org")
    assert not made.has_usable_password()


def test_a_second_time_it_is_the_same_account(client: Client, provider: FakeProvider) -> None:
    sign_in(client, provider)
    provider.person |= {"preferred_username": "renamed", "email": "new@example.org"}

    sign_in(Client(), provider)

    assert User.objects.count() == 1
    assert ExternalIdentity.objects.get().label == "renamed"


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_account_is_never_found_by_name_or_mail(
    client: Client, provider: FakeProvider, owner: User, verified: Any
) -> None:
    owner.email = "olga@example.org"
    owner.save()
    claims = {"sub": "u-evil", "preferred_username": "olga", "email": "olga@example.org"}
    provider.person = claims | ({} if verified is None else {"email_verified": verified})

    sign_in(client, provider)

    assert who(client) == "olga-2"
    assert User.objects.get(username="olga-2").email == ""


def test_a_verified_mail_finds_no_account_either(
    client: Client, provider: FakeProvider, owner: User
) -> None:
    owner.email = "olga@example.org"
    owner.save()
    provider.person = {"sub": "u-2", "email": "olga@example.org", "email_verified": True}

    sign_in(client, provider)

    assert who(client) == "olga-2"


def test_the_same_sub_of_another_issuer_is_somebody_else(
    client: Client, provider: FakeProvider, owner: User
) -> None:
    owner.external_identities.create(issuer="https://elsewhere.example", subject="u-1")

    sign_in(client, provider)

    assert who(client) == "ada"


def test_leads_nowhere_outside(client: Client, provider: FakeProvider) -> None:
    assert sign_in(client, provider, "https://elsewhere.example/")["Location"] == "/"
    assert sign_in(Client(), provider, "//elsewhere.example/")["Location"] == "/"


def _expired(claims: dict[str, Any]) -> dict[str, Any]:
    return {**claims, "exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}


FORGED = {
    "another key": lambda fake: lambda claims: Key("k1").sign(claims),
    "an unknown key": lambda fake: lambda claims: Key("k2").sign(claims),
    "no signature": lambda fake: unsigned,
    "the client's secret": lambda fake: lambda claims: by_hmac(claims, CLIENT_SECRET),
    "changed after signing": lambda fake: (
        lambda claims: _swap(fake.key.sign(claims), fake.key.sign({**claims, "sub": "admin"}))
    ),
    "cut": lambda fake: lambda claims: fake.key.sign(claims)[:-8],
    "no token": lambda fake: lambda claims: "nonsense",
}


def _swap(signed: str, other: str) -> str:
    """The header and signature of one, the claims of the other."""
    head, _, signature = signed.split(".")
    return ".".join([head, other.split(".")[1], signature])


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_token_signs_nobody_in(
    client: Client, provider: FakeProvider, forgery: str
) -> None:
    provider.make_token = FORGED[forgery](provider)

    answer = sign_in(client, provider)

    assert answer.status_code == 403
    assert "did not work" in answer.content.decode()
    assert who(client) is None
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"exp": 1},
        {"exp": None},
        {"iss": None},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
    ],
)
def test_a_token_for_somebody_else_signs_nobody_in(
    client: Client, provider: FakeProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims

    assert sign_in(client, provider).status_code == 403
    assert who(client) is None
    assert not User.objects.exists()


def test_the_state_belongs_to_one_browser_and_one_attempt(
    client: Client, provider: FakeProvider
) -> None:
    address = come_back(client, provider)

    assert Client().get(address).status_code == 403  # a link that an attacker sends
    assert client.get(address).status_code == 302
    assert Client().get(address).status_code == 403
    other = Client()
    code, wrong = query_of(come_back(other, provider))["code"], "another"
    assert other.get("/sign-in/oidc/callback", {"code": code, "state": wrong}).status_code == 403


def test_a_refusal_at_the_provider_is_said(client: Client, provider: FakeProvider) -> None:
    state = query_of(come_back(client, provider))["state"]

    answer = client.get("/sign-in/oidc/callback", {"error": "access_denied", "state": state})

    assert answer.status_code == 403
    assert "Example Ltd" in answer.content.decode()


def test_new_keys_of_the_provider_are_fetched(client: Client, provider: FakeProvider) -> None:
    sign_in(client, provider)
    provider.key = Key("k2")
    provider.published = [provider.key]

    assert sign_in(Client(), provider).status_code == 302
    assert provider.seen.count("/keys") == 2
    assert provider.seen.count("/.well-known/openid-configuration") == 1


def test_a_provider_under_another_name_is_not_believed(
    client: Client, provider: FakeProvider
) -> None:
    provider.issuer_said = "https://elsewhere.example"

    assert client.get("/sign-in/oidc").status_code == 403


def test_a_provider_that_is_away_is_said(client: Client, settings: Settings) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "http://127.0.0.1:9", "arena"

    assert client.get("/sign-in/oidc").status_code == 403


def test_a_provider_in_clear_text_is_not_asked(client: Client, settings: Settings) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "http://login.example.org", "arena"

    assert client.get("/sign-in/oidc").status_code == 403


def test_where_accounts_are_not_made_strangers_are_told_what_to_do(
    client: Client, provider: FakeProvider, settings: Settings
) -> None:
    settings.OIDC_CREATE_ACCOUNTS = False

    answer = sign_in(client, provider)

    assert answer.status_code == 403
    assert "ask for an invitation" in answer.content.decode()
    assert not User.objects.exists()


def test_an_open_invitation_lets_an_account_be_made(
    client: Client, provider: FakeProvider, settings: Settings, project: Project, owner: User
) -> None:
    settings.OIDC_CREATE_ACCOUNTS = False
    _, token = invite(project, actor=owner, role=Role.VIEWER)
    page = client.get(f"/invitations/{token}").content.decode()
    assert "Sign in with Example Ltd" in page

    answer = sign_in(client, provider, f"/invitations/{token}")

    assert answer["Location"] == f"/projects/{project.slug}"
    assert project.role_of(User.objects.get(username="ada")) is Role.VIEWER
    provider.person = {"sub": "u-2"}
    assert sign_in(Client(), provider, f"/invitations/{token}").status_code == 403  # used
    assert set(User.objects.values_list("username", flat=True)) == {"olga", "mina", "ada"}


def test_a_closed_account_does_not_open(
    client: Client, provider: FakeProvider, owner: User
) -> None:
    owner.external_identities.create(issuer=provider.issuer, subject="u-1")
    owner.is_active = False
    owner.save()

    assert sign_in(client, provider).status_code == 403
    assert who(client) is None


def test_an_account_is_connected_only_when_its_owner_says_so(
    client: Client, provider: FakeProvider, owner: User
) -> None:
    client.force_login(owner)

    assert sign_in(client, provider, "/account")["Location"] == "/account/connect"
    assert not owner.external_identities.exists()
    assert "Connect ada?" in client.get("/account/connect").content.decode()
    client.post("/account/connect", {"connect": "1"})

    assert owner.external_identities.get().subject == "u-1"
    fresh = Client()
    sign_in(fresh, provider)
    assert who(fresh) == "olga"


def test_connecting_can_be_declined(client: Client, provider: FakeProvider, owner: User) -> None:
    client.force_login(owner)
    sign_in(client, provider)

    client.post("/account/connect")

    assert not owner.external_identities.exists()
    assert client.get("/account/connect")["Location"] == "/account"


def test_somebody_elses_identity_is_not_connected(
    client: Client, provider: FakeProvider, owner: User, member: User
) -> None:
    member.external_identities.create(issuer=provider.issuer, subject="u-1")
    client.force_login(owner)

    assert sign_in(client, provider).status_code == 409
    assert not owner.external_identities.exists()


def test_who_has_no_other_way_in_cannot_disconnect(client: Client, provider: FakeProvider) -> None:
    sign_in(client, provider)
    made = User.objects.get()
    path = f"/account/identities/{made.external_identities.get().pk}/disconnect"

    assert "only way" in client.post(path, follow=True).content.decode()
    made.set_password("nine herons wade")
    made.save()
    client.force_login(made)
    client.post(path)

    assert not made.external_identities.exists()


def test_signing_in_changes_the_session_key(client: Client, provider: FakeProvider) -> None:
    address = come_back(client, provider)
    before = client.session.session_key

    client.get(address)

    assert client.session.session_key != before
