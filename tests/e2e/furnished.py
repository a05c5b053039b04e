"""Two projects in which every page has something to show; run as a module beside a new site.

`furnish` fills the database of a site that has not been started yet, and returns what stands in
addresses: ids and keys by project, sessions by person, tokens.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.e2e.site import ROOT, Site

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from arena.models import Project
    from judges.models import Campaign, Judge
    from tournaments.models import Tournament

World = dict[str, Any]

COMPETITORS = ("heron", "egret", "ibis-of-the-third-prompt-without-its-examples-2026-11", "stork")
CODE = (
    "Use this:\n\n```python\ndef mean(values: list[float]) -> float:\n"
    "    return sum(values) / len(values)  # raises ZeroDivisionError where there is nothing to "
    "take the mean of, which is what the caller expects\n```\n\nIt is `O(n)`; see "
    "[the manual](https://docs.example.org/mean).\n\n> Quoted, and **bold**.\n\n1. one\n2. two"
)
TABLE = (
    "| city | people | area in km² | river | founded | country |\n|---|---:|---:|---|---|---|\n"
    "| Oslo | 700,000 | 454 | Akerselva | 1040 | Norway |\n"
    "| Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch | 3,100 | 2 | - | - | Wales |\n"
)
FORMULA = (
    "So $e^{i\\pi} = -1$, and\n\n$$\\int_0^1 x^2\\,dx = \\frac{1}{3},\\quad "
    "\\sum_{n=1}^{\\infty} \\frac{1}{n^2} + \\sum_{n=1}^{\\infty} \\frac{1}{n^4} + "
    "\\sum_{n=1}^{\\infty} \\frac{1}{n^6} = \\text{a long line}$$"
)
ARABIC = "السماء زرقاء لأن الضوء الأزرق يتشتت أكثر من غيره.\n\n- أولا\n- ثانيا: `code` و https://example.org"
LONG = "\n\n".join("A paragraph that goes on and on about herons. " * 20 for _ in range(12))
HOSTILE = "# A heading\n\n###### Sixth\n\n<script>alert(1)</script>\n\n" + "x" * 400
TEXTS = (CODE, TABLE, FORMULA, ARABIC, LONG, HOSTILE)


def furnish(site: Site) -> World:
    """Fill the database of a site that has not been started yet.

    The site has no workers then, so the process is its own, as one without Redis.
    """
    env = {**site.env, "SITE_URL": site.url, "UNDO_SECONDS": "0"}
    env.pop("REDIS_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.furnished"],
        cwd=ROOT, env=env, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    world: World = json.loads(done.stdout.splitlines()[-1])
    return world


def _field(project: Project) -> None:
    from arena.models import Competitor, Output, Prompt

    people = [Competitor.objects.create(project=project, name=name) for name in COMPETITORS]
    people[1].version_of = people[0]
    people[1].save()
    for number in range(6):
        asks = f"Question {number}? {FORMULA if number == 2 else ''}"
        turns = [{"role": "user", "content": asks}]
        if number == 1:
            turns += [{"role": "assistant", "content": TABLE}, {"role": "user", "content": "Why?"}]
        prompt = Prompt.objects.create(
            project=project, key=f"p{number}", messages=turns,
            category=("code", "sums")[number % 2], tags=["short", f"tag-{number % 2}"],
            language="ar" if number == 3 else "en",
            system="You are kind." if number == 1 else "",
            reference="The reference." if number < 2 else "", rubric="- be right" * (number == 1),
            contexts=[{"id": "c1", "text": CODE, "relevant": True}] if number == 1 else [],
        )  # fmt: skip
        Output.objects.bulk_create(
            Output(
                prompt=prompt, competitor=who, turns=[TEXTS[(number + place // 2) % len(TEXTS)]],
                tokens_out=120, latency_ms=900, cost_usd=0.002, metrics={"bleu": 0.31},
            )
            for place, who in enumerate(people)
        )  # fmt: skip


def _judges(project: Project) -> list[Judge]:
    from judges.services import endpoints
    from judges.services.judges import define, jury_of

    endpoints.define(
        project=project,
        settings={"name": "local", "base_url": "http://127.0.0.1:9/v1", "model": "small",
                  "price_in": 1.0, "price_out": 2.0, "headers": {"X-Team": "birds"}},
        api_key="sk-secret",
    )  # fmt: skip
    strict = define(project=project, name="strict", kind="llm", params={"endpoint": "local"})
    lenient = define(project=project, name="lenient", kind="scoring", params={"endpoint": "local"})
    return [strict, lenient, jury_of(project, ["strict", "lenient"])]


def _verdicts(project: Project, judges: list[Judge]) -> None:
    """What the first two judges said of everything: mostly the same, with some silence."""
    from tests import factories
    from tests.judges import panels

    compared = factories.all_comparisons(project)
    for number, judge in enumerate(judges[:2]):
        said = []
        for place, one in enumerate(compared):
            turned = (place + number) % 7 == 0
            first = "b" if turned else "tie" if place % 11 == 5 else "a"
            said += [(one, "ab", first), (one, "ba", "b" if place % 9 == 2 else first)]
        panels.record(judge, said)


def _campaigns(project: Project, owner: User) -> dict[str, Campaign]:
    from judges.services.people import asking, defining, gold_editing
    from judges.services.people.gold_editing import GoldRecord

    rich = {
        "instructions": "Say which one is **right**.\n\n- not the longer one", "thanks": "*Thanks*",
        "criteria": [{"key": "right", "label": "Right"}, {"key": "clear", "label": "Clear"}],
        "reasons": ["Wrong", "Too long"], "asks_strength": True, "shows_agreement": True,
        "gold_every": 4, "access": "open", "quota": 50, "deadline": "2999-01-01T00:00:00Z",
    }  # fmt: skip
    made = {
        "rich": defining.define(
            project=project, params={"raters": 2}, settings={"title": "Rich", **rich}, by=owner
        ),
        "voted": defining.define(
            project=project, params={"raters": 3},
            settings={"title": "Voted", "shows_agreement": True}, by=owner,
        ),
        "plain": defining.define(
            project=project, params={}, settings={"title": "Plain", "access": "open"}, by=owner
        ),
        "closed": defining.define(
            project=project, params={}, settings={"title": "Closed"}, by=owner
        ),
        "empty": defining.define(project=project, params={}, settings={"title": "Empty"}, by=owner),
    }  # fmt: skip
    for page in ("ranking", "scoring"):
        made[page] = defining.define(
            project=project, params={"page": page}, settings={"title": page.title()}, by=owner
        )
        everyone = itertools.combinations(COMPETITORS, 2)
        asking.ask_listed(made[page], [("p1", a, b) for a, b in everyone], by=owner)
    for key in ("rich", "voted", "plain"):
        listed = [(f"p{number}", "heron", COMPETITORS[2]) for number in range(6)]
        asking.ask_listed(made[key], listed, by=owner)
    for number, warms_up in enumerate([True, True, False, False]):
        gold_editing.put(
            made["rich"],
            GoldRecord(prompt=f"p{number}", competitor_a="egret", competitor_b="stork",
                       expected="a", explanation="It is **right**.", warm_up=warms_up),
            by=owner,
        )  # fmt: skip
    defining.close(made["closed"], by=owner)
    return made


def _battles(project: Project, owner: User) -> tuple[Campaign, str]:
    """A campaign of live battles, and the key of one that is over; another is under way."""
    from django.utils import timezone

    from judges.models import Battle, Campaign, Speaker
    from judges.services.people import defining, participants
    from tests.raters import user

    live = defining.define(
        project=project, params={}, settings={"title": "Live", "reasons": ["Wrong"]}, by=owner
    )
    Campaign.objects.filter(pk=live.pk).update(is_live=True, access="open")
    first, second = (
        Speaker.objects.create(competitor=who, endpoint=project.endpoints.get(), model="small")
        for who in project.competitors.order_by("pk")[:2]
    )
    turn = {"first": CODE, "second": TABLE, "until": None, "trouble": {}, "asked": 1}
    made = [
        Battle.objects.create(
            campaign=live, rater=user("rita"), first=first, second=second,
            turns=[{"user": "How is a mean taken?", **turn}, {"user": FORMULA, **turn}], **over,
        )
        for over in (
            {"answer": {"preference": "first"}, "answered_at": timezone.now()}, {},
        )
    ]  # fmt: skip
    participants.member(user("rita"), live)
    return live, made[0].key


def _votes(campaign: Campaign, owner: User, private: bool) -> None:
    """Four raters who differ; one of them is left out."""
    from arena.models import Membership, Role
    from judges.contracts import Preference
    from judges.services.people import (
        answering,
        assigning,
        participants,
        quarantine,
        recording,
    )
    from judges.services.people.said import Said
    from tests.raters import user

    said = {"rita": "first", "raul": "second", "rosa": "tie"}
    for name, preference in said.items():
        person = user(name)
        if private:
            Membership.objects.create(project=campaign.judge.project, user=person, role=Role.RATER)
        participant = participants.member(person, campaign)
        for place in range(4):
            for given in assigning.next_assignments(participant):
                wanted = Preference(preference if place % 2 else "first")
                answering.answer(given, Said(wanted, comment="It is right."))
        recording.finish(participant)
    quarantine.impose(campaign.judge, user("rosa"), reason="asleep", by=owner)


def _tournaments(project: Project) -> dict[str, Tournament]:
    """In every state. To be called where workers are at hand."""
    from tournaments.services import lifecycle

    def make(name: str, format_: str, judge: str, **more: Any) -> Tournament:
        return lifecycle.create(project=project, name=name, format=format_, judges=[judge], **more)

    made = {
        "cup": make("cup", "round_robin", "strict"),
        "knockout": make("knock-out", "double_elimination", "strict"),
        "swiss": make("swiss", "swiss", "strict"),
        "draft": make("draft", "adaptive", "jury of strict, lenient"),
        "waiting": make("by hand", "single_elimination", "Plain"),
        "paused": make("paused", "single_elimination", "Plain", max_calls=5, max_usd=3),
        "cancelled": make("cancelled", "round_robin", "strict"),
    }
    for key in ("cup", "knockout", "swiss", "waiting", "paused"):
        lifecycle.start(made[key])
    lifecycle.pause(made["paused"], "The budget is spent.")
    lifecycle.cancel(made["cancelled"])
    return made


def _wait_until_played(tournaments: list[Tournament]) -> None:
    import time

    from tournaments.models import RatingRun

    end = time.monotonic() + 120
    while time.monotonic() < end:
        rated = RatingRun.objects.filter(tournament__in=tournaments)
        if rated.values("tournament").distinct().count() == len(tournaments):
            return
        time.sleep(0.2)
    raise AssertionError("the tournaments were not played in 120 s")


def _reports(project: Project, cup: Tournament) -> int:
    from tournaments.services import reporting

    reporting.schedule_report(
        project=project, name="Weekly", period="weekly", recipients=["a@example.org"]
    )
    return reporting.make_report(project=project, tournament=cup).pk


def _ids(project: Project, made: dict[str, Tournament], campaigns: dict[str, Campaign]) -> World:
    from judges.models import Speaker

    return {
        "slug": project.slug,
        **{f"prompt{row.key[1:]}": row.pk for row in project.prompts.all()},
        **{row.name: row.pk for row in project.judges.filter(is_current=True, kind="llm")},
        "jury": project.judges.get(kind="jury").pk,
        "people": campaigns["voted"].judge_id,
        "endpoint": project.endpoints.get().pk,
        "speaker": Speaker.objects.filter(competitor__project=project).first().pk,  # type: ignore[union-attr]
        **{key: row.pk for key, row in made.items()},
        **{key: row.key for key, row in campaigns.items()},
        "bracket": made["cup"].brackets.first().pk,  # type: ignore[union-attr]
        "ladder": made["knockout"].brackets.first().pk,  # type: ignore[union-attr]
        "match": made["cup"].matches.first().pk,  # type: ignore[union-attr]
        "comparison": made["cup"].matches.first().decision.comparison_id,  # type: ignore[union-attr]
    }


def _people(world: World, private: Project, campaigns: dict[str, Campaign], owner: User) -> World:
    """Sessions, and the tokens of links."""
    from django.contrib.auth.tokens import default_token_generator
    from django.test import Client
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    from arena.models import Role, Scope
    from arena.services import invitations, sign_in
    from arena.services.tokens import issue_token
    from judges.services.people import links, participants
    from judges.views.joining import GUESTS
    from tests.raters import user

    issue_token(owner, Scope.WRITE)
    _, invitation = invitations.invite(private, actor=owner, role=Role.EDITOR, note="for Ed")
    invitations.invite(private, actor=owner, role=Role.VIEWER)
    _, link = links.make(campaigns["rich"], label="class", places=30, by=owner)
    sessions = {}
    for name in ("olga", "rita"):
        client = Client()
        client.force_login(user(name))
        sessions[name] = client.cookies["sessionid"].value
    client = Client()
    session = client.session
    guests = {key: participants.guest(campaigns[key], name="Gus") for key in ("rich", "plain")}
    session[GUESTS] = {campaigns[key].key: guest.pk for key, guest in guests.items()}
    session.save()
    participants.begin(participants.member(user("rita"), campaigns["rich"]))
    return {
        **world,
        "sessions": {**sessions, "guest": session.session_key},
        "invitation": invitation, "link": link,
        "ticket": sign_in.ticket_for(user("tess")),
        "uid": urlsafe_base64_encode(force_bytes(user("tess").pk)),
        "reset": default_token_generator.make_token(user("tess")),
    }  # fmt: skip


def _project(slug: str, owner: User, private: bool) -> tuple[Project, World, dict[str, Campaign]]:
    from arena.models import Membership, Project, Role

    project = Project.objects.create(slug=slug, name=slug.capitalize())
    if private:
        Membership.objects.create(project=project, user=owner, role=Role.OWNER)
    _field(project)
    _verdicts(project, _judges(project))
    campaigns = _campaigns(project, owner)
    _votes(campaigns["voted"], owner, private)
    campaigns["live"], battle = _battles(project, owner)
    made = _tournaments(project)
    _wait_until_played([made[key] for key in ("cup", "knockout", "swiss")])
    report = _reports(project, made["cup"])
    return (
        project,
        {**_ids(project, made, campaigns), "report": report, "battle": battle},
        campaigns,
    )


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.raters import user
    from tournaments.management.terminal import workers

    call_command("migrate", verbosity=0)
    olga = user("olga")
    olga.set_password("herons-are-grey")
    olga.email = "olga@example.org"
    olga.save()
    with workers():
        private, lab, campaigns = _project("lab", olga, private=True)
        _, commons, _ = _project("commons", olga, private=False)
    print(json.dumps(_people({"lab": lab, "commons": commons}, private, campaigns, olga)))


if __name__ == "__main__":
    main()
