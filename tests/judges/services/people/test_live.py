"""The owner's side of live battles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from arena.common.errors import Conflict, InvalidInput
from arena.models import AuditEntry, Project
from judges.contracts import Preference
from judges.models import Battle, Campaign, Endpoint, Participant, Speaker
from judges.services import decisions, endpoints
from judges.services.people import battles, live, participants
from judges.services.people.said import Said
from judges.services.people.speaking import Voice
from tests import factories
from tests.fakes.openai_server import Canned, FakeOpenAI, error

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture(autouse=True)
def endpoint(project: Project, server: FakeOpenAI) -> Endpoint:
    return Endpoint.objects.create(project=project, name="lab", base_url=server.base_url)


def speak(project: Project, name: str, by: User, **more: object) -> Speaker:
    settings = {"competitor": name, "endpoint": "lab", "model": f"m-{name}", **more}
    return live.set_up(project, settings, by=by)


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def voted(campaign: Campaign, first: str = "Yes.") -> Battle:
    rater: Participant = participants.guest(campaign)
    battle = battles.say(rater, "Why?")
    answers = {"first": Voice(first, ended=True), "second": Voice("No.", ended=True)}
    battles.keep(battle, answers)
    return battles.vote(rater, battle.key, Said(Preference.FIRST))


def test_a_competitor_is_set_up_changed_retired_and_comes_back(
    project: Project, member: User
) -> None:
    row = speak(project, "heron", member, temperature=0.5)
    speak(project, "heron", member, system="Be brief.")
    row.refresh_from_db()
    assert (row.system, row.temperature, row.max_tokens) == ("Be brief.", None, 2048)
    live.retire(row, by=member)
    live.retire(row, by=member)
    assert not battles.speakers_of(project)
    speak(project, "heron", member)
    assert [one.pk for one in battles.speakers_of(project)] == [row.pk]
    assert acts() == ["speaker.set_up", "speaker.changed", "speaker.retired", "speaker.changed"]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"endpoint": "nowhere"}, "endpoint"),
        ({"model": ""}, "model"),
        ({"competitor": " "}, "competitor"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_settings_name_the_field(
    project: Project, member: User, settings: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        speak(project, str(settings.pop("competitor", "heron")), member, **settings)
    assert list(caught.value.fields) == [field]
    assert not Speaker.objects.exists()
    assert not project.competitors.exists()


def test_a_speaker_is_tried_and_faults_are_told_in_full(
    project: Project, member: User, server: FakeOpenAI
) -> None:
    row = speak(project, "heron", member)
    server.script(Canned(text="Fine."), Canned(status=401, body=error("bad key", "invalid_key")))
    assert live.attempt(row, "How are you?").said == "Fine."
    assert "bad key" in live.attempt(row, "And now?").cause
    assert not Battle.objects.exists()


def test_live_battles_need_two_speakers_and_one_rater_each(project: Project, member: User) -> None:
    speak(project, "heron", member)
    with pytest.raises(Conflict, match="two competitors"):
        live.begin(project, "Ask anything", "open", by=member)
    assert not Campaign.objects.exists()
    speak(project, "egret", member)
    three = factories.judge(project, "human", "three", raters=3).campaign
    with pytest.raises(Conflict, match="one rater"):
        live.switch(three, on=True, by=member)
    ranked = factories.judge(project, "human", "ranked", page="ranking").campaign
    with pytest.raises(Conflict, match="side by side"):
        live.switch(ranked, on=True, by=member)
    made = live.begin(project, "Ask anything", "open", by=member)
    live.switch(made, on=False, by=member)
    live.switch(made, on=False, by=member)
    assert acts()[-3:] == ["campaign.created", "campaign.live", "campaign.not_live"]


def test_what_raters_voted_on_stays_as_it_is(project: Project, member: User) -> None:
    speak(project, "heron", member)
    speak(project, "egret", member)
    campaign = live.begin(project, "Ask anything", "open", by=member)
    voted(campaign)
    with pytest.raises(Conflict, match="another name"):
        speak(project, "heron", member, model="another")
    speak(project, "heron", member)
    with pytest.raises(Conflict, match="live battles"):
        endpoints.delete(Endpoint.objects.get())
    with pytest.raises(Conflict, match="raters have voted"):
        endpoints.change(Endpoint.objects.get(), {"model": "another"})
    endpoints.change(Endpoint.objects.get(), {"max_in_flight": 2})


def test_a_speaker_is_not_swapped_in_the_middle_of_a_battle(project: Project, member: User) -> None:
    speak(project, "heron", member, model="typo")
    speak(project, "egret", member)
    campaign = live.begin(project, "Ask anything", "open", by=member)
    rater = participants.guest(campaign)
    battle = battles.say(rater, "Why?")
    with pytest.raises(Conflict, match="in a battle with heron"):
        speak(project, "heron", member)
    battles.keep(battle, {"first": Voice(ended=False), "second": Voice(ended=False)})
    speak(project, "heron", member)  # nobody has answered: a mistake can be mended
    battle = battles.again(rater)
    assert {battle.first.model, battle.second.model} == {"m-heron", "m-egret"}
    answers = {"first": Voice("Yes.", ended=True), "second": Voice("No.", ended=True)}
    battles.keep(battle, answers)
    with pytest.raises(Conflict, match="in a battle with heron"):
        speak(project, "heron", member, model="another")
    battles.drop(rater, battle.key)
    speak(project, "heron", member, model="another")


def test_no_endpoint_is_swapped_in_the_middle_of_a_battle(
    project: Project, member: User, endpoint: Endpoint
) -> None:
    other = Endpoint.objects.create(project=project, name="spare", base_url=endpoint.base_url)
    speak(project, "heron", member)
    speak(project, "egret", member)
    rater = participants.guest(live.begin(project, "Ask anything", "open", by=member))
    battle = battles.say(rater, "Why?")
    for change in ({"model": "another"}, {"base_url": "http://127.0.0.1:1/v1"}):
        with pytest.raises(Conflict, match="a rater is in a battle") as refused:
            endpoints.change(endpoint, change)
        assert list(refused.value.fields) == list(change)
    endpoints.change(endpoint, {"max_in_flight": 2})
    endpoints.change(other, {"model": "another"})
    battles.keep(battle, {"first": Voice("Yes.", ended=True), "second": Voice(ended=False)})
    with pytest.raises(Conflict, match="a rater is in a battle"):
        endpoints.change(endpoint, {"model": "another"})

    battles.drop(rater, battle.key)

    assert endpoints.change(endpoint, {"model": "another"}).model == "another"


def test_the_overview_counts_and_lists_what_was_left_out(project: Project, member: User) -> None:
    speak(project, "heron", member)
    speak(project, "egret", member)
    campaign = live.begin(project, "Ask anything", "open", by=member)
    factories.judge(project, "human", "not live")
    voted(campaign)
    flagged = voted(campaign, "I am ChatGPT.")
    rater = participants.guest(campaign)
    battles.drop(rater, battles.say(rater, "Why?").key)
    (row,) = live.overview(project)
    assert (row.pk, row.voted, row.flagged, row.dropped) == (campaign.pk, 2, 1, 1)
    assert live.flagged(project) == [flagged]


def test_a_campaign_whose_comparisons_wait_does_not_turn_live(
    project: Project, member: User
) -> None:
    for name in ("heron", "egret"):
        speak(project, name, member)
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    judge = factories.judge(project, "human", "people")
    decisions.ask(judge, [row.pk for row in factories.all_comparisons(project)])

    with pytest.raises(Conflict, match="wait for people"):
        live.switch(judge.campaign, on=True, by=member)
