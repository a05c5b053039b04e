from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("judges", "0011_battles_go_with_their_project"),
    ]

    operations = [
        migrations.AddField(
            model_name="assignment",
            name="beside",
            field=models.JSONField(
                default=list,
                help_text="outputs on the page of a gold question that nobody is asked about",
            ),
        ),
    ]
