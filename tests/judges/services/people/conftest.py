import pytest

from judges.models import Campaign
from judges.services import decisions
from tests import factories


@pytest.fixture
def campaign():
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=3)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    return Campaign.objects.get()


@pytest.fixture
def live():
    """A campaign of live battles between ann and ben."""
    lab = factories.project("battles")
    judge = factories.judge(lab, "human", "live")
    factories.speakers(lab)
    Campaign.objects.filter(judge=judge).update(is_live=True)
    return Campaign.objects.get(judge=judge)
