"""The reports on the recorded judges of vicuna80, through the real services.

The figures that the docs name. Reads ARENA_SHARED_DATA or ../shared/data.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.management import call_command

from arena.models import Project
from judges.report_queries import Selection
from judges.services.judge_agreement import agreement_report
from judges.services.judge_reports import JudgeReport, judge_report
from judges.stats.bootstrap import Estimate

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data")) / "vicuna80_arena"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason=f"the data set is not there: {DATA}"),
]


@pytest.fixture
def project() -> Project:
    call_command("arena_import", str(DATA), project="vicuna80")
    return Project.objects.get(slug="vicuna80")


def near(found: Estimate | None, value: float) -> bool:
    return found is not None and found.value == pytest.approx(value, abs=6e-4)


def test_the_recorded_judges(project: Project) -> None:
    def report(name: str) -> JudgeReport:
        return judge_report(project.judges.get(name=name), Selection())

    gpt4, bard, claude = report("gpt-4"), report("bard"), report("claude-v1")

    # Shares of the first shown as they were measured elsewhere: 0.648, 0.812, 0.362.
    assert near(gpt4.position.first, 0.1475)
    assert near(bard.position.first, 0.3121)
    assert near(claude.position.first, -0.1372)
    assert near(gpt4.position.flip, 0.258)
    assert gpt4.people is not None
    assert near(gpt4.people.kappa, 0.251)
    assert near(gpt4.family_preference.own, 0.775)
    assert near(gpt4.family_preference.theirs, 0.663)
    assert gpt4.reference == "people"

    together = agreement_report(project, Selection())

    assert [name.name for name in together.judges if name.is_people] == ["mturk", "prd-human"]
    assert together.jury is not None
    assert together.jury.members == 5
    assert near(together.jury.size, 2.188)
    pair = next(
        pair.agreement
        for pair in together.pairs
        if {pair.one, pair.two} == {judge.id for judge in together.judges[:2]}
    )
    # The majority of three people against GPT-4 in both orders was measured as 0.459, kappa 0.223
    # with a and b by name; here it does not matter how they are called.
    assert pair is not None
    assert near(pair.raw, 0.459)
    assert near(pair.kappa, 0.221)
