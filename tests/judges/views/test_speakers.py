"""The owner's pages of live battles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.models import Membership, Project, Role
from judges.models import Battle, Campaign, Endpoint, Speaker
from tests.fakes.openai_server import Canned, FakeOpenAI

pytestmark = pytest.mark.django_db

SPEAKERS, LIVE = "/projects/haiku/speakers", "/projects/haiku/campaigns/live"


def form(name: str, **more: str) -> dict[str, str]:
    return {"competitor": name, "endpoint": "lab", "model": f"m-{name}", "max_tokens": "99", **more}


def test_from_nothing_to_a_live_campaign(editor: Client, project: Project) -> None:
    assert "Define an endpoint" in editor.get(SPEAKERS).content.decode()
    assert "Set up two competitors first" in editor.get(LIVE).content.decode()
    with FakeOpenAI() as server:
        Endpoint.objects.create(project=project, name="lab", base_url=server.base_url)
        for name in ("heron", "egret"):
            assert editor.post(SPEAKERS, form(name)).status_code == 302
        one = f"{SPEAKERS}/{Speaker.objects.get(competitor__name='heron').pk}"
        server.script(Canned(text="<b>Fine</b> **indeed**"))
        tried = editor.post(one, {"try": "How are you?"}).content.decode()
    assert "<strong>indeed</strong>" in tried
    assert "No answer" in editor.post(one, {"try": "And now?"}).content.decode()
    assert editor.post(one, form("egret", temperature="0.5")).status_code == 302
    assert Speaker.objects.get(competitor__name="heron").temperature == 0.5

    opened = editor.post(LIVE, {"title": "Ask anything", "access": "open"})
    campaign = Campaign.objects.get()
    assert opened["Location"] == f"/projects/haiku/campaigns/{campaign.key}"
    assert campaign.is_live
    assert "Ask anything" in editor.get(LIVE).content.decode()
    editor.post(f"/projects/haiku/campaigns/{campaign.key}/live")
    campaign.refresh_from_db()
    assert not campaign.is_live

    editor.post(f"{one}/retire")
    assert "retired" in editor.get(SPEAKERS).content.decode()
    refused = editor.post(
        f"/projects/haiku/campaigns/{campaign.key}/live", {"on": "1"}, follow=True
    )
    assert "Set up two competitors first" in refused.content.decode()


def test_what_is_refused_is_said_at_its_field(editor: Client, project: Project) -> None:
    Endpoint.objects.create(project=project, name="lab", base_url="http://127.0.0.1:9/v1")
    refused = editor.post(SPEAKERS, form("heron", model=""))
    assert refused.status_code == 400
    assert "is needed" in refused.content.decode()


@pytest.mark.parametrize("page", [SPEAKERS, LIVE])
def test_raters_do_not_see_who_speaks(
    client: Client, project: Project, stranger: User, page: str
) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    client.force_login(stranger)
    assert client.get(page).status_code == 403
    assert client.post(page, {"title": "x"}).status_code == 403
    assert not Battle.objects.exists()
