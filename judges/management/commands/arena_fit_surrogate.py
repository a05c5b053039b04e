"""Fit a surrogate on folders of recorded judgments and write it with its card."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.common.errors import InvalidInput
from judges.surrogates.model_card import PRETRAINED, coefficients
from judges.surrogates.training import fit_pretrained


class Command(BaseCommand):
    help = "Fits a surrogate judge on native data set folders; the same data gives the same bytes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data",
            action="append",
            required=True,
            type=Path,
            metavar="DIR",
            help="native data set folder with judgments; repeat for each, at least two",
        )
        parser.add_argument("--name", default="general", help="a-z, 0-9, - and _")
        parser.add_argument(
            "--output", type=Path, default=PRETRAINED, metavar="DIR", help="where NAME.json goes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if not re.fullmatch(r"[a-z0-9_-]{1,64}", name):
            raise CommandError("--name may have a-z, 0-9, - and _ only")
        try:
            card = fit_pretrained(options["data"], name)
        except InvalidInput as error:
            raise CommandError(error.message) from None
        path = options["output"] / f"{name}.json"
        path.write_text(card.to_json(), encoding="utf-8")
        for row in coefficients(card):
            self.stdout.write(f"{row.name:16}{row.value:+.3f}  {row.description}")
        self.stdout.write(f"\n{card.table()}\n")
        for statement in card.statements():
            self.stdout.write(statement)
        self.stdout.write(self.style.SUCCESS(f"\nwrote {path}, version {card.version}"))
