"""axe-core finds nothing on any page, in any width and theme; and no page is wider than a phone.

The list of pages comes from the URL configuration: a page without an example here fails.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.converters import IntConverter
from playwright.sync_api import Browser, Page

from tests.e2e.furnished import World, furnish
from tests.e2e.site import Site

pytestmark = pytest.mark.e2e

P, J, C, T = (f"/projects/{{slug}}{more}" for more in ("", "/judges", "/campaigns", "/tournaments"))

DOCS = "/api/v1/docs"

EXAMPLES: dict[str, tuple[str, ...]] = {
    # arena
    "projects": ("/",),
    "project-new": ("/projects/new",),
    "prompts": (f"{P}/data", f"{P}/data?category=code&q=zzz"),
    "prompt": (f"{P}/data/{{prompt1}}", f"{P}/data/{{prompt2}}", f"{P}/data/{{prompt3}}"),
    "upload": (f"{P}/data/upload",),
    "upload-outputs": (f"{P}/data/upload/outputs",),
    "upload-competitors": (f"{P}/data/upload/competitors",),
    "people": (f"{P}/people",),
    "log": (f"{P}/log", f"{P}/log?person=nobody"),
    "invitation": ("/invitations/{invitation}", "/invitations/unknown"),
    "open-id": ("/sign-in/oidc",),
    "open-id-callback": ("/sign-in/oidc/callback",),
    "open-id-connect": ("/account/connect",),
    "password-reset": ("/password-reset",),
    "password_reset_confirm": ("/password-reset/{uid}/{reset}", "/password-reset/x/y"),
    "sign-in": ("/sign-in",),
    "sign-in-ticket": ("/sign-in/{ticket}", "/sign-in/forged"),
    "account": ("/account",),
    "api-docs": (DOCS,),
    # judges
    "judges": (J,),
    "judge-new": (
        f"{J}/new",
        *(f"{J}/new?kind={kind}" for kind in ("llm", "jury", "debate", "human", "surrogate")),
    ),
    "judge": tuple(f"{J}/{{{judge}}}" for judge in ("strict", "jury", "people")),
    "judge-trial": (f"{J}/{{strict}}/try", f"{J}/{{people}}/try"),
    "judge-report": tuple(f"{J}/{{{judge}}}/report" for judge in ("strict", "jury", "people")),
    "judge-agreement": (f"{J}/agreement",),
    "endpoints": (f"{J}/endpoints",),
    "endpoint-new": (f"{J}/endpoints/new",),
    "endpoint": (f"{J}/endpoints/{{endpoint}}",),
    "campaigns": (C,),
    "campaign-new": (f"{C}/new",),
    "campaign": tuple(f"{C}/{{{key}}}" for key in ("rich", "voted", "closed", "empty")),
    "campaign-edit": (f"{C}/{{rich}}/edit",),
    "campaign-comparisons": (f"{C}/{{rich}}/comparisons",),
    "campaign-gold": (f"{C}/{{rich}}/gold", f"{C}/{{voted}}/gold"),
    "campaign-gold-new": (
        f"{C}/{{rich}}/gold/new",
        f"{C}/{{rich}}/gold/new?prompt=p1",
        f"{C}/{{rich}}/gold/new?prompt=p1&a=egret&b=stork",
    ),
    "campaign-quality": (f"{C}/{{voted}}/quality", f"{C}/{{empty}}/quality"),
    "campaign-adjudicate": (f"{C}/{{voted}}/adjudicate", f"{C}/{{empty}}/adjudicate"),
    "live-battles": (f"{C}/live",),
    "rate": (f"{P}/rate",),
    "rating-invited": ("/rate/join/{link}", "/rate/join/unknown"),
    "rating": (
        "/rate/{rich}",
        "/rate/{plain}",
        "/rate/{voted}",
        "/rate/{closed}",
        "/rate/{ranking}",
        "/rate/{scoring}",
        "/rate/unknown",
    ),
    "rating-welcome": ("/rate/{rich}/welcome", "/rate/{plain}/welcome"),
    "rating-warm-up": ("/rate/{rich}/warm-up",),
    "rating-done": ("/rate/{voted}/done", "/rate/{rich}/done"),
    "rating-battle": ("/rate/{live}/battle", "/rate/{live}/battle?of={battle}"),
    "speakers": (f"{P}/speakers",),
    "speaker": (f"{P}/speakers/{{speaker}}",),
    "upload-judgments": (f"{P}/data/upload/judgments",),
    # tournaments
    "project": (P,),
    "leaderboard": (
        f"{P}/leaderboard",
        f"{P}/leaderboard?tournament={{cup}}&method=elo",
        f"{P}/leaderboard?style_control=true&category=code",
    ),
    "leaderboard-slices": (f"{P}/leaderboard/slices", f"{P}/leaderboard/slices?by=tag"),
    "tournaments": (T,),
    "tournament-new": (f"{T}/new",),
    "tournament": tuple(
        f"{T}/{{{key}}}"
        for key in ("cup", "knockout", "swiss", "draft", "waiting", "paused", "cancelled")
    ),
    "bracket": (f"{T}/{{cup}}/prompts/{{bracket}}", f"{T}/{{knockout}}/prompts/{{ladder}}"),
    "tournament-replay": (f"{T}/{{cup}}/replay",),
    "tournament-extend": (f"{T}/{{cup}}/extend", f"{T}/{{draft}}/extend"),
    "matches": (f"{P}/matches", f"{P}/matches?a=heron&b=egret"),
    "match": (f"{P}/matches/{{match}}",),
    "comparison": (f"{P}/comparisons/{{comparison}}",),
    "reports": (f"{P}/reports",),
    "report": (f"{P}/reports/{{report}}",),
}
"""Addresses of each page by the name of its route, with values of the world in braces."""

REFUSED = {
    "/invitations/unknown", "/sign-in/oidc", "/sign-in/oidc/callback", "/rate/join/unknown",
    "/rate/unknown", "/rate/{live}/battle?of={battle}", f"{T}/{{draft}}/extend",
}  # fmt: skip
"""Those that answer even an owner with a page that says why not."""

PROBES = ("livez", "readyz")
"""Not for people."""

PEOPLE = {"olga": "lab", "rita": "lab", "guest": "lab", "": "commons"}
"""Owner, rater, guest of two campaigns and who is not signed in, and the project they look at."""

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LOOKS = tuple(itertools.product(SCHEMES, (390, 820, 1400)))
FEWER_LOOKS: tuple[tuple[Scheme, int], ...] = (("light", 390), ("dark", 1400))
"""For who is not the owner, on pages of which the owner sees the same or more."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {
    "light": {"type": "tag", "values": TAGS},
    # What a theme can break: all else of a page is the same in light and dark.
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}

