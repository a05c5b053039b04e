"""Whether a rule to stop was met, or the plan was used up."""

import pytest

from tests import factories
from tests.tournaments.views.worlds import play_out, started
from tournaments.services.extending import Wanted, extension_of
from tournaments.services.shapes.tournaments import TournamentShape

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=20, competitors=factories.NAMES[:4])
    return lab


def ended(lab, kind="adaptive", **params):
    return play_out(started(lab, kind, format_params=params))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"until": "tau", "target": 0.7}, "asked for 0.7)"),
        ({"until": "width", "width": 900}, "asked for 900)"),
        (
            {"until": "separated", "margin": 3000},
            "(neighbours separated, or within 3000 Elo points)",
        ),
    ],
)
def test_a_rule_that_was_met_says_so_and_the_plan_stays_what_it_was(lab, params, said):
    cup = ended(lab, **params)

    assert cup.matches.count() < cup.planned == 120
    assert cup.note.startswith(
        f"stopped after {cup.matches.count()} of at most 120 games: rule met"
    )
    assert said in cup.note
    assert TournamentShape.of(cup).note == cup.note


@pytest.mark.parametrize("params", [{"until": "width", "width": 20}, {"until": "separated"}])
def test_a_plan_that_was_used_up_says_that_the_rule_was_not_met(lab, params):
    cup = ended(lab, games=24, **params)

    assert cup.planned == cup.matches.count() == 24
    assert cup.note.startswith("plan of 24 games used up, the rule was not met (")


def test_a_newcomer_has_rules_of_its_own(lab):
    early = ended(lab, "insertion", until="width", width=2000)
    late = ended(lab, "insertion", until="width", width=1)

    assert early.note.startswith("stopped after")
    assert late.note == "plan of 40 games used up, the rule was not met"


def test_without_a_rule_there_is_nothing_to_say(lab):
    assert ended(lab).note == ended(lab, "swiss").note == ""


def test_what_was_not_played_may_be_played_when_it_is_extended(lab):
    cup = ended(lab, until="tau", target=0.7)
    factories.Prompt.objects.create(
        project=lab, key="late", messages=[{"role": "user", "content": "Late?"}]
    ).outputs.bulk_create(
        factories.Output(prompt=lab.prompts.get(key="late"), competitor=who, turns=["Late."])
        for who in lab.competitors.all()
    )

    assert extension_of(cup, Wanted(prompts=True)).matches == 126 - cup.matches.count()
