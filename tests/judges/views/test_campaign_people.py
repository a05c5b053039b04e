from __future__ import annotations

import re

import pytest
from django.test import Client

from arena.models import Project
from judges.models import Campaign, RaterLink
from judges.services.people import participants
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(project: Project) -> Campaign:
    made: Campaign = factories.judge(project, "human", "people").campaign
    Campaign.objects.update(access="invited")
    made.refresh_from_db()
    return made


@pytest.fixture
def url(campaign: Campaign) -> str:
    return f"/projects/haiku/campaigns/{campaign.key}"


def test_the_address_of_a_link_is_shown_once(editor: Client, url: str) -> None:
    made = editor.post(f"{url}/links", {"label": "class 5b", "places": "2"})
    assert made.status_code == 302
    assert made["Location"] == url, "loading the page that shows it makes no other link"
    kept = str(dict(editor.session))
    editor.head(url)

    page = editor.get(url).content.decode()

    found = re.search(r"http://testserver/rate/join/([\w-]+)", page)
    assert found
    assert participants.link_of(found[1]).label == "class 5b"
    assert found[1] not in kept, "it lies nowhere in clear"
    assert found[1] not in editor.get(url).content.decode()
    assert RaterLink.objects.count() == 1


def test_the_address_of_a_link_is_shown_with_its_campaign_only(
    editor: Client, url: str, project: Project
) -> None:
    other = factories.judge(project, "human", "others").campaign
    editor.post(f"{url}/links", {})

    assert "A new link" not in editor.get(f"/projects/haiku/campaigns/{other.key}").content.decode()
    assert "A new link" in editor.get(url).content.decode()


def test_a_faulty_link_is_said_at_its_field(editor: Client, url: str) -> None:
    answer = editor.post(f"{url}/links", {"expires_at": "2001-01-01T00:00"})

    assert answer.status_code == 400
    assert "is in the past" in answer.content.decode()
    assert not RaterLink.objects.exists()


def test_a_link_is_revoked(editor: Client, url: str, campaign: Campaign) -> None:
    link, _ = participants.new_link(campaign)

    page = editor.post(f"{url}/links/{link.pk}/revoke", follow=True).content.decode()

    assert "revoked" in page
    assert editor.post(f"{url}/links/99/revoke").status_code == 404


def test_the_address_of_an_open_campaign_is_shown(
    editor: Client, url: str, campaign: Campaign
) -> None:
    address = f"http://testserver/rate/{campaign.key}"
    assert address not in editor.get(url).content.decode()
    Campaign.objects.update(access="open")
    assert address in editor.get(url).content.decode()


def test_a_rater_is_stopped_and_let_go_on(editor: Client, url: str, campaign: Campaign) -> None:
    link, _ = participants.new_link(campaign)
    guest = participants.guest(campaign, name="Gus", link=link)

    page = editor.post(f"{url}/raters/{guest.pk}/stop", follow=True).content.decode()
    assert "Let Gus go on" in page
    again = editor.post(f"{url}/raters/{guest.pk}/stop", follow=True).content.decode()
    assert "stopped already" in again
    page = editor.post(f"{url}/raters/{guest.pk}/go-on", follow=True).content.decode()

    assert "Stop Gus" in page
