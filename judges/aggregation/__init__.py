"""How several votes on one comparison make a verdict: one rule a file, registered by name."""

from arena.common.plugins import Registry
from judges.aggregation.base import Aggregation

registry: Registry[Aggregation] = Registry("aggregation", __name__)

DEFAULT = "dawid_skene"
"""The rule of a jury that names none; `python -m bench juries` is where the choice comes from."""
