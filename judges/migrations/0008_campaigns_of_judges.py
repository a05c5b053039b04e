"""Every judge of the kind `human` gets the campaign by which it is asked from now on."""

from django.db import migrations
from django.db.models import F


def create_campaigns(apps, schema_editor):
    judges = apps.get_model("judges", "Judge")
    campaigns = apps.get_model("judges", "Campaign")
    assignments = apps.get_model("judges", "Assignment")
    for judge in judges.objects.filter(kind="human"):
        campaign = campaigns.objects.create(judge=judge, title=judge.name)
        assignments.objects.filter(decision__judge=judge).update(campaign=campaign)
        judge.params = {"page": "pairs", **judge.params}
        judge.save(update_fields=["params"])
    assignments.objects.update(shown_at=F("created_at"))
    assignments.objects.filter(answered_at__isnull=False).update(recorded_at=F("answered_at"))


class Migration(migrations.Migration):
    dependencies = [("judges", "0007_campaigns")]
    operations = [migrations.RunPython(create_campaigns, migrations.RunPython.noop)]
