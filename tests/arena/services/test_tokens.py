from __future__ import annotations

import hashlib

from django.contrib.auth.models import User
from django.utils import timezone

from arena.models import ApiToken, Scope
from arena.services.tokens import find_token, issue_token


def test_only_the_hash_of_a_token_is_kept(owner: User) -> None:
    token = issue_token(owner, Scope.READ)

    row = ApiToken.objects.get()
    assert token.startswith("arn_")
    assert len(token) >= 40
    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    assert (row.user, row.scope, row.hint) == (owner, Scope.READ, token[:8])
    assert token not in [str(value) for value in ApiToken.objects.values_list().get()]


def test_every_token_is_new(owner: User) -> None:
    assert issue_token(owner) != issue_token(owner)


def test_a_token_is_found_while_it_is_in_force(owner: User) -> None:
    token = issue_token(owner, name="nightly", days=30)

    found = find_token(token)
    assert found is not None
    assert (found.name, found.user, found.has_expired) == ("nightly", owner, False)
    assert find_token(token + "x") is None
    ApiToken.objects.update(expires_at=timezone.now())
    assert find_token(token) is None
    assert ApiToken.objects.get().has_expired


def test_a_token_without_days_never_expires(owner: User) -> None:
    issue_token(owner)

    assert ApiToken.objects.get().expires_at is None
