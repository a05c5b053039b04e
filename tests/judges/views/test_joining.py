"""Guests: by an invitation or an open address, without an account, one click."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from arena.models import Project
from judges.models import Assignment, Campaign, Participant, RaterLink
from judges.services.people import participants
from judges.views.joining import JOIN
from tests import factories
from tests.judges.marked import HTMX, everything_sent, leaks, open_pairs, say, token_on, tokens_on

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_of_other_tests() -> None:
    cache.clear()


@pytest.fixture
def campaign(project: Project) -> Campaign:
    return open_pairs(project, 4, access="open", title="Poems")


def invitation(campaign: Campaign, **more: object) -> str:
    Campaign.objects.update(access="invited")
    link, token = participants.new_link(campaign)
    RaterLink.objects.filter(pk=link.pk).update(**more)
    return f"/rate/join/{token}"


def joined(client: Client, campaign: Campaign, name: str = "Gil") -> Participant:
    client.post(f"/rate/{campaign.key}/join", {"name": name})
    return Participant.objects.latest("pk")


def test_a_guest_joins_an_open_campaign_by_one_click(client: Client, campaign: Campaign) -> None:
    asked = client.get(f"/rate/{campaign.key}").content.decode()
    assert "Poems" in asked
    assert Participant.objects.count() == 0

    guest = joined(client, campaign, " Gil ")
    page = client.get(f"/rate/{campaign.key}")

    assert (guest.name, guest.is_guest, guest.user.is_active) == ("Gil", True, False)
    assert "Which answer is better?" in page.content.decode()
    assert Assignment.objects.filter(rater=guest.user).count() == 2


@pytest.mark.parametrize(
    ("page", "live", "words"),
    [
        ("pairs", False, "Say which answer is better."),
        ("scoring", False, "a score from 1 to 5"),
        ("ranking", False, "Put them in order"),
        ("pairs", True, "You write a message"),
    ],
)
def test_who_comes_reads_what_is_asked_of_them(
    client: Client, project: Project, page: str, live: bool, words: str
) -> None:
    made = factories.judge(project, "human", "people", page=page).campaign
    Campaign.objects.update(access="open", is_live=live)

    asked = client.get(f"/rate/{made.key}").content.decode()

    assert words in asked
    assert ("nothing private" in asked) == live, "what they write is read by others"


def test_joining_changes_the_session_key(client: Client, campaign: Campaign) -> None:
    session = client.session
    session["known"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key

    joined(client, campaign)

    assert client.session.session_key != session.session_key
    assert client.session["known"] == 1


def test_a_guest_is_never_signed_in(client: Client, campaign: Campaign) -> None:
    guest = joined(client, campaign)

    page = client.get(f"/rate/{campaign.key}").content.decode()

    assert guest.user.username not in page
    assert "_auth_user_id" not in client.session
    assert client.get(f"/projects/{campaign.judge.project.slug}/rate").status_code in (302, 404)


def test_joining_twice_makes_one_guest(client: Client, campaign: Campaign) -> None:
    joined(client, campaign)
    joined(client, campaign)

    assert Participant.objects.count() == 1


def test_nothing_sent_to_a_guest_tells_who_wrote_what(client: Client, campaign: Campaign) -> None:
    responses = [client.get(f"/rate/{campaign.key}")]
    responses.append(client.post(f"/rate/{campaign.key}/join", {"name": ""}))
    responses.append(client.get(f"/rate/{campaign.key}"))
    for _ in range(4):
        token = token_on(responses[-1])
        responses.append(say(client, campaign, token, "first", **HTMX))
    responses.append(client.get(f"/rate/{campaign.key}/done"))

    for response in responses:
        assert list(leaks(everything_sent(response))) == []


def test_two_guests_have_nothing_of_each_other(client: Client, campaign: Campaign) -> None:
    other = Client()
    joined(client, campaign)
    joined(other, campaign)
    theirs = tokens_on(other.get(f"/rate/{campaign.key}"))

    mine = tokens_on(client.get(f"/rate/{campaign.key}"))
    reply = say(client, campaign, theirs[0], "first", **HTMX)

    assert not set(mine) & set(theirs)
    assert 'data-outcome="unread"' in reply.content.decode()


def test_a_guest_of_one_campaign_is_none_of_another(client: Client, campaign: Campaign) -> None:
    joined(client, campaign)
    Campaign.objects.update(access="members")
    session = client.session
    session["rating_guests"] = {"elsewhere": Participant.objects.get().pk}
    session.save()

    assert client.get(f"/rate/{campaign.key}").status_code == 302


def test_a_member_comes_as_themselves(client: Client, campaign: Campaign, member: User) -> None:
    client.force_login(member)

    client.post(f"/rate/{campaign.key}/join", {"name": "x"})
    client.get(f"/rate/{campaign.key}")

    assert [(one.user, one.is_guest) for one in Participant.objects.all()] == [(member, False)]


def test_a_flood_of_guests_is_stopped(campaign: Campaign) -> None:
    for _ in range(JOIN.attempts):
        JOIN.take("127.0.0.1")

    reply = Client().post(f"/rate/{campaign.key}/join", {"name": ""})

    assert reply.status_code == 429
    assert "Too many people" in reply.content.decode()
    assert Participant.objects.count() == 0


@pytest.mark.parametrize("access", ["members", "invited"])
def test_without_an_invitation_nobody_joins(
    client: Client, campaign: Campaign, access: str
) -> None:
    Campaign.objects.update(access=access)

    assert client.get(f"/rate/{campaign.key}")["Location"].startswith("/sign-in")
    assert client.post(f"/rate/{campaign.key}/join").status_code == 403
    assert Participant.objects.count() == 0


def test_an_invitation_lets_in(client: Client, campaign: Campaign) -> None:
    address = invitation(campaign)
    page = client.get(address).content.decode()
    assert f'action="{address}"' in page

    reply = client.post(address, {"name": "Gil"})

    assert reply["Location"] == f"/rate/{campaign.key}"
    assert "Which answer is better?" in client.get(reply["Location"]).content.decode()
    assert Participant.objects.get().link is not None
    assert client.get(address)["Location"] == f"/rate/{campaign.key}", "who is in goes on"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"revoked_at": timezone.now()}, 409, "withdrawn"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, 409, "expired"),
        ({"places": 0}, 409, "places"),
    ],
)
def test_an_invitation_that_is_used_up_says_why(
    client: Client, campaign: Campaign, change: dict[str, object], status: int, words: str
) -> None:
    reply = client.post(invitation(campaign, **change), {"name": ""})

    assert reply.status_code == status
    assert words in reply.content.decode()
    assert Participant.objects.count() == 0


def test_a_forged_invitation_is_not_found(client: Client, campaign: Campaign) -> None:
    assert client.get("/rate/join/forged").status_code == 404
    assert client.get("/rate/forged").status_code == 404


def test_a_campaign_that_is_over_takes_nobody(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(closed_at=timezone.now())

    assert "is closed" in client.get(f"/rate/{campaign.key}").content.decode()
    assert client.post(f"/rate/{campaign.key}/join", {"name": ""}).status_code == 409
    assert Participant.objects.count() == 0


def test_a_name_that_is_too_long_is_refused_in_words(client: Client, campaign: Campaign) -> None:
    reply = client.post(f"/rate/{campaign.key}/join", {"name": "x" * 101})

    assert reply.status_code == 400
    assert "100 characters" in reply.content.decode()


def test_joining_takes_a_csrf_token(campaign: Campaign) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(f"/rate/{campaign.key}/join", {"name": ""}).status_code == 403
