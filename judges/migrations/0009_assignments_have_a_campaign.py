import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("judges", "0008_campaigns_of_judges")]

    operations = [
        migrations.AlterField(
            model_name="assignment",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="assignments",
                to="judges.campaign",
            ),
        ),
    ]
