import random
import re

import pytest
from django.core.cache import cache

from arena.models import Membership, Role
from judges.models import Campaign, Decision, Judgment, Quarantine
from judges.services import decisions
from judges.services.people import answering, assigning, defining, participants, quarantine
from tests import factories
from tests.raters import skip_gold, user, vote

pytestmark = pytest.mark.django_db


def cells_of(name, response):
    """The figures in the row of a rater."""
    rows = re.findall(r"<tr.*?</tr>", response.content.decode(), re.DOTALL)
    (row,) = [row for row in rows if f'aria-label="Choose {name}"' in row]
    return [cell.strip() for cell in re.findall(r'<td class="num[^>]*>(.*?)</td>', row, re.DOTALL)]


@pytest.fixture
def owner_client(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def campaign(project):
    cache.clear()
    factories.field(project, prompts=4, competitors=["zq-heron", "zq-egret"])
    judge = factories.judge(project, "human", "people", raters=3)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(project)])
    for name in ("rita", "raul", "rosa"):
        Membership.objects.create(project=project, user=user(name), role=Role.RATER)
    return Campaign.objects.get()


def page(campaign, name="quality"):
    return f"/projects/{campaign.judge.project.slug}/campaigns/{campaign.key}/{name}"


def judged(campaign, winners):
    draw = random.Random(3)
    for _ in range(4):
        for name, winner in winners.items():
            vote(campaign, name, winner or draw.choice("ab"))


def test_without_votes_the_page_says_what_will_be_here(owner_client, campaign):
    assert "Nobody has voted yet" in owner_client.get(page(campaign)).content.decode()


def test_a_rater_is_left_out_and_taken_in_again(owner_client, campaign):
    judged(campaign, {"rita": "a", "raul": "a", "rosa": "b"})
    shown = owner_client.get(page(campaign)).content.decode()
    assert "rosa" in shown
    rosa = campaign.participants.get(user=user("rosa"))

    owner_client.post(page(campaign, "quality/leave-out"), {"rater": rosa.pk, "reason": "asleep"})

    found = Quarantine.objects.get()
    assert (found.rater, found.reason) == (user("rosa"), "asleep")
    assert "asleep" in owner_client.get(page(campaign)).content.decode()
    owner_client.post(page(campaign, f"quality/take-in/{found.pk}"))
    assert not Quarantine.objects.filter(lifted_at=None).exists()


def test_nobody_chosen_is_said(owner_client, campaign):
    answer = owner_client.post(page(campaign, "quality/leave-out"), {"rater": "x"}, follow=True)

    assert "Choose at least one rater" in answer.content.decode()
    assert not Quarantine.objects.exists()


def test_the_owner_rules_blind_on_what_raters_differ_on(owner_client, campaign):
    judged(campaign, {"rita": "a", "raul": "b", "rosa": "tie"})
    shown = owner_client.get(page(campaign, "adjudicate"))
    body = shown.content.decode()
    assert "What raters said" in body
    assert "zq-heron</" not in body

    decision, order = shown.context["decision"], shown.context["order"]
    owner_client.post(
        page(campaign, "adjudicate"),
        {"decision": decision.pk, "order": order, "preference": "first", "reason": "it is right"},
    )

    decision.refresh_from_db()
    assert decision.winner == ("a" if order == "ab" else "b")
    assert Judgment.objects.latest("pk").reason == "it is right"
    following = owner_client.get(page(campaign, "adjudicate"))
    assert following.context["decision"] != decision


def test_a_ruling_on_another_campaign_is_not_read(owner_client, campaign):
    other = factories.project("other")
    factories.field(other, prompts=1, competitors=["ann", "ben"])
    judge = factories.judge(other, "human", "theirs")
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(other)])
    theirs = Decision.objects.get(judge=judge)

    owner_client.post(
        page(campaign, "adjudicate"),
        {"decision": theirs.pk, "order": "ab", "preference": "first"},
    )

    assert not Judgment.objects.exists()


@pytest.mark.parametrize("name", ["quality", "adjudicate"])
def test_raters_see_nothing_of_it(client, campaign, name):
    client.force_login(user("rita"))

    assert client.get(page(campaign, name)).status_code == 403


def test_reliability_is_not_told_of_who_shares_no_comparison(owner_client, campaign):
    vote(campaign, "rita", "a")

    alone = cells_of("rita", owner_client.get(page(campaign)))
    vote(campaign, "raul", "a")
    shared = cells_of("rita", owner_client.get(page(campaign)))

    assert alone[2:5] == ["–", "–", "–"]
    assert "%" in shared[4]


def test_the_page_offers_to_ask_others_where_raters_are_missing(owner_client, campaign):
    judged(campaign, {"rita": "a", "raul": "a", "rosa": "b"})
    quarantine.impose(campaign.judge, user("rosa"), reason="", by=None)
    shown = owner_client.get(page(campaign)).content.decode()
    assert "4 comparisons have fewer than 3 raters" in shown

    answer = owner_client.post(page(campaign, "quality/ask-again"), follow=True).content.decode()

    assert "4 comparisons wait for others." in answer
    assert "fewer than 3 raters" not in answer
    assert Decision.objects.filter(status="waiting").count() == 4


def test_a_closed_campaign_asks_nobody_else(owner_client, campaign):
    judged(campaign, {"rita": "a", "raul": "a", "rosa": "b"})
    quarantine.impose(campaign.judge, user("rosa"), reason="", by=None)
    defining.close(campaign, by=None)

    answer = owner_client.post(page(campaign, "quality/ask-again"), follow=True).content.decode()

    assert "This campaign is not open" in answer
    assert not Decision.objects.filter(status="waiting").exists()


def test_what_a_rater_skipped_stands_beside_their_votes(owner_client, campaign):
    vote(campaign, "rita", "a")
    rita = participants.member(user("rita"), campaign)
    answering.skip(assigning.next_assignments(rita)[0])

    votes, *_ = cells_of("rita", owner_client.get(page(campaign)))

    assert votes == '1 <span class="faint small">1 skipped</span>'


def test_gold_that_was_skipped_is_told_even_of_who_has_not_voted(owner_client, campaign):
    vote(campaign, "rita", "a")
    skip_gold(campaign, "raul", Decision.objects.earliest("pk").comparison)

    shown = owner_client.get(page(campaign))

    assert cells_of("rita", shown)[-1] == "–"
    assert cells_of("raul", shown)[-1] == '0\u202f% <span class="faint small">of 1</span>'
    assert "0 of 1" in owner_client.get(page(campaign, "")[:-1]).content.decode()
