import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("judges", "0010_charges"),
    ]

    operations = [
        migrations.AlterField(
            model_name="battle",
            name=side,
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT, related_name="+", to="judges.speaker"
            ),
        )
        for side in ("first", "second")
    ]
