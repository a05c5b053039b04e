"""Members, guests and their invitations."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from arena.common.errors import Conflict, Forbidden, NotFound
from arena.models import Membership, Prompt, Role
from judges.models import Access, Participant, RaterLink
from judges.services.people import participants
from tests.raters import user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "may"), [(Role.VIEWER, False), (Role.RATER, True), (Role.EDITOR, True), (None, False)]
)
def test_members_from_rater_up_take_part(campaign, role, may):
    project, rita = campaign.judge.project, user("rita")
    Membership.objects.create(project=project, user=user("olga"), role=Role.OWNER)
    if role:
        Membership.objects.create(project=project, user=rita, role=role)

    assert participants.may_take_part(rita, campaign) == may
    assert not participants.may_take_part(AnonymousUser(), campaign)
    if may:
        assert participants.member(rita, campaign) == participants.member(rita, campaign)
        assert Participant.objects.count() == 1
    else:
        with pytest.raises(Forbidden):
            participants.member(rita, campaign)


def test_a_guest_has_a_user_with_whom_nobody_signs_in(campaign):
    campaign.access = Access.OPEN

    one, two = (participants.guest(campaign, name=name) for name in (" Gil ", "x" * 300))

    assert (one.name, one.is_guest, len(two.name)) == ("Gil", True, 100)
    assert one.user != two.user
    assert not one.user.is_active
    assert not one.user.has_usable_password()
    assert participants.guest_of(campaign, one.pk) == one


@pytest.mark.parametrize("access", [Access.MEMBERS, Access.INVITED])
def test_without_an_invitation_only_open_campaigns_take_guests(campaign, access):
    campaign.access = access

    with pytest.raises(Forbidden):
        participants.guest(campaign)


def test_a_campaign_that_is_over_takes_no_guests(campaign):
    campaign.access, campaign.closed_at = Access.OPEN, timezone.now()

    with pytest.raises(Conflict):
        participants.guest(campaign)


def test_a_link_lets_in_as_many_as_it_has_places(campaign):
    campaign.access = Access.INVITED
    campaign.save()
    link, token = participants.new_link(campaign, places=2)
    for _ in range(2):
        participants.guest(campaign, link=participants.link_of(token))

    with pytest.raises(Conflict, match="places"):
        participants.guest(campaign, link=participants.link_of(token))
    assert link.participants.count() == 2


def test_a_token_is_kept_as_a_hash_only(campaign):
    link, token = participants.new_link(campaign, label=" class ")

    assert link.label == "class"
    assert token not in "".join(map(str, RaterLink.objects.values().get().values()))
    with pytest.raises(NotFound):
        participants.link_of(link.digest)


@pytest.mark.parametrize(
    "change",
    [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}],
)
def test_a_link_that_is_withdrawn_or_expired_says_so(campaign, change):
    campaign.access = Access.INVITED
    campaign.save()
    link, token = participants.new_link(campaign)
    RaterLink.objects.filter(pk=link.pk).update(**change)

    with pytest.raises(Conflict, match=r"withdrawn|expired"):
        participants.link_of(token)


def test_a_link_of_a_campaign_for_members_is_of_no_use(campaign):
    _, token = participants.new_link(campaign)

    with pytest.raises(Conflict, match="members"):
        participants.link_of(token)


def test_languages_are_those_of_what_waits(campaign):
    assert participants.languages_in(campaign) == []
    Prompt.objects.update(language="de")

    assert participants.languages_in(campaign) == ["de"]
    campaign.judge.decisions.update(status="decided", winner="a")
    assert participants.languages_in(campaign) == []


def test_beginning_is_noted_once(campaign):
    rita = participants.member(user("rita"), campaign)
    participants.begin(rita)
    moment = rita.warmed_up_at
    participants.begin(rita)
    participants.read_languages(rita, ["de", "fr"])

    kept = Participant.objects.get()
    assert (kept.warmed_up_at, kept.languages) == (moment, ["de", "fr"])
