"""Live battles: who meets whom, what a turn keeps, limits, and votes that become judgments."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import combinations

import pytest
from django.utils import timezone

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Comparison, Competitor, Output, Project, Prompt
from judges.contracts import Order, Preference
from judges.models import Battle, Campaign, Decision, Endpoint, Judgment, Participant, Speaker
from judges.services.people import battles, participants
from judges.services.people.said import Said
from judges.services.people.speaking import Trouble, Voice
from tests import factories

pytestmark = pytest.mark.django_db

FIRST = Said(Preference.FIRST, reasons=("correct",), comment="It is right.")


@pytest.fixture
def campaign(project: Project) -> Campaign:
    judge = factories.judge(project, "human", "live")
    Campaign.objects.filter(judge=judge).update(is_live=True, access="open")
    where = Endpoint.objects.create(project=project, name="lab", base_url="http://127.0.0.1:9/v1")
    for name in ("zq-heron", "zq-egret", "zq-stork"):
        who = Competitor.objects.create(project=project, name=name)
        Speaker.objects.create(competitor=who, endpoint=where, model=f"model-{name}")
    return Campaign.objects.get(judge=judge)


@pytest.fixture
def rater(campaign: Campaign) -> Participant:
    return participants.guest(campaign, name="Gil")


def answered(rater: Participant, *turns: tuple[str, str], text: str = "Why?") -> Battle:
    battle = None
    for first, second in turns:
        battle = battles.say(rater, text)
        battles.keep(battle, {"first": done(first), "second": done(second)})
    assert battle is not None
    return battle


def done(text: str) -> Voice:
    return Voice(text, ended=True)


def made() -> Counter[str]:
    kinds = (Prompt, Output, Comparison, Decision, Judgment)
    return Counter({kind.__name__: kind.objects.count() for kind in kinds})


# --- Who meets whom -------------------------------------------------------------------------------


def test_pairs_meet_equally_often_and_in_both_orders(campaign: Campaign) -> None:
    met: Counter[frozenset[int]] = Counter()
    shown_first: Counter[int] = Counter()
    raters = [participants.guest(campaign) for _ in range(6)]
    for n in range(60):
        battle = answered(raters[n % 6], ("It is so.", "It is not."))
        battles.vote(raters[n % 6], battle.key, FIRST)
        met[frozenset((battle.first_id, battle.second_id))] += 1
        shown_first[battle.first_id] += 1
        Battle.objects.update(created_at=timezone.now() - timedelta(hours=2))
    ids = Speaker.objects.values_list("pk", flat=True)
    assert met == {frozenset(pair): 20 for pair in combinations(ids, 2)}
    assert all(5 <= shown_first[pk] <= 35 for pk in ids)


def test_who_is_retired_takes_part_no_more(rater: Participant) -> None:
    Speaker.objects.filter(competitor__name="zq-stork").update(retired_at=timezone.now())
    battle = battles.say(rater, "Why?")
    names = {battle.first.competitor.name, battle.second.competitor.name}
    assert names == {"zq-heron", "zq-egret"}
    Speaker.objects.update(retired_at=timezone.now())
    battles.drop(rater, battle.key)
    with pytest.raises(Conflict, match="fewer than two"):
        battles.say(rater, "Why?")


# --- Turns ----------------------------------------------------------------------------------------


def test_a_conversation_is_told_to_each_side_as_it_had_it(rater: Participant) -> None:
    answered(rater, ("One.", "Two."), text="Begin.")
    battle = battles.say(rater, "Go on.")
    asked = battles.questions(battle)
    assert [said["content"] for said in asked["first"].messages] == ["Begin.", "One.", "Go on."]
    assert [said["content"] for said in asked["second"].messages] == ["Begin.", "Two.", "Go on."]
    assert asked["first"].model.name == f"model-{battle.first.competitor.name}"


def test_only_what_failed_is_asked_again(rater: Participant) -> None:
    battle = battles.say(rater, "Why?")
    failed = Voice("Hal", ended=True, trouble=Trouble.BUSY, cause="lab.test answered 429")
    battles.keep(battle, {"first": done("So."), "second": failed})
    assert not battle.is_answered
    with pytest.raises(Conflict, match="not answered yet"):
        battles.vote(rater, battle.key, FIRST)
    with pytest.raises(Conflict, match="not answered yet"):
        battles.say(rater, "And now?")

    battle = battles.again(rater)
    assert list(battles.questions(battle)) == ["second"]
    battles.keep(battle, {"second": done("Thus.")})

    assert battle.is_answered
    assert battle.turns[0]["first"] == "So."
    assert battle.turns[0]["second"] == "Thus."
    with pytest.raises(Conflict, match="nothing to ask again"):
        battles.again(rater)


def test_a_turn_is_asked_by_one_request_at_a_time_and_three_times_at_most(
    rater: Participant,
) -> None:
    battle = battles.say(rater, "Why?")
    with pytest.raises(Conflict, match="not answered yet"):
        battles.say(rater, "Why not?")
    with pytest.raises(Conflict, match="being written"):
        battles.again(rater)
    for _ in range(battles.MOST_ASKED - 1):
        battles.keep(battle, {"first": Voice(), "second": Voice()})
        battle = battles.again(rater)
    battles.keep(battle, {"first": Voice(), "second": Voice()})
    with pytest.raises(Conflict, match="often enough"):
        battles.again(rater)


def test_a_request_that_died_holds_a_turn_for_a_while_only(
    rater: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(battles, "CLAIM", timedelta(seconds=-1))
    battles.say(rater, "Why?")
    assert battles.again(rater).turns[0]["asked"] == 2


def test_a_stale_request_writes_nothing_into_another_claim_or_turn(
    rater: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(battles, "CLAIM", timedelta(seconds=-1))
    stale = battles.say(rater, "One?")
    late = {"first": done("late"), "second": done("late")}
    battle = battles.again(rater)
    battles.keep(stale, late)
    assert not Battle.objects.get().is_answered
    stale.turns[-1]["claim"] = None  # nor does one that never claimed
    battles.keep(battle, {"first": done("a"), "second": done("b")})
    battles.keep(stale, late)
    newer = battles.say(rater, "Two?")
    battles.keep(battle, late)
    battles.keep(newer, {"first": done("c"), "second": done("d")})
    turns = Battle.objects.get().turns
    assert [(turn["first"], turn["second"]) for turn in turns] == [("a", "b"), ("c", "d")]


def test_a_turn_records_who_wrote_which_answer(rater: Participant) -> None:
    battle = answered(rater, ("a", "b"))
    wrote = {
        side: {"endpoint": "lab", "model": speaker.model}
        for side, speaker in (("first", battle.first), ("second", battle.second))
    }
    assert Battle.objects.get().turns[0]["by"] == wrote


def test_a_battle_dropped_meanwhile_stays_dropped(
    rater: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = answered(rater, ("a", "b"))
    monkeypatch.setattr(battles, "_check_hourly", lambda _: None)
    monkeypatch.setattr(battles, "current", lambda _: battle)
    battles.drop(rater, battle.key)
    with pytest.raises(Conflict, match="is over"):
        battles.say(rater, "Two?")
    row = Battle.objects.get()
    assert (row.flag, len(row.turns)) == (battles.DROPPED, 1)


def test_a_rater_who_was_stopped_asks_no_more_whatever_the_request_read(
    rater: Participant,
) -> None:
    answered(rater, ("a", "b"))
    Participant.objects.update(stopped_at=timezone.now())
    with pytest.raises(Conflict, match="has ended"):
        battles.say(rater, "Two?")


def test_a_project_with_battles_can_be_deleted(campaign: Campaign, rater: Participant) -> None:
    answered(rater, ("a", "b"))
    campaign.judge.project.delete()
    assert not Battle.objects.exists()


# --- Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (battles.MOST_CHARACTERS + 1)])
def test_bad_messages_open_nothing(rater: Participant, text: str) -> None:
    with pytest.raises(InvalidInput):
        battles.say(rater, text)
    assert not Battle.objects.exists()


def test_hostile_characters_are_stored_as_every_database_takes_them(rater: Participant) -> None:
    battle = battles.say(rater, "a\0b\ud800")
    battles.keep(battle, {"first": done("c\0\ud800"), "second": done("d")})
    battles.vote(rater, battle.key, FIRST)
    assert "\0" not in str(Battle.objects.get().turns)
    assert Prompt.objects.count() == 1


def test_a_rater_sends_so_many_messages_an_hour(
    rater: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(battles, "HOURLY", 2)
    answered(rater, ("a", "b"), ("c", "d"))
    with pytest.raises(Conflict, match="within an hour"):
        battles.say(rater, "More?")
    Battle.objects.update(created_at=timezone.now() - timedelta(hours=2))
    battles.say(rater, "More?")


def test_a_campaign_has_so_many_battles_a_day(
    campaign: Campaign, rater: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(battles, "DAILY", 1)
    battles.say(rater, "Why?")
    with pytest.raises(Conflict, match="today"):
        battles.say(participants.guest(campaign), "Why?")


def test_a_battle_has_so_many_turns(rater: Participant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(battles, "MOST_TURNS", 1)
    answered(rater, ("a", "b"))
    with pytest.raises(Conflict, match="vote now"):
        battles.say(rater, "More?")


def test_quota_deadline_and_a_stop_hold(campaign: Campaign, rater: Participant) -> None:
    Campaign.objects.update(quota=1)
    campaign.refresh_from_db()
    rater.campaign = campaign
    battle = answered(rater, ("a", "b"))
    battles.vote(rater, battle.key, FIRST)
    assert not battles.may_begin(rater)
    with pytest.raises(Conflict):
        battles.say(rater, "More?")

    other = participants.guest(campaign)
    battle = answered(other, ("a", "b"))
    Participant.objects.filter(pk=other.pk).update(stopped_at=timezone.now())
    with pytest.raises(Conflict, match="has ended"):
        battles.vote(other, battle.key, FIRST)


# --- Votes ----------------------------------------------------------------------------------------


def test_a_vote_becomes_a_judgment_of_the_campaigns_judge(
    campaign: Campaign, rater: Participant
) -> None:
    battle = answered(rater, ("Yes.", "No."), ("Still yes.", "Still no."))
    battles.vote(rater, battle.key, FIRST)

    battle.refresh_from_db()
    (judgment,) = Judgment.objects.all()
    compared = battle.comparison
    assert compared is not None
    assert (judgment.judge, judgment.rater_id) == (campaign.judge, rater.user_id)
    assert (judgment.comparison, judgment.reason) == (compared, "It is right.")
    better = compared.output_a if judgment.winner == "a" else compared.output_b
    assert better.competitor == battle.first.competitor
    assert better.turns == ["Yes.", "Still yes."]
    shown_first = compared.output_a if judgment.order == Order.AB else compared.output_b
    assert shown_first == better
    assert judgment.details["live"] is True
    assert judgment.details["reasons"] == ["correct"]
    assert (compared.prompt.category, len(compared.prompt.messages)) == ("live", 2)
    decision = Decision.objects.get()
    assert (decision.status, decision.winner) == ("decided", judgment.winner)


def test_the_order_shown_is_kept_either_way(campaign: Campaign) -> None:
    orders = set()
    for n in range(24):
        rater = participants.guest(campaign)
        battle = answered(rater, (f"Yes {n}.", f"No {n}."))
        battle = battles.vote(rater, battle.key, FIRST)
        judgment = Judgment.objects.get(comparison=battle.comparison_id)
        orders.add(judgment.order)
        won = Comparison.objects.get(pk=battle.comparison_id)
        better = won.output_a if judgment.winner == "a" else won.output_b
        assert better.competitor_id == battle.first.competitor_id
    assert orders == {Order.AB, Order.BA}


def test_the_same_vote_again_changes_nothing_and_another_is_refused(rater: Participant) -> None:
    battle = answered(rater, ("Yes.", "No."))
    battles.vote(rater, battle.key, FIRST)
    once = made()
    battles.vote(rater, battle.key, FIRST)
    with pytest.raises(Conflict, match="already"):
        battles.vote(rater, battle.key, Said(Preference.SECOND))
    assert made() == once
    assert once["Judgment"] == 1


def test_a_battle_belongs_to_its_rater_and_names_come_after_the_vote(
    campaign: Campaign, rater: Participant
) -> None:
    battle = answered(rater, ("Yes.", "No."))
    other = participants.guest(campaign)
    with pytest.raises(NotFound):
        battles.vote(other, battle.key, FIRST)
    with pytest.raises(NotFound):
        battles.seen(rater, battle.key)
    battles.drop(other, battle.key)
    battles.vote(rater, battle.key, FIRST)
    assert battles.seen(rater, battle.key).first.competitor.name.startswith("zq-")
    with pytest.raises(NotFound):
        battles.seen(other, battle.key)


def test_what_is_dropped_makes_nothing(rater: Participant) -> None:
    battle = answered(rater, ("Yes.", "No."))
    battles.drop(rater, battle.key)
    with pytest.raises(Conflict):
        battles.vote(rater, battle.key, FIRST)
    assert made().total() == 0
    assert battles.current(rater) is None


# --- Answers that name themselves -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("I am ZQ-Heron.", "I do not say."),
        ("I do not say.", "This is model-zq-egret, at your service."),
        ("I was made by OpenAI.", "I was made by people."),
        ("我是通义千问", "不知道"),
    ],
)
def test_an_answer_that_names_itself_makes_no_comparison(
    rater: Participant, first: str, second: str
) -> None:
    battle = answered(rater, (first, second), ("Well.", "Well."), text="Who are you?")
    battles.vote(rater, battle.key, FIRST)
    battle.refresh_from_db()
    assert "names" in battle.flag
    assert battle.answer is not None
    assert battle.comparison is None
    assert made().total() == 0


def test_asking_who_they_are_is_allowed_where_they_do_not_tell(rater: Participant) -> None:
    battle = answered(rater, ("That I keep to myself.", "An assistant."), text="Are you ChatGPT?")
    battles.vote(rater, battle.key, FIRST)
    assert made()["Judgment"] == 1
