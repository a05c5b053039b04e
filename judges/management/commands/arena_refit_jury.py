"""Fit a jury's rule anew, rule on its decisions by the fit, and say how well it agrees."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from arena.common.errors import ArenaError
from arena.models import Project
from judges.models import JuryFit
from judges.services.judges import named
from judges.services.juries import refit


class Command(BaseCommand):
    help = (
        "Fit the rule of a jury on what its members have said so far, and rule anew on its "
        "decisions. No judge is asked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--judge", required=True, metavar="NAME", help="the jury")
        parser.add_argument("--json", action="store_true", help="print the fit as JSON")

    def handle(self, *, project: str, judge: str, **options: Any) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"no project is called {project!r}")
        try:
            fit = refit(named(found, judge))
        except ArenaError as error:
            raise CommandError(str(error)) from None
        if fit.state is None:
            raise CommandError(f"not fitted: {fit.note}")
        self.stdout.write(json.dumps(_as_json(fit)) if options["json"] else _in_words(fit))


def _as_json(fit: JuryFit) -> dict[str, Any]:
    names = ("method", "n_ballots", "n_labels", "decided", "held_out", "state", "data_hash")
    return {"id": fit.pk, **{name: getattr(fit, name) for name in names}}


def _in_words(fit: JuryFit) -> str:
    said = f"{fit}, {fit.n_labels} of them judged by people too"
    if fit.held_out is None:
        return f"{said}; too few of these for a held-out figure"
    return said + (
        "; kappa with people on held-out prompts {kappa:.3f} [{kappa_low:.3f}, {kappa_high:.3f}], "
        "plurality {plurality:.3f}, best member {best_member_kappa:.3f} ({best_member})"
    ).format(**fit.held_out)
