import django.db.models.deletion
from django.db import migrations, models

from arena.common.triggers import Trigger

APPEND_ONLY_FITS = Trigger(
    name="judges_juryfit_append_only",
    table="judges_juryfit",
    event="UPDATE",
    condition="1 = 1",
    message="a fit of a jury is never changed",
)


class Migration(migrations.Migration):

    dependencies = [
        ('judges', '0004_losses_of_a_decision'),
    ]

    operations = [
        migrations.CreateModel(
            name='JuryFit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(help_text='the aggregation', max_length=40)),
                ('state', models.JSONField(null=True)),
                ('note', models.TextField(blank=True, default='', help_text='why there is no state')),
                ('decided', models.PositiveIntegerField(help_text='verdicts of the jury when it was made')),
                ('n_ballots', models.PositiveIntegerField(help_text='comparisons that it learnt from')),
                ('n_labels', models.PositiveIntegerField(help_text='those that people have judged too')),
                ('held_out', models.JSONField(null=True)),
                ('data_hash', models.CharField(help_text='SHA-256 of the ballots', max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('jury', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fits', to='judges.judge')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['jury', '-id'], name='jury_fit_latest')],
            },
        ),
        APPEND_ONLY_FITS.install(),
    ]
