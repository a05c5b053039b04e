"""Print a sign-in link."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError

from arena.services import sign_in


class Command(BaseCommand):
    help = "Print a link that signs a person in once, within a day; default: the local owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", nargs="?", default=sign_in.LOCAL_OWNER)
        parser.add_argument("--url", default=settings.SITE_URL, help="address of the site")

    def handle(self, *, user: str, url: str, **options: Any) -> None:
        if user == sign_in.LOCAL_OWNER:
            person = sign_in.local_owner()
        else:
            found = get_user_model().objects.filter(username=user).first()
            if found is None:
                raise CommandError(f"nobody is called {user!r}; arena_token makes accounts")
            person = found
        self.stdout.write(f"{url}/sign-in/{sign_in.ticket_for(person)}")
