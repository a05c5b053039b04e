"""Bulk writing against the models: the same row, whichever way it is written."""

import pytest
from django.forms import model_to_dict

from judges.contracts import Abstention, Answer, Order, Preference, Presentation, Silence, Usage
from judges.models import Judgment
from judges.services.cases import judgment_of, row_of
from judges.services.recording import COLUMNS, record
from tests import factories

pytestmark = pytest.mark.django_db

FULL = Answer(
    Preference.SECOND,
    reason="Because: “é” \x00 \ud800",
    probability=0.25,
    strength=2,
    scores=(3.0, 4.5),
    raw='{"verdict": "B"}',
    details={"model": "m", "nested": {"list": [1, None, "\x00"]}, "quote": 'a "b" {c}'},
    usage=Usage(2, 1, 1000, 20, 0.125, 321),
)
SILENT = Abstention(Silence.UNPARSABLE, "no verdict", "raw")


@pytest.fixture
def pair():
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    [compared] = factories.all_comparisons(lab)
    return factories.stub_judge(lab, "http://127.0.0.1:9/v1"), compared


@pytest.mark.parametrize("reply", [FULL, SILENT])
@pytest.mark.parametrize("order", [Order.AB, Order.BA])
def test_a_row_is_what_the_model_would_have_written(pair, reply, order):
    judge, compared = pair
    there, here = Presentation(order, 0), Presentation(order, 1)
    judgment_of(judge.pk, compared.pk, there, reply).save()

    record([row_of(judge.pk, compared.pk, here, reply)])

    by_model, in_bulk = Judgment.objects.order_by("sample")
    assert in_bulk.created_at >= by_model.created_at
    fields = [name.removesuffix("_id") for name in COLUMNS if name != "sample"]
    assert model_to_dict(in_bulk, fields) == model_to_dict(by_model, fields)


def test_what_is_on_record_stays(pair):
    judge, compared = pair
    shown = Presentation(Order.AB)

    record([row_of(judge.pk, compared.pk, shown, FULL)])
    record([row_of(judge.pk, compared.pk, shown, SILENT)])

    assert Judgment.objects.get().winner == "b"
