"""Judge kinds: one file each, registered by name."""

from arena.common.plugins import Registry
from judges.contracts import JudgeKind

registry: Registry[JudgeKind] = Registry("judge kind", __name__)
