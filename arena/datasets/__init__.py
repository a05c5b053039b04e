"""File formats of data sets, one file each: a format turns a folder into streams of records."""

from __future__ import annotations

from arena.common.plugins import Registry
from arena.datasets.base import Dataset

formats: Registry[Dataset] = Registry("data set format", "arena.datasets")
