"""Lists of plug-ins: names, labels, and the JSON schema of their params."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from arena.common.plugins import Plugin, Registry


class PluginShape(BaseModel):
    """A plug-in of a family."""

    name: str
    label: str
    description: str
    params: dict[str, Any]


class PluginList(BaseModel):
    """All plug-ins of a family; the list is short and has no pages."""

    results: list[PluginShape]
    next: None = None
    previous: None = None


def listing(registry: Registry[Any]) -> dict[str, Any]:
    """The plug-ins of `registry` by name."""
    found = [_shape(name, plugin) for name, plugin in registry.items()]
    return PluginList(results=found).model_dump(mode="json")


def _shape(name: str, plugin: type[Plugin]) -> PluginShape:
    return PluginShape(
        name=name,
        label=plugin.label,
        description=plugin.description,
        params=plugin.Params.model_json_schema(),
    )
