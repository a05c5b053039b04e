"""Do attacks get through the machinery of judging? No model is asked; exit status 1 if any does.

Assembly: every kind that asks a model renders each attack, and its prompts are compared with those
of a harmless twin. Parser: an incorruptible judge quotes each attack in every form of a reply,
whole and cut off. Pipeline: outputs that attack are uploaded, judged through a fake endpoint by the
real runner, stored, and read back through API and pages.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from functools import partial


def main() -> int:
    from judges.red_team import subjects
    from judges.red_team.assembly import breaches, collisions
    from judges.red_team.catalogue import ATTACKS, FAMILIES
    from judges.red_team.replies import tally

    names = subjects.names()
    print(f"{len(ATTACKS)} attacks in {len(FAMILIES)} families, on {', '.join(names)}")
    through = [f"collision: {what}" for what in collisions()]
    piped = pipeline()
    through += [f"pipeline: {what}" for what in piped.pop(("all", "all"), [])]
    print(f"{'family':20} {'attacks':>7} {'assembly':>8} {'replies':>9} {'decided':>8} "
          f"{'read':>7} {'parser':>6} {'pipeline':>8} {'longest s':>9}")  # fmt: skip
    sums = [0] * 7
    for family in FAMILIES:
        row, longest = [0] * 7, 0.0
        for attack in (one for one in ATTACKS if one.family == family):
            began = time.process_time()
            faults = [
                f"{name}: {fault}"
                for name in names
                for fault in breaches(partial(subjects.build, name), attack)
            ]
            longest = max(longest, (time.process_time() - began) / len(names))
            read, stored = tally(attack), piped.get((family, attack.name), [])
            row = [
                row[0] + 1, row[1] + bool(faults), row[2] + read.replies, row[3] + read.decided,
                row[4] + read.own, row[5] + bool(read.wrong), row[6] + bool(stored),
            ]  # fmt: skip
            through += [f"{family} / {attack.name}: {what}" for what in
                        (*faults, *read.wrong, *stored)]  # fmt: skip
        print(_line(family, row, f"{longest:.2f}"), flush=True)
        sums = [one + other for one, other in zip(sums, row, strict=True)]
    print(_line("all", sums, ""))
    for fault in through:
        print(f"GOT THROUGH  {fault}")
    return 1 if through else 0


def _line(name: str, row: list[int], longest: str) -> str:
    attacks, assembly, replies, decided, own, parser, pipeline = row
    return (f"{name:20} {attacks:>7} {assembly:>8} {replies:>9,} {decided:>8,} {own:>7,} "
            f"{parser:>6} {pipeline:>8} {longest:>9}")  # fmt: skip


def pipeline() -> dict[tuple[str, str], list[str]]:
    """{(family, name): what went wrong} on a new SQLite database."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests import hostile

    call_command("migrate", verbosity=0)
    return hostile.faults()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        os.environ.update(
            ARENA_VAR=folder,
            DJANGO_SETTINGS_MODULE="arena.settings.base",
            ALLOWED_HOSTS="testserver",
            LOG_LEVEL="CRITICAL",
        )
        sys.exit(main())
