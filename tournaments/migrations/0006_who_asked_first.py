from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def asked_when_scheduled(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """Who scheduled a comparison first has asked first; what was decided by then was free."""
    matches = apps.get_model('tournaments', 'Match').objects
    due = matches.exclude(decision__settled_at__lte=models.F('created_at'))
    due.update(asked_at=models.F('created_at'))


class Migration(migrations.Migration):

    dependencies = [
        ('tournaments', '0005_news_of_verdicts'),
    ]

    operations = [
        migrations.AddField(
            model_name='match',
            name='asked_at',
            field=models.DateTimeField(help_text='null: it was decided already when it was scheduled', null=True),
        ),
        migrations.AddField(
            model_name='match',
            name='asked_until',
            field=models.DateTimeField(help_text='when the question was taken back, or taken over by another', null=True),
        ),
        migrations.RunPython(asked_when_scheduled, migrations.RunPython.noop),
    ]