BY_OTHERS = [".swagger-ui"]
"""Markup of Swagger UI, which draws the API docs when loaded, and is used as it comes."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, World]]:
    site = Site(tmp_path_factory.mktemp("furnished"))
    world = furnish(site)
    site.start()
    yield site, world
    site.stop()


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in resolver.url_patterns:
        address = before + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from routes(item, address)
        else:
            yield address, item


def only_takes_forms(route: URLPattern) -> bool:
    values = {
        name: 1 if isinstance(converter, IntConverter) else "x"
        for name, converter in route.pattern.converters.items()
    }
    request = RequestFactory().get("/")
    request.user = get_user_model()(pk=1)
    try:
        return route.callback(request, **values).status_code == 405
    except Exception:  # it did more than look at the method
        return False


def test_every_page_has_an_example() -> None:
    pages = {
        route.name
        for address, route in routes(get_resolver())
        if not address.startswith("api/") and not only_takes_forms(route)
    }

    assert pages - {*EXAMPLES, *PROBES} == set(), "give the new pages an example"
    assert set(EXAMPLES) - pages - {"api-docs"} == set(), "these are no pages"
    for name, addresses in EXAMPLES.items():
        for address in addresses:
            plain = re.sub(r"{slug}", "x", re.sub(r"{(?!slug)\w+}", "1", address)).split("?")[0]
            assert resolve(plain).url_name == name


@dataclass
class Look:
    """A person's browser, and what it has found."""

    site: Site
    page: Page
    is_owner: bool
    seen: set[str] = field(default_factory=set)
    faults: dict[str, set[str]] = field(default_factory=dict)

    def at(self, address: str) -> int:
        """Look at a page in several widths and both themes, unless the same was seen before."""
        until: Literal["load", "networkidle"] = "networkidle" if address == DOCS else "load"
        reply = self.page.goto(self.site.url + address, wait_until=until)
        assert reply is not None
        if not self._is_new():
            return reply.status
        is_full = self.is_owner or "/rate" in address
        for scheme, width in LOOKS if is_full else FEWER_LOOKS:
            self.check(address, scheme, width)
        return reply.status

    def _is_new(self) -> bool:
        """Whether this differs from all pages before by more than tokens, and values of fields."""
        text = re.sub(r'(value|content|hx-headers)="[^"]*"', "", self.page.content())
        before = len(self.seen)
        self.seen.add(re.sub(r"next=[^\"]*", "", text))
        return len(self.seen) > before

    def check(self, address: str, scheme: Scheme, width: int) -> None:
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 900})
        for what in self.page.evaluate(RUN, {"rules": RULES[scheme], "others": BY_OTHERS}):
            if address == DOCS and what.startswith("landmark-one-main"):
                continue  # the main part is Swagger's own, and left out with the rest of it
            self.faults.setdefault(what, set()).add(f"{address} ({width} {scheme})")

    def report(self) -> str:
        return "\n".join(
            f"{what}\n    on {len(where)}: {', '.join(sorted(where)[:4])}"
            for what, where in sorted(self.faults.items())
        )


