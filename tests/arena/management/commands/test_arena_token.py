from __future__ import annotations

import io

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from arena.models import ApiToken, Scope
from arena.services.tokens import digest


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("arena_token", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_token_stands_alone_on_standard_output(db: None) -> None:
    printed = run("bob")

    token = ApiToken.objects.get()
    assert printed.endswith("\n")
    assert digest(printed.strip()) == token.digest
    assert (token.user.username, token.scope) == ("bob", Scope.WRITE)


def test_a_new_user_cannot_sign_in_with_a_password(db: None) -> None:
    run("bob")

    assert not get_user_model().objects.get(username="bob").has_usable_password()


def test_a_known_user_gets_another_token(owner: User) -> None:
    run("olga", "--scope", "read")
    run("olga")

    assert [token.scope for token in owner.api_tokens.order_by("id")] == ["read", "write"]


@pytest.mark.parametrize("arguments", [("two words",), ("",), ("bob", "--scope", "all")])
def test_bad_arguments_are_refused(db: None, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert not get_user_model().objects.exists()


def test_a_token_may_have_a_name_and_an_end(db: None) -> None:
    run("bob", "--name", "nightly", "--days", "30")

    token = ApiToken.objects.get()
    assert token.name == "nightly"
    assert token.expires_at is not None


@pytest.mark.parametrize("wrong", [["--days", "0"], ["--days", "-1"], ["--name", "x" * 101]])
def test_a_faulty_token_is_not_made(db: None, wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        run("bob", *wrong)

    assert not ApiToken.objects.exists()
