"""What a judge takes for one comparison: estimated, then observed; priced or not."""

from __future__ import annotations

import pytest

from judges.models import Endpoint, Judgment
from judges.services.costs import CHARS_PER_TOKEN, ENOUGH, REPLY_TOKENS, TEMPLATE_TOKENS, cost_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    project = factories.project()
    factories.field(project, prompts=4, competitors=factories.NAMES[:4])
    return project


def llm(lab, **params):
    return factories.judge(lab, "llm", "mini", model="m", **params)


def paid(judge, count, **usage):
    comparisons = factories.all_comparisons(judge.project)[:count]
    Judgment.objects.bulk_create(
        Judgment(judge=judge, comparison=comparison, order="ab", winner="a", **usage)
        for comparison in comparisons
    )


def test_who_calls_nobody_costs_nothing(lab):
    for judge in (factories.judge(lab, "surrogate", "s"), factories.judge(lab, "human", "people")):
        cost = cost_of(judge)
        assert (cost.calls, cost.most_calls, cost.usd, cost.observed) == (0, 0, 0.0, True)


def test_both_orders_are_two_calls_and_up_to_two_follow_ups(lab):
    assert (cost_of(llm(lab)).calls, cost_of(llm(lab)).most_calls) == (2, 4)
    assert cost_of(llm(lab, repair=False)).most_calls == 2


def test_before_any_record_tokens_come_from_the_length_of_the_texts(lab):
    cost = cost_of(llm(lab, price_in=1.0, price_out=2.0))

    assert not cost.observed
    assert TEMPLATE_TOKENS * 2 < cost.tokens_in < (TEMPLATE_TOKENS + 400 / CHARS_PER_TOKEN) * 2
    assert cost.tokens_out == 2 * REPLY_TOKENS
    assert cost.usd == pytest.approx((cost.tokens_in + 2 * cost.tokens_out) / 1e6)


def test_a_limit_of_the_reply_bounds_the_estimate(lab):
    assert cost_of(llm(lab, max_tokens=10)).tokens_out == 20


def test_a_record_replaces_the_estimate(lab):
    judge = llm(lab, price_in=1.0, price_out=1.0)
    paid(judge, ENOUGH, calls=1, tokens_in=700, tokens_out=50)

    cost = cost_of(judge)

    assert (cost.tokens_in, cost.tokens_out, cost.observed) == (1400, 100, True)
    assert cost.usd == pytest.approx(1500 / 1e6)


def test_without_a_price_what_the_endpoint_charged_is_one(lab):
    judge = llm(lab)
    assert cost_of(judge).usd is None

    paid(judge, 2, calls=1, usd=0.25)

    assert cost_of(judge).usd == 0.5
    assert cost_of(judge).most_usd == 0.75


def test_an_endpoint_has_prices_for_its_judges(lab):
    Endpoint.objects.create(
        project=lab, name="vault", base_url="http://127.0.0.1/v1", price_in=3.0, price_out=0.0
    )

    cost = cost_of(llm(lab, endpoint="vault", max_tokens=1))

    assert cost.usd == pytest.approx(3.0 * cost.tokens_in / 1e6)


def test_a_jury_takes_what_its_members_take(lab):
    llm(lab, price_in=1.0, price_out=1.0)
    factories.judge(lab, "llm", "maxi", model="x", orders="ab", price_in=1.0, price_out=1.0)
    factories.judge(lab, "surrogate", "s")
    jury = factories.judge(lab, "jury", "panel", members=["mini", "maxi", "s"])

    cost = cost_of(jury)

    assert (cost.calls, cost.most_calls, cost.observed) == (3, 6, False)
    assert cost.usd == pytest.approx((cost.tokens_in + cost.tokens_out) / 1e6)


def test_one_member_without_a_price_makes_the_jury_unpriced(lab):
    llm(lab)
    factories.judge(lab, "llm", "maxi", model="x", price_in=1.0, price_out=1.0)

    assert cost_of(factories.judge(lab, "jury", "panel", members=["mini", "maxi"])).usd is None


def own(lab, name, **params):
    return factories.judge(lab, "http", name, url="http://127.0.0.1/judge", **params)


def test_a_price_per_call_is_the_price(lab):
    assert cost_of(own(lab, "mine", price=0.5)).usd == 1.0  # both orders
    assert cost_of(own(lab, "free", price=0)).usd == 0.0
    assert cost_of(own(lab, "unknown")).usd is None


def test_a_member_with_a_price_per_call_leaves_the_jury_priced(lab):
    member = llm(lab, price_in=1.0, price_out=1.0)
    own(lab, "mine", price=0.5)

    jury = factories.judge(lab, "jury", "panel", members=["mini", "mine"])

    assert cost_of(jury).usd == pytest.approx(1.0 + cost_of(member).usd)


def test_stand_ins_and_higher_judges_are_kept_back_for_and_not_planned(lab):
    for name in ("one", "two", "high"):
        own(lab, name, price=0.5)
    panel = {"members": ["one"], "stand_ins": ["two"], "escalate_to": ["high"]}

    alone, whole = (
        cost_of(own(lab, "alone", price=0.5)),
        cost_of(factories.judge(lab, "jury", "panel", **panel)),
    )

    assert (whole.calls, whole.tokens_in, whole.tokens_out, whole.usd) == (
        alone.calls,
        alone.tokens_in,
        alone.tokens_out,
        alone.usd,
    )
    assert (whole.most_calls, whole.most_usd) == (3 * alone.most_calls, 3 * alone.most_usd)


def test_what_a_jury_in_a_jury_keeps_back_is_kept_back(lab):
    for name in ("one", "two"):
        own(lab, name, price=0.5)
    factories.judge(lab, "jury", "inner", members=["one"], stand_ins=["two"])

    outer = cost_of(factories.judge(lab, "jury", "outer", members=["inner"]))

    assert (outer.usd, outer.most_usd, outer.calls, outer.most_calls) == (1.0, 3.0, 2, 4)


def test_a_stand_in_without_a_price_leaves_the_plan_priced(lab):
    own(lab, "one", price=0.5)
    own(lab, "unknown")

    cost = cost_of(factories.judge(lab, "jury", "p", members=["one"], stand_ins=["unknown"]))

    assert (cost.usd, cost.most_usd) == (1.0, None)
