"""The blind page. Competitors, outputs and comparisons have marked names and large, marked ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from arena.models import Comparison, Competitor, Membership, Output, Project, Prompt, Role
from judges.contracts import Order, Preference
from judges.models import Assignment, Decision, Judgment
from judges.services import decisions, people
from tests import factories

pytestmark = pytest.mark.django_db

RATE = "/projects/haiku/rate"
HTMX = {"HTTP_HX_REQUEST": "true"}
COMPETITORS, OUTPUTS, COMPARISONS = 7_310_000, 8_420_000, 9_530_000
"""Ids begin here, so that one in a page would be seen."""


@pytest.fixture
def rita(project: Project, stranger: User) -> User:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    return stranger


@pytest.fixture
def rater(client: Client, rita: User) -> Client:
    client.force_login(rita)
    return client


def pair(project: Project, number: int, first: list[str], second: list[str]) -> Comparison:
    """A comparison of which everything that a rater must not see is marked."""
    questions = [{"role": "user", "content": f"Question {turn}?"} for turn in range(len(first))]
    prompt = Prompt.objects.create(
        project=project, key=f"p{number}", messages=questions, reference="The reference."
    )
    outputs = []
    for place, (name, turns) in enumerate((("zq-heron", first), ("zq-egret", second))):
        who, _ = Competitor.objects.get_or_create(
            id=COMPETITORS + place,
            defaults={"project": project, "name": name, "metadata": {"m": "zq-meta"}},
        )
        outputs.append(
            Output.objects.create(
                id=OUTPUTS + 2 * number + place, prompt=prompt, competitor=who, turns=turns,
                tokens_out=6_640_001, latency_ms=6_640_002, cost_usd=6640.003,
                metrics={"zq-metric": 1.0}, metadata={"m": "zq-meta"},
            )
        )  # fmt: skip
    return Comparison.objects.create(
        id=COMPARISONS + number, prompt=prompt, output_a=outputs[0], output_b=outputs[1]
    )


def wait_for_people(project: Project, comparisons: list[Comparison], raters: int = 1) -> None:
    judge = factories.judge(project, "human", "people", raters=raters)
    decisions.ask(judge, [comparison.pk for comparison in comparisons])


def open_pairs(project: Project, count: int = 2) -> list[Comparison]:
    made = [pair(project, n, [f"heron says {n}"], [f"egret says {n}"]) for n in range(count)]
    wait_for_people(project, made)
    return made


def token_on(response: HttpResponse) -> str:
    found = re.search(r'name="token" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def say(
    client: Client, token: str, preference: str, comment: str = "", **extra: str
) -> HttpResponse:
    form = {"token": token, "preference": preference, "comment": comment}
    return client.post(RATE, form, **extra)


def everything_sent(response: HttpResponse) -> str:
    """Body, headers and cookies."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{response.content.decode()}\n{head}\n{response.cookies.output()}"


def leaks(sent: str) -> Iterator[str]:
    yield from re.findall(r"zq-\w+", sent)
    yield from re.findall(r"731000\d|842000\d|953000\d|664000\d|6640\.", sent)


def test_nothing_sent_tells_who_wrote_what(rater: Client, project: Project) -> None:
    open_pairs(project, 3)

    shown = rater.get(RATE)
    swapped = say(rater, token_on(shown), "first", **HTMX)
    followed = say(rater, token_on(swapped), "tie")
    last = rater.get(followed["Location"])
    empty = say(rater, token_on(last), "skip", **HTMX)

    assert "heron says 0" in shown.content.decode()
    for response in (shown, swapped, followed, last, empty):
        assert list(leaks(everything_sent(response))) == []


def test_not_even_decoding_the_token_tells(rater: Client, project: Project) -> None:
    from django.core import signing

    from judges.views.rating import SALT

    open_pairs(project)

    number = signing.loads(token_on(rater.get(RATE)), salt=SALT)

    assert number == Assignment.objects.get().pk


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_answers_stand_in_the_order_of_the_assignment(
    rater: Client, rita: User, project: Project, order: str
) -> None:
    open_pairs(project, 1)
    people.next_assignment(rita, project)
    Assignment.objects.update(order=order)

    page = rater.get(RATE).content.decode()

    assert (page.index("heron says") < page.index("egret says")) == (order == "ab")


@pytest.mark.parametrize("preference", list(Preference))
def test_a_verdict_is_recorded_and_decides(
    rater: Client, rita: User, project: Project, preference: Preference
) -> None:
    open_pairs(project, 1)
    shown = rater.get(RATE)
    assignment = Assignment.objects.get()

    response = say(rater, token_on(shown), preference, "  The first rhymes. ")

    judgment = Judgment.objects.get()
    assert judgment.winner == preference.winner(Order(assignment.order))
    assert (judgment.rater, judgment.order, judgment.reason) == (
        rita, assignment.order, "The first rhymes.",
    )  # fmt: skip
    assert Decision.objects.get().status == "decided"
    assert "Recorded." in rater.get(response["Location"]).content.decode()


