from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('judges', '0003_endpoints_and_replies'),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='losses',
            field=models.PositiveSmallIntegerField(default=0, help_text='workers that were lost while they had it'),
        ),
        migrations.AlterField(
            model_name='decision',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, help_text='times that calls failed'),
        ),
    ]
