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
                db_default=models.Value([], models.JSONField()),
                help_text="outputs on the page of a gold question that nobody is asked about",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="unasked",
            field=models.PositiveSmallIntegerField(
                default=0,
                db_default=0,
                help_text="pairs on the page that nobody is asked about, on the first of its rows",
            ),
        ),
    ]
