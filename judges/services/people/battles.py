"""Live battles: a rater's own prompt, two hidden competitors, further turns, a vote.

A turn of a battle is {user, first, second}: what was asked and answered, in the order shown, None
where an answer is missing. Beside these stand `asked`, how often it was put to competitors;
`until`, the time to which a request is at it, and `claim`, which request; `trouble`, {side: [what
raters may know, cause]}; `by`, {side: {endpoint, model}} of answers, which no rater reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Comparison, Output, Project, Prompt
from arena.services import comparisons
from judges.contracts import Order
from judges.models import Battle, Campaign, Decision, Participant, Speaker
from judges.models.battle import LIVE, SIDES
from judges.models.campaign import new_key
from judges.services import decisions
from judges.services.people.assigning import may_go_on
from judges.services.people.said import Said, kept, write
from judges.services.people.self_naming import named_in
from judges.services.people.speaking import SECONDS, Question, Trouble, Voice, question_to
from judges.services.replies import storable
from judges.services.settling import settle

MOST_TURNS = 8
MOST_CHARACTERS = 8_000
"""Of one message of a rater."""

MOST_ASKED = 3
"""Times that one message is put to competitors, repetitions after a fault included."""

HOURLY = 40
"""Messages of one rater in an hour, over all campaigns, repetitions included."""

DAILY = 2_000
"""Battles of one campaign in a day: what an open address can cost at most."""

CLAIM = timedelta(seconds=SECONDS + 30)
DROPPED = "dropped by the rater"

Turn = dict[str, Any]


def speakers_of(project: Project) -> QuerySet[Speaker]:
    """The competitors that take part in live battles."""
    rows = Speaker.objects.filter(competitor__project=project, retired_at=None)
    return rows.select_related("competitor", "endpoint__project").order_by("pk")


def current(participant: Participant) -> Battle | None:
    """The rater's battle that is neither voted on nor dropped."""
    return _mine(participant).filter(answered_at=None).first()


def seen(participant: Participant, key: str) -> Battle:
    """A battle of the rater that they voted on, and may see the names of. Raises NotFound."""
    found = _mine(participant).filter(key=key, answered_at__isnull=False).first()
    if found is None:
        raise NotFound("there is no such battle of yours, or you have not voted on it yet")
    return found


def voted(participant: Participant) -> int:
    """How many battles the rater has voted on; flagged ones count."""
    return _mine(participant).filter(answer__isnull=False).count()


def may_begin(participant: Participant) -> bool:
    """Whether the rater may begin another battle: campaign, standing and quota allow it."""
    quota = participant.campaign.quota
    return may_go_on(participant) and (quota is None or voted(participant) < quota)


@transaction.atomic
def say(participant: Participant, text: str) -> Battle:
    """Ask something in the rater's battle, which is opened if there is none; the turn is claimed.

    Whoever calls has to ask (`questions`) and `keep` what came of it. Raises InvalidInput for a bad
    text; Conflict when a limit is reached, or the last turn is not answered.
    """
    participant = _locked(participant)  # two tabs must not open two battles
    words = _checked(text)
    _check_hourly(participant)
    battle = current(participant)
    if battle is None:
        battle = _open(participant)
    elif not battle.is_answered:
        raise Conflict("your last message is not answered yet")
    elif not may_go_on(participant):
        raise Conflict("this campaign is over, or your part in it has ended")
    elif len(battle.turns) >= MOST_TURNS:
        raise Conflict(f"a battle has at most {MOST_TURNS} messages: vote now")
    turn = {"user": words, "first": None, "second": None, "asked": 0}
    battle.turns = [*battle.turns, turn]
    return _claim(battle)


@transaction.atomic
def again(participant: Participant) -> Battle:
    """Ask once more what was not answered; the turn is claimed. Raises Conflict."""
    participant = _locked(participant)
    battle = current(participant)
    if battle is None or battle.is_answered:
        raise Conflict("there is nothing to ask again")
    if battle.is_claimed:
        raise Conflict("the answers are being written at this moment")
    if not may_go_on(participant):
        raise Conflict("this campaign is over, or your part in it has ended")
    if battle.turns[-1]["asked"] >= MOST_ASKED:
        raise Conflict("this was asked often enough: drop this battle and begin another")
    _check_hourly(participant)
    return _claim(battle)


def questions(battle: Battle) -> dict[str, Question]:
    """{side: what it is asked}, for the sides of the last turn that have not answered."""
    speakers = _speakers(battle)
    missing = [side for side in SIDES if battle.turns[-1][side] is None]
    return {side: question_to(speakers[side], _messages(battle, side)) for side in missing}


