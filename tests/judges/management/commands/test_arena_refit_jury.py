import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from judges.models import Judgment, JuryFit
from judges.services import decisions
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=12, competitors=["ann", "ben"])
    compared = factories.all_comparisons(lab)
    for name in ("x", "y", "z"):
        judge = factories.judge(lab, "recorded", name, judge=name)
        for comparison in compared:
            Judgment.objects.create(judge=judge, comparison=comparison, order="ab", winner="a")
    for name, rule in (("jury", "dawid_skene"), ("stack", "stacking")):
        jury = factories.judge(lab, "jury", name, members=["x", "y", "z"], aggregation=rule)
        decisions.ask(jury, [comparison.pk for comparison in compared])
    return lab


def refit(*args):
    out = StringIO()
    call_command("arena_refit_jury", "--project", "lab", *args, stdout=out)
    return out.getvalue()


def test_it_fits_and_says_on_what(lab):
    said = refit("--judge", "jury")

    fit = JuryFit.objects.get()
    assert f"fit {fit.pk} (dawid_skene, 12 comparisons), 0 of them judged by people too" in said


def test_as_json(lab):
    found = json.loads(refit("--judge", "jury", "--json"))

    assert (found["method"], found["n_ballots"], found["held_out"]) == ("dawid_skene", 12, None)
    assert set(found["state"]["confusion"]) == {"x", "y", "z"}


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("stack", "not fitted: 50 comparisons that people have judged too are needed"),
        ("x", "x is not a jury"),
        ("nobody", "no judge is called 'nobody'"),
    ],
)
def test_it_says_why_not(lab, judge, said):
    with pytest.raises(CommandError, match=said):
        refit("--judge", judge)


def test_an_unknown_project_is_named():
    with pytest.raises(CommandError, match="no project is called 'lab'"):
        refit("--judge", "jury")
