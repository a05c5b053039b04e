"""All 6,720 recorded votes of people on vicuna80, cast once more through the pages of raters.

Three raters a pair, through the real views. Agreement and kappa that Arena shows are printed beside
those computed from the file; exit 1 if they differ.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

PROMPTS = 80


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        os.environ.update(ARENA_VAR=folder, DJANGO_SETTINGS_MODULE="arena.settings.test")
        import django

        django.setup()
        return run()


def run() -> int:
    from django.core.management import call_command

    from arena.models import Project
    from judges.services.people import quality
    from tests import replay

    call_command("migrate", verbosity=0)
    call_command("arena_import", str(replay.DATA), project="vicuna80", verbosity=0)
    cells = replay.votes(PROMPTS)
    campaign = replay.campaign_for(Project.objects.get(slug="vicuna80"), cells)
    begun = time.perf_counter()
    taken = replay.replay(campaign, cells)
    seconds = time.perf_counter() - begun
    file, review = replay.agreement(list(cells.values())), quality.quality_of(campaign).review
    assert review.agreement is not None
    assert review.agreement.fleiss is not None
    votes = sum(report.shared for report in review.raters)
    raw = sum((report.agreement or 0) * report.shared for report in review.raters) / votes
    kappa = review.agreement.fleiss
    print(f"{taken:,} votes of 3 raters on {len(cells):,} pairs in {seconds:.0f} s")
    print(f"{'':<24} {'file':>8} {'Arena':>8}")
    print(f"{'agreement of two raters':<24} {file.raw:>8.4f} {raw:>8.4f}")
    print(f"{'kappa of Fleiss':<24} {file.kappa:>8.4f} {kappa.value:>8.4f}", end="")
    print(f"  95 % interval {kappa.low:.3f} to {kappa.high:.3f} by prompts")
    same = abs(file.raw - raw) < 1e-9 and abs(file.kappa - kappa.value) < 1e-9
    return 0 if same and taken == 3 * len(cells) else 1


if __name__ == "__main__":
    sys.exit(main())
