from __future__ import annotations

import hashlib

from django.contrib.auth.models import User

from arena.models import ApiToken, Scope
from arena.services.tokens import issue_token


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
