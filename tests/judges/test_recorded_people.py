"""The recorded votes of people on vicuna80, cast once more through the pages of raters."""

import pytest
from django.core.cache import cache
from django.core.management import call_command

from arena.models import Project
from judges.models import Decision, Judgment
from judges.services.people import quality
from tests import replay

PROMPTS = 6

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not replay.DATA.exists(), reason=f"the data is not there: {replay.DATA}"),
]


def test_agreement_and_kappa_equal_those_of_the_file():
    cache.clear()
    call_command("arena_import", str(replay.DATA), project="vicuna80")
    cells = replay.votes(PROMPTS)
    campaign = replay.campaign_for(Project.objects.get(slug="vicuna80"), cells)

    taken = replay.replay(campaign, cells)

    assert taken == Judgment.objects.filter(judge=campaign.judge).count() == 3 * len(cells)
    assert set(Decision.objects.filter(judge=campaign.judge).values_list("status")) == {
        ("decided",)
    }
    expected, found = replay.agreement(list(cells.values())), quality.quality_of(campaign).review
    assert found.agreement.comparisons == len(cells) == PROMPTS * 28
    assert found.agreement.fleiss.value == pytest.approx(expected.kappa, abs=1e-9)
    told = sum(report.agreement * report.shared for report in found.raters)
    assert told / (3 * len(cells)) == pytest.approx(expected.raw, abs=1e-9)
