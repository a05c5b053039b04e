from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from arena.common.errors import Conflict, NotFound
from arena.services import identities
from arena.services.identities import Identity


def identity(**changes: str) -> Identity:
    about = {"issuer": "https://a.example", "subject": "1", "username": "", "name": "", "email": ""}
    return Identity(**{**about, **changes})


@pytest.mark.parametrize(
    ("about", "username"),
    [
        ({"username": "ada"}, "ada"),
        ({"username": "olga"}, "olga-2"),
        ({"username": "OLGA"}, "OLGA-2"),
        ({"username": "a b/c<d>"}, "a-b-c-d"),
        ({"email": "ada@example.org"}, "ada"),
        ({"name": "Ada Lovelace"}, "Ada-Lovelace"),
        ({"name": "艾达"}, "艾达"),
        ({}, "member"),
        ({"username": "x" * 500}, "x" * 140),
    ],
)
def test_a_new_account_gets_a_name_that_is_free(
    owner: User, about: dict[str, str], username: str
) -> None:
    made = identities.make_account(identity(**about))

    assert made.username == username
    assert identities.user_of(identity(**about)) == made


def test_an_identity_belongs_to_one_account(owner: User, member: User) -> None:
    identities.connect(owner, identity())
    identities.connect(owner, identity())

    with pytest.raises(Conflict):
        identities.connect(member, identity())
    with pytest.raises(Conflict):
        identities.make_account(identity())

    assert owner.external_identities.count() == 1


def test_only_ones_own_are_disconnected(owner: User, member: User) -> None:
    identities.connect(owner, identity())

    with pytest.raises(NotFound):
        identities.disconnect(member, owner.external_identities.get().pk)
