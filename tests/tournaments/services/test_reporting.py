import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from arena.common.errors import InvalidInput
from judges.models import Judgment
from judges.services import decisions
from tests import factories
from tournaments.models import Period, Report, Schedule
from tournaments.services import reporting

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, competitors=["ann", "<b>ben</b>"])
    return lab


def due(lab, **more):
    past = timezone.now() - timedelta(minutes=1)
    return reporting.schedule_report(
        project=lab, name="Monday", period="daily", recipients=["a@example.org"], first=past, **more
    )


def test_a_due_report_is_made_once_and_sent_with_its_html(lab):
    schedule = due(lab)
    first = schedule.due_at

    reporting.send_due()
    reporting.send_due()

    report = Report.objects.get()
    assert (report.due_at, report.sent_at is not None) == (first, True)
    assert len(mail.outbox) == 1
    name, content, kind = mail.outbox[0].attachments[0]
    assert (mail.outbox[0].to, kind) == (["a@example.org"], "text/html")
    assert name.endswith(".html")
    assert content == report.html
    schedule.refresh_from_db()
    assert schedule.due_at == first + timedelta(days=1)


def test_missed_periods_make_one_report_not_many(lab):
    schedule = due(lab)
    Schedule.objects.update(due_at=timezone.now() - timedelta(days=10))

    reporting.send_due()

    assert Report.objects.count() == 1
    schedule.refresh_from_db()
    assert timezone.now() < schedule.due_at <= timezone.now() + timedelta(days=1)


def test_an_inactive_schedule_makes_nothing(lab):
    due(lab)
    Schedule.objects.update(active=False)

    reporting.send_due()

    assert not Report.objects.exists()


def test_a_report_holds_the_ranking_escaped_and_asks_nothing_from_outside(lab):
    html = reporting.make_report(project=lab).html

    assert "&lt;b&gt;ben&lt;/b&gt;" in html
    assert "<b>ben</b>" not in html
    assert "<script" not in html
    assert "src=" not in html


def test_a_mailed_report_parts_the_tiers_as_the_page_does():
    lab = factories.project()
    factories.field(lab, prompts=40, competitors=["ann", "<b>ben</b>", "cat"])
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    compared = factories.all_comparisons(lab)
    Judgment.objects.bulk_create(
        Judgment(judge=judge, comparison=comparison, order="ab", winner=_who_wins(comparison))
        for comparison in compared
    )
    decisions.ask(judge, [comparison.pk for comparison in compared])
    reporting.make_report(project=lab, recipients=["a@example.org"])
    reporting.send_due()

    html = mail.outbox[0].attachments[0][1]
    ((first, top), (second, rest)) = _tiers(html)
    assert (first, top) == ("Tier 1", ["cat"])
    assert (second, sorted(rest)) == ("Tier 2: not told apart", ["&lt;b&gt;ben&lt;/b&gt;", "ann"])
    tiers = {row["competitor"]: row["tier"] for row in Report.objects.get().rating_run.rows}
    assert tiers == {"cat": 1, "ann": 2, "<b>ben</b>": 2}


def _who_wins(comparison):
    """Everybody loses to cat, and the others tie."""
    names = {
        "a": comparison.output_a.competitor.name,
        "b": comparison.output_b.competitor.name,
    }
    return next((side for side, name in names.items() if name == "cat"), "tie")


def _tiers(html):
    """[(heading, names)] of the table of a report."""
    parts = html.split('scope="rowgroup">')[1:]
    return [
        (part.split("</th>")[0], re.findall(r'<th scope="row">(.*?)(?: <small>.*?)?</th>', part))
        for part in parts
    ]


def test_a_report_of_nothing_has_no_tiers(lab):
    html = reporting.make_report(project=lab).html

    assert 'scope="rowgroup"' not in html
    assert "Within a tier" not in html


def test_a_failed_sending_is_tried_again_a_few_times_and_says_why(lab, settings, monkeypatch):
    reporting.make_report(project=lab, recipients=["a@example.org"])
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    for _ in range(reporting.MAX_SEND_ATTEMPTS + 2):
        reporting.send_due()

    report = Report.objects.get()
    assert report.sent_at is None
    assert report.send_attempts == reporting.MAX_SEND_ATTEMPTS
    assert "refused" in report.send_error.lower()


@pytest.mark.parametrize("bad", [{"period": "yearly"}, {"recipients": ["not an address"]}])
def test_a_wrong_schedule_is_refused(lab, bad):
    wanted = {"name": "x", "period": "daily", "recipients": [], **bad}

    with pytest.raises(InvalidInput):
        reporting.schedule_report(project=lab, **wanted)

    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("moment", "period", "expected"),
    [
        (datetime(2026, 1, 31, 8, tzinfo=UTC), "monthly", datetime(2026, 2, 28, 8, tzinfo=UTC)),
        (datetime(2026, 12, 5, 8, tzinfo=UTC), "monthly", datetime(2027, 1, 5, 8, tzinfo=UTC)),
        (datetime(2026, 11, 30, 8, tzinfo=UTC), "monthly", datetime(2026, 12, 30, 8, tzinfo=UTC)),
        (datetime(2026, 2, 28, 8, tzinfo=UTC), "weekly", datetime(2026, 3, 7, 8, tzinfo=UTC)),
        (datetime(2026, 2, 28, 23, tzinfo=UTC), "hourly", datetime(2026, 3, 1, 0, tzinfo=UTC)),
    ],
)
def test_one_period_later(moment, period, expected):
    assert reporting.after(moment, Period(period)) == expected