@transaction.atomic
def keep(battle: Battle, voices: Mapping[str, Voice]) -> None:
    """Write down what was answered, and let go of the turn.

    Nothing is written when the battle is over, or when another request has claimed it since.
    """
    claim = battle.turns[-1].get("claim")
    row = Battle.objects.select_for_update().get(pk=battle.pk)
    if row.answered_at is None and claim and _claim_of(row) == (len(battle.turns), claim):
        row.turns = [*row.turns[:-1], _with_answers(row.turns[-1], _speakers(battle), voices)]
        row.save(update_fields=["turns"])
    battle.turns = row.turns


def _claim_of(battle: Battle) -> tuple[int, str | None]:
    """Which turn is claimed, and by whom."""
    return len(battle.turns), battle.turns[-1].get("claim")


def _with_answers(turn: Turn, speakers: Mapping[str, Speaker], voices: Mapping[str, Voice]) -> Turn:
    turn = {**turn, "until": None, "claim": None, "trouble": {}, "by": dict(turn.get("by") or {})}
    for side, voice in voices.items():
        if voice.ended and voice.trouble is None:
            turn[side] = storable(voice.said)
            asked = speakers[side]
            model = asked.model or asked.endpoint.model
            turn["by"][side] = {"endpoint": asked.endpoint.name, "model": model}
        else:
            why = voice.trouble or Trouble.FAILED
            turn["trouble"][side] = [str(why), storable(voice.cause or "given up")[:500]]
    return turn


def _speakers(battle: Battle) -> dict[str, Speaker]:
    return {"first": battle.first, "second": battle.second}


@transaction.atomic
def drop(participant: Participant, key: str) -> None:
    """Give up a battle without a vote. One that is over stays as it is."""
    participant = _locked(participant)
    open_one = _mine(participant).filter(key=key, answered_at=None)
    open_one.update(answered_at=timezone.now(), flag=DROPPED)


@transaction.atomic
def vote(participant: Participant, key: str, said: Said) -> Battle:
    """Take the vote, and make a judgment of it unless an answer names itself.

    The same vote once more changes nothing. Raises NotFound; Conflict when the battle is not
    answered, was dropped, or was voted on otherwise.
    """
    participant = _locked(participant)  # no turn is added meanwhile
    battle = _mine(participant).filter(key=key).first()
    if battle is None:
        raise NotFound("there is no such battle of yours")
    answer = kept(said)
    if battle.answered_at is None and not battle.is_answered:
        raise Conflict("there is something that is not answered yet: ask again, or drop the battle")
    if participant.stopped_at is not None:
        raise Conflict("your part in this campaign has ended")
    now = timezone.now()
    open_one = Battle.objects.filter(pk=battle.pk, answered_at=None)
    if not open_one.update(answered_at=now, answer=answer):
        battle.refresh_from_db()
        if battle.answer != answer:
            raise Conflict("this battle was voted on already")
        return battle
    battle.answered_at, battle.answer = now, answer
    battle.flag = flag_of(battle)
    if not battle.flag:
        battle.comparison_id = _record(battle, said)
    battle.save(update_fields=["flag", "comparison"])
    return battle


def flag_of(battle: Battle) -> str:
    """Why a battle may not count: which answer names a competitor, a model or who makes it."""
    names = _names(battle.campaign.judge.project)
    for side in SIDES:
        text = "\n\n".join(turn[side] for turn in battle.turns)
        if name := named_in(text, names):
            return f"the {side} answer names “{name}”"
    return ""


def _names(project: Project) -> list[str]:
    """Of competitors and models that speak in this project, retired ones too."""
    rows = Speaker.objects.filter(competitor__project=project)
    found = rows.values_list("competitor__name", "model", "endpoint__model")
    return [name for row in found for name in row if name]


def _locked(participant: Participant) -> Participant:
    """The rater as they stand now; one request of a rater at a time."""
    rows = Participant.objects.select_for_update(of=("self",))
    return rows.select_related("campaign__judge__project").get(pk=participant.pk)


def _mine(participant: Participant) -> QuerySet[Battle]:
    mine = Battle.objects.filter(campaign=participant.campaign_id, rater=participant.user_id)
    return _with_speakers(mine)


def _with_speakers(battles: QuerySet[Battle]) -> QuerySet[Battle]:
    return battles.select_related(
        "campaign__judge__project",
        "first__competitor", "first__endpoint__project",
        "second__competitor", "second__endpoint__project",
    )  # fmt: skip


def _checked(text: str) -> str:
    words = storable(text.strip())
    if not words:
        raise InvalidInput("there is nothing to ask", {"text": "may not be blank"})
    if len(words) > MOST_CHARACTERS:
        raise InvalidInput(
            f"a message has at most {MOST_CHARACTERS:,} characters; this one has {len(words):,}",
            {"text": "is too long"},
        )
    return words


