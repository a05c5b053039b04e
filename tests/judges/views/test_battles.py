"""The page of live battles against a fake server. All names and ids that a rater must not see are
marked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponseBase
from django.test import Client

from arena.models import Comparison, Competitor, Output, Project
from arena.views.attempts import Limit
from judges.models import Battle, Campaign, Decision, Endpoint, Judgment, Speaker
from judges.services.people import speaking
from judges.services.people.speaking import Voice
from tests import factories
from tests.fakes.openai_server import Canned, FakeOpenAI, error

pytestmark = pytest.mark.django_db

STREAM = {"HTTP_ACCEPT": "text/event-stream"}
HERON, EGRET = "zq-model-h", "zq-model-e"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "TICK", 0.005)
    monkeypatch.setattr(speaking, "PACE", 1e6)


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(piece_delay=0.001) as fake:
        fake.answers = {
            HERON: Canned(text="Air scatters **blue** light, says the long-legged one."),
            EGRET: Canned(text="It is the sea's mirror."),
        }
        yield fake


@pytest.fixture
def campaign(project: Project, server: FakeOpenAI) -> Campaign:
    judge = factories.judge(project, "human", "people")
    Campaign.objects.filter(judge=judge).update(is_live=True, reasons=["clearer"])
    where = Endpoint.objects.create(
        id=7_310_900, project=project, name="zq-endpoint", base_url=server.base_url
    )
    for place, (name, model) in enumerate((("zq-heron", HERON), ("zq-egret", EGRET))):
        who = Competitor.objects.create(id=7_310_000 + place, project=project, name=name)
        Speaker.objects.create(
            id=8_420_000 + place, competitor=who, endpoint=where, model=model, system="zq-system"
        )
    return Campaign.objects.get(judge=judge)


def at(campaign: Campaign, more: str = "") -> str:
    return f"/rate/{campaign.key}/battle{more}"


def sent(response: HttpResponseBase) -> str:
    """Body, headers and cookies; a stream is read to its end."""
    body = response.getvalue() if response.streaming else response.content
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{body.decode()}\n{head}\n{response.cookies.output()}"


def events(response: HttpResponseBase) -> list[dict[str, str]]:
    lines = response.getvalue().decode().split("\n\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line]


def leaks(text: str) -> list[str]:
    return re.findall(r"zq-\w+|731\d{4}|842\d{4}|127\.0\.0\.1:\d+|(?i:openai)", text)


def vote(client: Client, campaign: Campaign, preference: str = "first") -> HttpResponseBase:
    token = Battle.objects.get(answered_at=None).key
    form = {"token": token, "preference": preference, "reason": "clearer"}
    return client.post(at(campaign, "/vote"), form)


# --- Blindness ------------------------------------------------------------------------------------


def test_nothing_sent_before_the_vote_tells_who_answers(
    rater: Client, campaign: Campaign, server: FakeOpenAI
) -> None:
    shown = [rater.get(at(campaign))]
    shown.append(rater.post(at(campaign), {"text": "Why is the sky blue?"}, **STREAM))
    texts = [sent(shown[0]), sent(shown[1])]
    texts += [sent(rater.get(at(campaign)))]
    texts += [sent(rater.post(at(campaign), {"text": "Sure?"}))]
    texts += [sent(rater.get(at(campaign)))]
    server.answers[HERON] = Canned(status=500, body=error("zq-endpoint is broken", "zq-code"))
    texts += [sent(rater.post(at(campaign), {"text": "And at night?"}, **STREAM))]
    texts += [sent(rater.get(at(campaign)))]
    texts += [sent(rater.get(at(campaign, f"?of={Battle.objects.get().key}")))]
    for text in texts:
        assert leaks(text) == []
    assert "did not come" in texts[5]
    battle = Battle.objects.get()
    causes = json.dumps(battle.turns[-1]["trouble"])
    assert "zq-endpoint is broken" in causes  # for the owner


def test_both_sides_are_streamed_in_step(
    rater: Client, campaign: Campaign, server: FakeOpenAI
) -> None:
    response = rater.post(at(campaign), {"text": "Why is the sky blue?"}, **STREAM)
    assert response["Content-Type"].startswith("text/event-stream")
    assert response["Cache-Control"].count("no-store")
    *pieces, last = events(response)
    texts = {side: "".join(piece[side] for piece in pieces) for side in "ab"}
    assert set(texts.values()) == {answer.text for answer in server.answers.values()}
    shown = {"a": 0, "b": 0}
    shorter = min(map(len, texts.values()))
    for piece in pieces:
        for side in shown:
            shown[side] += len(piece[side])
        assert shown["a"] == shown["b"] or min(shown.values()) == shorter
    assert "<strong>blue</strong>" in last["html"]
    assert 'name="preference" value="tie"' in last["html"]


# --- The way through ------------------------------------------------------------------------------


def test_the_rating_page_leads_to_the_battle_and_back(rater: Client, campaign: Campaign) -> None:
    assert rater.get(f"/rate/{campaign.key}")["Location"] == at(campaign)
    Campaign.objects.update(is_live=False)
    assert rater.get(at(campaign))["Location"] == f"/rate/{campaign.key}"


def test_without_the_script_a_form_asks_votes_and_reveals(
    rater: Client, campaign: Campaign
) -> None:
    asked = rater.post(at(campaign), {"text": "Why is the sky blue?"})
    assert asked["Location"] == at(campaign)
    page = rater.get(at(campaign)).content.decode()
    assert "mirror" in page
    assert "Ask more before you vote" in page

    voted = vote(rater, campaign)
    assert voted["Location"].startswith(at(campaign, "?of="))
    revealed = rater.get(voted["Location"]).content.decode()

    assert "zq-heron" in revealed
    assert "zq-egret" in revealed
    assert "Another battle" in revealed
    judgment = Judgment.objects.get()
    assert judgment.details["reasons"] == ["clearer"]
    assert "Ask two at once" in rater.get(at(campaign)).content.decode()


def test_a_vote_sent_twice_counts_once(rater: Client, campaign: Campaign) -> None:
    rater.post(at(campaign), {"text": "Why?"})
    form = {"token": Battle.objects.get().key, "preference": "second"}
    first, again = (rater.post(at(campaign, "/vote"), form) for _ in range(2))
    assert first["Location"] == again["Location"]
    other = rater.post(at(campaign, "/vote"), {**form, "preference": "tie"}, follow=True)
    assert "was not counted" in other.content.decode()
    assert Judgment.objects.count() == 1


def test_a_flagged_battle_leaves_ratings_alone(
    rater: Client, campaign: Campaign, server: FakeOpenAI
) -> None:
    server.answers[HERON] = Canned(text="I am ChatGPT.")
    rater.post(at(campaign), {"text": "Who are you?"})
    revealed = rater.get(vote(rater, campaign)["Location"]).content.decode()
    assert "leaves the ratings as they are" in revealed
    assert "ChatGPT" in Battle.objects.get().flag
    for kind in (Output, Comparison, Decision, Judgment):
        assert not kind.objects.exists()


def test_a_side_that_failed_is_asked_again_or_dropped(
    rater: Client, campaign: Campaign, server: FakeOpenAI
) -> None:
    good = server.answers[HERON]
    server.answers[HERON] = Canned(status=429, body=error("slow down", "rate_limit_exceeded"))
    (*_, last) = events(rater.post(at(campaign), {"text": "Why?"}, **STREAM))
    assert "has to wait" in last["html"]
    assert 'name="preference"' not in last["html"]

    server.answers[HERON] = good
    first, *_, last = events(rater.post(at(campaign), {"again": "1"}, **STREAM))
    assert "It is the sea's mirror." in first.values()
    assert 'name="preference" value="tie"' in last["html"]
    assert len(server.seen) == 3

    rater.post(at(campaign, "/drop"), {"token": Battle.objects.get().key})
    assert "Ask two at once" in rater.get(at(campaign)).content.decode()
    assert not Judgment.objects.exists()


def test_a_reader_who_goes_away_loses_nothing_that_was_complete(
    rater: Client, campaign: Campaign, server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers[HERON] = Canned(hang=True)
    voices: list[Voice] = []
    paced = speaking.paced
    monkeypatch.setattr(speaking, "paced", lambda heard: (voices.extend(heard), paced(heard))[1])

    response = rater.post(at(campaign), {"text": "Why?"}, **STREAM)
    stream = response.streaming_content
    while not any(voice.ended for voice in voices):
        next(stream)
    response._iterator.close()  # as a web server does by `close`

    battle = Battle.objects.get()
    turn, egret_first = battle.turns[-1], battle.first.model == EGRET
    assert turn["until"] is None
    assert turn["first" if egret_first else "second"] == "It is the sea's mirror."
    assert turn["second" if egret_first else "first"] is None
    assert "Ask again" in rater.get(at(campaign)).content.decode()


def test_answers_are_kept_before_the_rest_of_them_is_shown(
    rater: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking, "PACE", 1e-6)
    response = rater.post(at(campaign), {"text": "Why?"}, **STREAM)
    stream = response.streaming_content
    while not (turn := Battle.objects.get().turns[-1])["first"]:
        assert b"html" not in next(stream)
    assert turn["second"]
    assert turn["until"] is None
    response._iterator.close()


@pytest.mark.parametrize("headers", [{}, STREAM])
def test_what_is_refused_keeps_the_text(
    rater: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    Speaker.objects.filter(model=EGRET).delete()
    text = sent(rater.post(at(campaign), {"text": "A <b>dear</b> text"}, **headers))
    assert "ewer than two competitors" in text
    assert "A &lt;b&gt;dear&lt;/b&gt; text" in text


def test_hostile_answers_are_shown_as_text(
    rater: Client, campaign: Campaign, server: FakeOpenAI
) -> None:
    server.answers[HERON] = Canned(text="<script>alert(1)</script><img src=x onerror=alert(1)> no")
    *_, last = events(rater.post(at(campaign), {"text": "Why?"}, **STREAM))
    assert "<script" not in last["html"]
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", last["html"])


# --- Who may --------------------------------------------------------------------------------------


def test_guests_take_part_in_open_campaigns_only(client: Client, campaign: Campaign) -> None:
    assert "/sign-in" in client.get(at(campaign))["Location"]
    assert client.post(at(campaign), {"text": "Why?"}).status_code == 403
    Campaign.objects.update(access="open")
    assert "You need no account" in client.get(at(campaign)).content.decode()
    client.post(f"/rate/{campaign.key}/join", {"name": "Gil"})
    assert client.post(at(campaign), {"text": "Why?"}).status_code == 302
    assert vote(client, campaign).status_code == 302
    assert Judgment.objects.get().rater.username.startswith("guest-")


def test_a_closed_campaign_says_so(rater: Client, campaign: Campaign) -> None:
    Campaign.objects.update(closed_at=campaign.created_at)
    assert "This campaign is closed" in rater.get(at(campaign)).content.decode()
    assert rater.post(at(campaign), {"text": "Why?"}).status_code == 409


def test_one_address_asks_so_often(
    rater: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("judges.views.battles.FROM_ADDRESS", Limit("full", attempts=0))
    rater.post(at(campaign), {"text": "Why?"})
    assert rater.post(at(campaign), {"text": "Why?"}).status_code == 409
    assert Battle.objects.count() <= 1
