from django.db import migrations

from arena.common.triggers import Trigger

APPEND_ONLY_JUDGMENTS = Trigger(
    name="judges_judgment_append_only",
    table="judges_judgment",
    event="UPDATE",
    condition="1 = 1",
    message="a judgment is never changed",
)


class Migration(migrations.Migration):
    dependencies = [("judges", "0001_initial")]
    operations = [APPEND_ONLY_JUDGMENTS.install()]