def _check_hourly(participant: Participant) -> None:
    since = timezone.now() - timedelta(hours=1)
    recent = Battle.objects.filter(rater=participant.user_id, created_at__gt=since)
    asked = sum(turn["asked"] for turns in recent.values_list("turns", flat=True) for turn in turns)
    if asked >= HOURLY:
        raise Conflict(f"that was {HOURLY} messages within an hour: go on a little later")


def _open(participant: Participant) -> Battle:
    campaign = participant.campaign
    if not may_begin(participant):
        raise Conflict("this campaign is over, or you have done your share")
    since = timezone.now() - timedelta(days=1)
    if campaign.battles.filter(created_at__gt=since).count() >= DAILY:
        raise Conflict("this campaign has had all the battles of today: come back tomorrow")
    first, second = draw(campaign, participant)
    return Battle(campaign=campaign, rater_id=participant.user_id, first=first, second=second)


def draw(campaign: Campaign, participant: Participant) -> tuple[Speaker, Speaker]:
    """Two competitors, in the order shown: of the pairs that met least one at random.

    The seed is a secret of this installation with the campaign, the rater and their battles so far,
    so that a draw can be traced and nobody can foresee it. Raises Conflict without two speakers.
    """
    able = list(speakers_of(campaign.judge.project))
    pairs = [(a, b) for n, a in enumerate(able) for b in able[n + 1 :]]
    if not pairs:
        raise Conflict("fewer than two competitors can answer here at present")
    met = _met(campaign)
    fewest = min(met[frozenset((a.pk, b.pk))] for a, b in pairs)
    least = [pair for pair in pairs if met[frozenset((pair[0].pk, pair[1].pk))] == fewest]
    count = campaign.battles.filter(rater=participant.user_id).count()
    place = f"{campaign.pk}:{participant.user_id}:{count}"
    drawn = Random(salted_hmac("arena.battle", place, algorithm="sha256").hexdigest())
    a, b = drawn.choice(least)
    return (a, b) if drawn.random() < 0.5 else (b, a)


def _met(campaign: Campaign) -> Counter[frozenset[int]]:
    """How often each pair met in this campaign; dropped battles do not count."""
    rows = campaign.battles.exclude(flag=DROPPED).order_by().values_list("first", "second")
    met: Counter[frozenset[int]] = Counter()
    for first, second, n in rows.annotate(n=Count("pk")):
        met[frozenset((first, second))] += n
    return met


def _claim(battle: Battle) -> Battle:
    """Write the last turn as one that a request is at. Raises Conflict when the battle is over."""
    last = battle.turns[-1]
    until = (timezone.now() + CLAIM).isoformat()
    claimed = {**last, "asked": last["asked"] + 1, "until": until, "claim": new_key()}
    battle.turns = [*battle.turns[:-1], claimed]
    if battle.pk is None:
        battle.save(force_insert=True)
    elif not Battle.objects.filter(pk=battle.pk, answered_at=None).update(turns=battle.turns):
        raise Conflict("this battle is over: begin another")
    # Speakers as they are now that no one can change them: the owner may have, since the draw.
    return _with_speakers(Battle.objects.all()).get(pk=battle.pk)


def _messages(battle: Battle, side: str) -> list[dict[str, str]]:
    """The conversation with one of the two."""
    said: list[dict[str, str]] = []
    for turn in battle.turns:
        said.append({"role": "user", "content": turn["user"]})
        if turn[side] is not None:
            said.append({"role": "assistant", "content": turn[side]})
    return said


def _record(battle: Battle, said: Said) -> int:
    """Make prompt, outputs, comparison, decision and judgment; return the comparison."""
    compared, order = _compared(battle)
    judge = battle.campaign.judge
    decision_id = decisions.ask(judge, [compared.pk])[compared.pk]
    locked = Decision.objects.select_for_update().get(pk=decision_id)
    write(locked, battle.rater_id, order, said, _details(battle))
    settle([locked.pk])
    return compared.pk


def _compared(battle: Battle) -> tuple[Comparison, Order]:
    prompt = Prompt.objects.create(
        project=battle.campaign.judge.project,
        key=f"{LIVE}-{battle.key}",
        category=LIVE,
        messages=[{"role": "user", "content": turn["user"]} for turn in battle.turns],
    )
    made = {
        side: Output.objects.create(
            prompt=prompt,
            competitor_id=speaker.competitor_id,
            turns=[turn[side] for turn in battle.turns],
        ).pk
        for side, speaker in sorted(_speakers(battle).items(), key=lambda one: one[1].competitor_id)
    }
    pair = (made["first"], made["second"])
    (pk,) = comparisons.ensure([pair]).values()
    return Comparison.objects.get(pk=pk), Order.AB if pair[0] < pair[1] else Order.BA


def _details(battle: Battle) -> dict[str, Any]:
    assert battle.answered_at is not None  # set just before
    took = battle.answered_at - battle.created_at
    return {"live": True, "seconds": round(took.total_seconds(), 1)}
