from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from arena.models import Competitor, Membership, Output, Project, Prompt, Role

pytestmark = pytest.mark.django_db

DATA = "/projects/haiku/data"
HOSTILE = "<script>alert(1)</script><style>*{color:red}</style> [x](javascript:alert(1)) **bold**"


def ask(project: Project, key: str, text: str = "Why?", **more: object) -> Prompt:
    messages = [{"role": "system", "content": "user"}, {"role": "user", "content": text}]
    return Prompt.objects.create(project=project, key=key, messages=messages, **more)


def answer(prompt: Prompt, name: str, *turns: str) -> Output:
    competitor, _ = Competitor.objects.get_or_create(project=prompt.project, name=name)
    return Output.objects.create(prompt=prompt, competitor=competitor, turns=turns or ("So.",))


@pytest.fixture
def reader(client: Client, project: Project, member: User) -> Client:
    client.force_login(member)
    return client


def keys_on(client: Client, query: str) -> list[str]:
    return [prompt.key for prompt in client.get(f"{DATA}?{query}").context["page"]]


def test_prompts_are_found_by_filters_and_by_words(reader: Client, project: Project) -> None:
    ask(project, "a", "Explain rain.", category="science", language="en", tags=["wet", "sky"])
    ask(project, "b", "Erkläre 100 % Schnee_flocken.", category="science", language="de")
    ask(project, "c", "Write a haiku.", category="writing", language="en", tags=["short"])

    assert keys_on(reader, "") == ["a", "b", "c"]
    assert keys_on(reader, "category=science&language=en") == ["a"]
    assert keys_on(reader, "tag=short") == ["c"]
    assert keys_on(reader, "q=ERKL") == ["b"]
    assert keys_on(reader, "q=Erkl%C3%A4re") == ["b"]
    assert keys_on(reader, "q=100+%25") == ["b"]
    assert keys_on(reader, "q=e_f") == ["b"]
    assert keys_on(reader, "q=%25") == ["b"]
    assert keys_on(reader, "q=content") == []


def test_a_filter_that_leaves_nothing_offers_the_way_back(reader: Client, project: Project) -> None:
    ask(project, "a")

    page = reader.get(f"{DATA}?q=zebra%00").content.decode()

    assert "No prompt fits" in page


def test_the_filters_offer_what_occurs(reader: Client, project: Project) -> None:
    ask(project, "a", category="science", language="en", tags=["wet", "sky"])
    ask(project, "b", category="science", language="de", tags=["sky"])

    choices = reader.get(DATA).context["choices"]

    assert choices == {"category": ["science"], "language": ["de", "en"], "tag": ["sky", "wet"]}


def test_counts_of_outputs_stand_beside_prompts_and_competitors(
    reader: Client, project: Project
) -> None:
    one, two = ask(project, "a"), ask(project, "b")
    for name in ("ann", "ben"):
        answer(one, name)
    answer(two, "ann")

    context = reader.get(DATA).context

    assert [prompt.output_count for prompt in context["page"]] == [2, 1]
    assert [(who.name, who.output_count) for who in context["competitors"]] == [
        ("ann", 2), ("ben", 1),
    ]  # fmt: skip


def test_pages_keep_the_filter(reader: Client, project: Project) -> None:
    for number in range(51):
        ask(project, f"p{number:02}", category="x")

    assert keys_on(reader, "category=x&page=2") == ["p50"]
    assert "category=x&amp;page=2" in reader.get(f"{DATA}?category=x").content.decode()


def test_an_empty_project_asks_for_prompts(reader: Client) -> None:
    page = reader.get(DATA).content.decode()

    assert "No prompts yet" in page
    assert f'href="{DATA}/upload"' in page


def test_outputs_are_rendered_and_disarmed(reader: Client, project: Project) -> None:
    prompt = ask(project, "a", HOSTILE, reference="Because.", rubric="Be fair.")
    answer(prompt, "ann", HOSTILE, "second turn")

    page = reader.get(f"{DATA}/{prompt.pk}").content.decode()

    assert "<strong>bold</strong>" in page
    assert "second turn" in page
    assert "Because." in page
    assert "<script>" not in page
    assert "<style>" not in page
    assert 'href="javascript' not in page


def test_a_prompt_of_another_project_is_not_here(reader: Client) -> None:
    elsewhere = ask(Project.objects.create(slug="other", name="Other"), "a")

    assert reader.get(f"{DATA}/{elsewhere.pk}").status_code == 404


def test_a_rater_sees_outputs_without_names(
    client: Client, project: Project, stranger: User
) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    prompt = ask(project, "a")
    answer(prompt, "marked-competitor", "A reply.").delete()
    output = answer(prompt, "marked-competitor", "A reply.")
    Output.objects.filter(pk=output.pk).update(latency_ms=987654)
    client.force_login(stranger)

    page = client.get(f"{DATA}/{prompt.pk}").content.decode()

    assert "A reply." in page
    assert "marked-competitor" not in page
    assert "987" not in page


@pytest.mark.parametrize("path", ["", "/upload"])
def test_strangers_and_nobody_stay_outside(
    client: Client, project: Project, stranger: User, settings: Settings, path: str
) -> None:
    settings.OPEN_READING = True
    assert client.get(DATA + path)["Location"].startswith("/sign-in?next=")

    client.force_login(stranger)
    assert client.get(DATA + path).status_code == 404


def test_a_project_of_everybody_is_open_to_read_but_not_to_write(
    client: Client, settings: Settings
) -> None:
    settings.OPEN_READING = True
    Project.objects.create(slug="haiku", name="Haiku")

    assert client.get(DATA).status_code == 200
    assert client.get(f"{DATA}/upload")["Location"].startswith("/sign-in?next=")


def test_queries_do_not_grow(reader: Client, project: Project) -> None:
    counts = []
    for number in range(3):
        prompt = ask(project, f"p{number}", tags=["t"])
        for name in ("ann", "ben", "cat")[: number + 1]:
            answer(prompt, f"{name}{number}")
        for path in (DATA, f"{DATA}/{prompt.pk}"):
            with CaptureQueriesContext(connection) as queries:
                reader.get(path)
            counts.append(len(queries))

    assert counts[:2] == counts[4:]


def test_pages_obey_the_content_security_policy(reader: Client, project: Project) -> None:
    prompt = ask(project, "a")
    answer(prompt, "ann")

    for path in (DATA, f"{DATA}/{prompt.pk}", f"{DATA}/upload", "/", "/projects/new", "/account"):
        page = reader.get(path).content.decode()
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=\"", page), path
