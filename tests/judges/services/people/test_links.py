from datetime import timedelta

import pytest
from django.utils import timezone

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import AuditEntry
from judges.models import Campaign, RaterLink
from judges.services.people import links, participants
from tests import factories, raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    made = factories.judge(factories.project(), "human", "people").campaign
    Campaign.objects.update(access="invited")
    made.refresh_from_db()
    return made


def test_a_link_lets_somebody_in_and_its_token_is_kept_nowhere(campaign):
    link, token = links.make(campaign, label=" class 5b ", places=2, by=raters.user("olga"))

    assert participants.link_of(token) == link
    assert (link.label, link.places) == ("class 5b", 2)
    kept = [str(value) for row in RaterLink.objects.values() for value in row.values()]
    entry = AuditEntry.objects.get(act="rater_link.created")
    assert token not in [*kept, str(entry.details)]
    assert entry.actor_name == "olga"


@pytest.mark.parametrize("places", [0, -1, 100_001])
def test_places_are_checked(campaign, places):
    with pytest.raises(InvalidInput) as refused:
        links.make(campaign, places=places, by=None)
    assert set(refused.value.fields) == {"places"}


def test_an_expiry_in_the_past_is_refused(campaign):
    with pytest.raises(InvalidInput) as refused:
        links.make(campaign, expires_at=timezone.now(), by=None)
    assert set(refused.value.fields) == {"expires_at"}


def test_a_campaign_of_members_takes_no_links(campaign):
    Campaign.objects.update(access="members")
    campaign.refresh_from_db()

    with pytest.raises(Conflict, match="only members"):
        links.make(campaign, by=None)


def test_a_revoked_link_lets_nobody_in_and_is_logged_once(campaign):
    link, token = links.make(campaign, by=None)
    guest = participants.guest(campaign, link=link)

    for _ in range(2):
        links.revoke(campaign, link.pk, by=None)

    with pytest.raises(Conflict, match="withdrawn"):
        participants.link_of(token)
    assert AuditEntry.objects.filter(act="rater_link.revoked").count() == 1
    guest.refresh_from_db()
    assert guest.stopped_at is None


def test_a_link_of_another_campaign_is_not_found(campaign):
    link, _ = links.make(campaign, by=None)
    other = factories.judge(campaign.judge.project, "human", "others").campaign

    with pytest.raises(NotFound):
        links.revoke(other, link.pk, by=None)


def test_the_standing_of_a_link_in_a_word(campaign):
    for _ in range(4):
        links.make(campaign, places=1, by=None)
    full, expired, revoked, _open = RaterLink.objects.order_by("pk")
    participants.guest(campaign, link=full)
    RaterLink.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(1))
    links.revoke(campaign, revoked.pk, by=None)

    standing = [links.standing(link) for link in links.links_of(campaign)]

    assert standing == ["open", "revoked", "expired", "full"]
