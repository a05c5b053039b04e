from django.db import migrations

from arena.common.triggers import Trigger

COMPARISON_OF_ONE_PROMPT = Trigger(
    name="arena_comparison_of_one_prompt",
    table="arena_comparison",
    event="INSERT",
    condition=(
        "NOT EXISTS (SELECT 1 FROM arena_output a, arena_output b"
        " WHERE a.id = NEW.output_a_id AND b.id = NEW.output_b_id"
        " AND a.prompt_id = NEW.prompt_id AND b.prompt_id = NEW.prompt_id"
        " AND a.competitor_id <> b.competitor_id)"
    ),
    message="a comparison takes two outputs of different competitors to its prompt",
)


class Migration(migrations.Migration):
    dependencies = [("arena", "0001_initial")]
    operations = [COMPARISON_OF_ONE_PROMPT.install()]
