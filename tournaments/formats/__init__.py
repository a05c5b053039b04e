"""Tournament formats: one file each, registered by name, pure."""

from arena.common.plugins import Registry
from tournaments.formats.base import Format

registry: Registry[Format] = Registry("tournament format", __name__)
