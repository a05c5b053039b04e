"""A new API token."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError

from arena.models import Scope
from arena.services.tokens import MAX_DAYS, issue_token


class Command(BaseCommand):
    help = "Print a new API token for a user, who is created when new. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.WRITE.value)
        parser.add_argument("--name", default="", help="what it is for, up to 100 characters")
        parser.add_argument("--days", type=int, help="how long it is valid; default: for ever")

    def handle(self, *, user: str, scope: str, name: str, days: int | None, **options: Any) -> None:
        if len(name) > 100 or (days is not None and not 1 <= days <= MAX_DAYS):
            raise CommandError(f"a name has up to 100 characters; days are from 1 to {MAX_DAYS}")
        users = get_user_model().objects
        owner = users.filter(username=user).first()
        if owner is None:
            try:
                get_user_model().username_validator(user)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from None
            owner = users.create_user(user)
            self.stderr.write(f"created the user {user}")
        self.stdout.write(issue_token(owner, Scope(scope), name=name, days=days))
