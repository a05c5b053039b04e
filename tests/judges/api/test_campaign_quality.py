import pytest
from django.core.cache import cache

from arena.models import Membership, Role
from judges.models import Quarantine
from judges.services import decisions
from tests import factories
from tests.raters import skip_gold, user, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(project):
    cache.clear()
    factories.field(project, prompts=5, competitors=["ann", "ben"])
    judge = factories.judge(project, "human", "people", raters=2)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(project)])
    for name in ("rita", "raul"):
        Membership.objects.create(project=project, user=user(name), role=Role.RATER)
    return judge.campaign


def url(campaign, rest="quality"):
    return f"/api/v1/projects/haiku/campaigns/{campaign.key}/{rest}"


def test_every_rater_is_told_with_figures(api, campaign):
    for winner in "ababa":
        vote(campaign, "rita", winner)
        vote(campaign, "raul", winner)

    told = api.get(url(campaign)).json()

    assert {row["name"]: row["votes"] for row in told["raters"]} == {"rita": 5, "raul": 5}
    assert told["fleiss_kappa"]["n"] == 5
    assert told["raters"][0]["reliability"]["low"] <= told["raters"][0]["reliability"]["high"]


def test_gold_is_the_score_of_the_list_of_raters(api, campaign):
    vote(campaign, "rita", "a")
    skip_gold(campaign, "rita", campaign.judge.decisions.latest("pk").comparison)

    (told,) = api.get(url(campaign)).json()["raters"]

    assert (told["votes"], told["gold"]["value"], told["gold"]["n"]) == (1, 0, 1)


def test_a_rater_is_left_out_and_taken_in(api, campaign):
    vote(campaign, "rita", "a")
    rater = api.get(url(campaign)).json()["raters"][0]["id"]

    first = api.post(url(campaign, f"raters/{rater}/quarantine"), {"reason": "asleep"})
    told = api.get(url(campaign)).json()["raters"][0]
    taken_in = api.delete(url(campaign, f"raters/{rater}/quarantine"))
    again = api.delete(url(campaign, f"raters/{rater}/quarantine"))

    assert (first.status_code, taken_in.status_code, again.status_code) == (204, 204, 404)
    assert (told["left_out"], told["reason"]) == (True, "asleep")
    assert Quarantine.objects.get().lifted_at is not None


def test_somebody_elses_rater_is_not_found(api, campaign):
    assert api.post(url(campaign, "raters/999/quarantine"), {}).status_code == 404
