"""The only way news travels upwards."""

from django.dispatch import Signal

# Sent inside the transaction that settles decisions, with `decision_ids`. A receiver that only
# marks rows is atomic with the verdicts; it may be told of the same decision twice.
comparison_decided = Signal()