def test_in_place_the_next_pair_comes_in_the_same_answer(rater: Client, project: Project) -> None:
    open_pairs(project)

    response = say(rater, token_on(rater.get(RATE)), "second", **HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in page
    assert "Recorded." in page
    assert "heron says 1" in page
    assert re.search(r"<b>1</b> done by you,\s+<b>1</b> left", page)


def test_a_second_vote_says_so_and_is_not_counted(rater: Client, project: Project) -> None:
    open_pairs(project)
    token = token_on(rater.get(RATE))
    say(rater, token, "first")

    by_form = rater.get(say(rater, token, "second")["Location"])
    in_place = say(rater, token, "second", **HTMX)

    for response in (by_form, in_place):
        assert "answered that pair already" in response.content.decode()
    assert Judgment.objects.count() == 1


def test_neither_a_skip_after_a_vote_nor_a_vote_after_a_skip_counts(
    rater: Client, project: Project
) -> None:
    open_pairs(project)
    voted = token_on(rater.get(RATE))
    say(rater, voted, "first")
    skipped = token_on(rater.get(RATE))
    say(rater, skipped, "skip")

    for token, preference in ((voted, "skip"), (skipped, "first")):
        assert "already" in say(rater, token, preference, **HTMX).content.decode()
    assert Judgment.objects.count() == 1
    assert Assignment.objects.filter(skipped_at=None).count() == 1


def test_a_skipped_pair_is_left_to_others(rater: Client, project: Project, member: User) -> None:
    open_pairs(project, 1)
    response = say(rater, token_on(rater.get(RATE)), "skip", **HTMX)
    assert "Skipped" in response.content.decode()
    assert "Only what you skipped is left" in response.content.decode()

    other = Client()
    other.force_login(member)
    assert "heron says 0" in other.get(RATE).content.decode()


def test_the_end_says_what_was_done(rater: Client, project: Project) -> None:
    open_pairs(project, 1)

    page = say(rater, token_on(rater.get(RATE)), "tie", **HTMX).content.decode()

    assert "All done" in page
    assert "1 comparison." in page


def test_what_others_hold_is_not_passed_off_as_done(
    rater: Client, project: Project, member: User
) -> None:
    open_pairs(project, 1)
    people.next_assignment(member, project)

    assert "with others" in rater.get(RATE).content.decode()


def test_an_idle_project_says_where_pairs_come_from(rater: Client) -> None:
    page = rater.get(RATE).content.decode()

    assert "No comparison waits for people" in page
    assert "Recorded" not in page


def test_a_conversation_is_shown_turn_by_turn(rater: Client, project: Project) -> None:
    turns = (["heron one", "heron two"], ["egret one", "egret two"])
    wait_for_people(project, [pair(project, 0, *turns)])

    page = rater.get(RATE).content.decode()

    for bird in ("heron", "egret"):
        said = ("Question 0?", f"{bird} one", "Question 1?", f"{bird} two")
        places = [page.index(text) for text in said]
        assert places == sorted(places)


def test_what_belongs_to_the_prompt_is_there(rater: Client, project: Project) -> None:
    open_pairs(project, 1)

    assert "The reference." in rater.get(RATE).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "forged"},
        {"token": ""},
        {"preference": "a"},
        {"preference": ""},
        {"comment": "x" * 5001},
    ],
)
def test_what_cannot_be_read_is_not_recorded(
    rater: Client, project: Project, wrong: dict[str, str]
) -> None:
    open_pairs(project, 1)
    form = {"token": token_on(rater.get(RATE)), "preference": "first", **wrong}

    response = rater.post(RATE, form, **HTMX)

    assert "could not be read" in response.content.decode()
    assert Judgment.objects.count() == 0


def test_the_token_of_another_is_worth_nothing(
    rater: Client, project: Project, member: User
) -> None:
    open_pairs(project)
    other = Client()
    other.force_login(member)
    theirs = token_on(other.get(RATE))

    assert "could not be read" in say(rater, theirs, "first", **HTMX).content.decode()
    assert Judgment.objects.count() == 0


def test_a_vote_takes_a_csrf_token(rita: User, project: Project) -> None:
    open_pairs(project)
    client = Client(enforce_csrf_checks=True)
    client.force_login(rita)

    assert say(client, token_on(client.get(RATE)), "first").status_code == 403
    assert Judgment.objects.count() == 0


def test_roles(
    client: Client, project: Project, owner: User, member: User, stranger: User, settings: Settings
) -> None:
    settings.OPEN_READING = True
    assert client.get(RATE)["Location"] == f"/sign-in?next={RATE}"
    client.force_login(stranger)
    assert client.get(RATE).status_code == 404
    Membership.objects.create(project=project, user=stranger, role=Role.VIEWER)
    assert client.get(RATE).status_code == 403
    for user in (owner, member):
        client.force_login(user)
        assert client.get(RATE).status_code == 200


def test_a_page_is_never_taken_from_a_cache(rater: Client, project: Project) -> None:
    open_pairs(project)

    assert "no-store" in rater.get(RATE)["Cache-Control"]


def test_queries_do_not_grow_with_what_waits(rater: Client, project: Project) -> None:
    counts = []
    judge = factories.judge(project, "human", "people", raters=1)
    for number in range(3):
        decisions.ask(judge, [pair(project, number, ["h"], ["e"]).pk])
        rater.get(RATE)
        with CaptureQueriesContext(connection) as queries:
            rater.get(RATE)
        counts.append(len(queries))

    assert counts[0] == counts[2]


def test_what_was_skipped_can_be_taken_back(rater: Client, project: Project) -> None:
    open_pairs(project, 1)
    say(rater, token_on(rater.get(RATE)), "skip", **HTMX)

    page = rater.post(RATE, {"preference": "take-back"}, follow=True).content.decode()

    assert "1 skipped taken back" in page
    assert "Which answer is better?" in page
