"""Rating methods: one file each, registered by name; numpy, scipy and choix, no Django."""

from arena.common.plugins import Registry
from tournaments.ratings.base import RatingMethod

registry: Registry[RatingMethod] = Registry("rating method", __name__)
