"""Plug-ins: one file each, found by a registry that imports every module of its folder.

A plug-in is stored in the database as *name + JSON params* and rebuilt from the pair, so its
params are a pydantic model that refuses unknown keys by name and describes itself as JSON schema.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from arena.common.errors import InvalidInput


class Params(BaseModel):
    """Parameters of a plug-in: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Plugin(Protocol):
    """What every family of plug-ins shares: words for people and a model of its params."""

    label: ClassVar[str]
    description: ClassVar[str]
    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None: ...


P = TypeVar("P", bound=Plugin)
C = TypeVar("C")


class Registry(Generic[P]):
    """Names to plug-in classes of one family; loads the modules of `package` at first use."""

    def __init__(self, family: str, package: str) -> None:
        self.family = family
        self._package = package
        self._classes: dict[str, type[P]] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[type[C]], type[C]]:
        """Class decorator: make the class available under `name`."""

        def add(cls: type[C]) -> type[C]:
            if name in self._classes:
                raise RuntimeError(f"two {self.family}s are called {name!r}")
            self._classes[name] = cls  # type: ignore[assignment]  # checked by the contract tests
            return cls

        return add

    def names(self) -> list[str]:
        self._load()
        return sorted(self._classes)

    def items(self) -> Iterator[tuple[str, type[P]]]:
        for name in self.names():
            yield name, self._classes[name]

    def get(self, name: str) -> type[P]:
        """Return the class called `name`; InvalidInput lists the known names."""
        self._load()
        try:
            return self._classes[name]
        except KeyError:
            known = ", ".join(self.names())
            raise InvalidInput(f"no {self.family} is called {name!r}; known: {known}") from None

    def build(self, name: str, params: Mapping[str, object] | None = None) -> P:
        """Build the plug-in from its stored name and params; InvalidInput names a bad param."""
        cls = self.get(name)
        try:
            return cls(cls.Params.model_validate(dict(params or {})))
        except ValidationError as error:
            raise InvalidInput(
                f"params of {self.family} {name!r} are not valid", fields=fields_of(error)
            ) from None

    def _load(self) -> None:
        if self._loaded:
            return
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self._package}.{module.name}")
        self._loaded = True


def fields_of(error: ValidationError, prefix: str = "params") -> dict[str, str]:
    """Map each faulty field of a pydantic error (dotted path) to what is wrong with it."""
    found: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        path = ".".join([prefix, *(str(part) for part in item["loc"])])
        found[path] = "unknown parameter" if item["type"] == "extra_forbidden" else item["msg"]
    return found
