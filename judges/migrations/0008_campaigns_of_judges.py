"""Every judge of the kind `human` gets the campaign by which it is asked from now on."""

from django.db import migrations
from django.db.models import F

SHOWN = {
    ("a", "ab"): "first", ("b", "ab"): "second", ("a", "ba"): "second", ("b", "ba"): "first",
}  # fmt: skip
"""What a rater said of the first and the second, by winner and order; others are as they are."""


def create_campaigns(apps, schema_editor):
    judges = apps.get_model("judges", "Judge")
    campaigns = apps.get_model("judges", "Campaign")
    assignments = apps.get_model("judges", "Assignment")
    participants = apps.get_model("judges", "Participant")
    judgments = apps.get_model("judges", "Judgment")
    assignments.objects.update(shown_at=F("created_at"))
    assignments.objects.filter(answered_at__isnull=False).update(recorded_at=F("answered_at"))
    for judge in judges.objects.filter(kind="human"):
        campaign = campaigns.objects.create(judge=judge, title=judge.name)
        mine = assignments.objects.filter(decision__judge=judge)
        mine.update(campaign=campaign)
        raters = mine.order_by("rater").values_list("rater", flat=True).distinct()
        participants.objects.bulk_create(
            participants(campaign=campaign, user_id=rater) for rater in raters
        )
        _fill_answers(mine, judgments.objects.filter(judge=judge, rater__isnull=False))
        judge.params = {"page": "pairs", **judge.params}
        judge.save(update_fields=["params"])


def _fill_answers(assignments, judgments):
    """Keep beside each assignment what was answered; until now only its judgment told."""
    rows = judgments.values_list("comparison", "rater", "winner", "strength", "reason")
    said = {(compared, rater): rest for compared, rater, *rest in rows.filter(winner__isnull=False)}
    answered = assignments.filter(answered_at__isnull=False).select_related("decision")
    filled = []
    for row in answered:
        if (row.decision.comparison_id, row.rater_id) in said:
            winner, *more = said[row.decision.comparison_id, row.rater_id]
            row.answer = _answer(SHOWN.get((winner, row.order), winner), *more)
            filled.append(row)
    assignments.model.objects.bulk_update(filled, ["answer"], batch_size=500)


def _answer(preference, strength, reason):
    return {
        "preference": preference, "strength": strength, "reasons": [], "comment": reason,
        "criteria": {}, "scores": None, "ranks": [], "places": None,
    }  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("judges", "0007_campaigns")]
    operations = [migrations.RunPython(create_campaigns, migrations.RunPython.noop)]