RUN = """async ({rules, others}) => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    document.getAnimations().filter((moving) => moving instanceof CSSTransition)
        .forEach((moving) => moving.finish());
    await frame();
    const found = await axe.run(
        {include: document, exclude: others},
        {runOnly: rules, resultTypes: ["violations"], preload: false});
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const say = (rule, node) =>
        `${rule.id}: ${node.target.join(" ")}: ${node.html.slice(0, 160)} | `
        + node.failureSummary.replaceAll("\\n", " ").slice(0, 300);
    return [
        ...found.violations.flatMap((rule) => rule.nodes.map((node) => say(rule, node))),
        ...(wide > 0 ? [`wider than the window by ${wide} px`] : []),
    ];
}"""


def looking(browser: Browser, site: Site, session: str, is_owner: bool) -> Look:
    """The page's policy forbids scripts of others, so it is set aside; other tests keep it on."""
    context = browser.new_context(bypass_csp=True)
    context.add_init_script(AXE_SCRIPT)
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
    return Look(site, context.new_page(), is_owner)


def test_what_is_wrong_is_found(browser: Browser, world: tuple[Site, World]) -> None:
    look = looking(browser, world[0], "", is_owner=True)
    look.page.goto(f"{look.site.url}/sign-in")
    look.page.evaluate("""document.querySelector("main").innerHTML =
        '<img src="x"><div style="width: 900px; color: #888; background: #777">faint</div>'""")

    look.check("/sign-in", "light", 390)
    look.check("/sign-in", "dark", 390)

    found = {what.split(":")[0] for what in look.faults}
    assert {"image-alt", "color-contrast", "page-has-heading-one"} <= found
    assert any("wider than" in what for what in found)
    assert "(390 dark)" in look.report()
    look.page.context.close()


@pytest.mark.parametrize("person", PEOPLE)
def test_axe_finds_nothing(browser: Browser, world: tuple[Site, World], person: str) -> None:
    site, known = world
    look = looking(browser, site, known["sessions"].get(person, ""), is_owner=person == "olga")
    values = {**known, **known[PEOPLE[person]]}
    statuses = {
        address: look.at(address.format(**values))
        for addresses in EXAMPLES.values()
        for address in addresses
        # To all other pages a guest is somebody who is not signed in.
        if person != "guest" or address.startswith("/rate")
    }

    assert 500 not in statuses.values()
    if look.is_owner:  # or else the examples are out of date
        assert {address for address, status in statuses.items() if status != 200} == REFUSED
    assert not look.faults, look.report()
    look.page.context.close()


@pytest.mark.parametrize("status", [400, 500])
def test_pages_of_faults_that_no_address_shows(
    browser: Browser, world: tuple[Site, World], status: int
) -> None:
    look = looking(browser, world[0], "", is_owner=True)
    body = render_to_string(f"errors/{status}.html", {"message": "It is so.", "fields": {"a": "b"}})
    look.page.route("**/fault", lambda route: route.fulfill(body=body, content_type="text/html"))

    look.at("/fault")

    assert not look.faults, look.report()
    look.page.context.close()
