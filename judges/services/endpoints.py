"""Defining, changing and deleting the endpoints of a project.

What decides a verdict (address, model) is frozen once a version of a judge names the endpoint. Keys
are written and never read back: whoever may see an endpoint learns only whether it has one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from django.db import transaction
from django.db.models import Q
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.common.secrets import encrypt
from arena.datasets.records import fault, field_faults, or_say
from arena.models import Project
from judges.llm.endpoint import check_base_url, check_key_name
from judges.llm.headers import check_headers
from judges.models import Battle, Endpoint, Judge

FROZEN = ("base_url", "model")

MOST = 2_000_000_000
"""The largest limit that the database takes."""

NAME, PLAIN = r"^\w[\w.-]*$", r"^[^\x00-\x1f\x7f]*$"
NAME_RULE = "takes letters, digits, _, dots and dashes, 100 at most, no dot or dash first"
MODEL_RULE = "must be one line of text, 200 characters at most"


def _address(value: str) -> str:
    return check_base_url(value).rstrip("/")


def _key_name(value: str) -> str:
    return check_key_name(value) if value else value


Price = Annotated[float | None, Field(ge=0, allow_inf_nan=False)]
Limit = Annotated[int | None, Field(ge=1, le=MOST)]


class EndpointSettings(BaseModel):
    """What an endpoint is, but for its key. Prices are USD per million tokens."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=100, pattern=NAME), or_say(NAME_RULE)]
    base_url: Annotated[str, Field(max_length=500), AfterValidator(_address)]
    model: Annotated[str, Field(max_length=200, pattern=PLAIN), or_say(MODEL_RULE)] = ""
    api_key_env: Annotated[str, Field(max_length=100), AfterValidator(_key_name)] = ""
    headers: Annotated[dict[str, str], Field(max_length=20), AfterValidator(check_headers)] = {}
    price_in: Price = None
    price_out: Price = None
    requests_per_minute: Limit = None
    tokens_per_minute: Limit = None
    max_in_flight: Limit = None

    @model_validator(mode="after")
    def _both_prices_or_none(self) -> Self:
        if (self.price_in is None) != (self.price_out is None):
            lacking = "price_in" if self.price_in is None else "price_out"
            raise fault(lacking, "is missing: both prices are given, or neither")
        return self


def named(project: Project, name: str) -> Endpoint:
    """The endpoint called `name`; NotFound lists those that exist."""
    found = project.endpoints.filter(name=name).first()
    if found is None:
        known = ", ".join(project.endpoints.values_list("name", flat=True)) or "none yet"
        raise NotFound(f"no endpoint is called {name!r} in {project.slug}; endpoints: {known}")
    return found


@transaction.atomic
def define(*, project: Project, settings: Mapping[str, Any], api_key: str = "") -> Endpoint:
    """Define an endpoint; `api_key` is stored encrypted.

    Raises InvalidInput for bad settings, Conflict when the name is taken.
    """
    given = _checked(settings)
    key = _checked_key(api_key, given)
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if locked.endpoints.filter(name=given.name).exists():
        raise Conflict(f"there is an endpoint called {given.name} already", {"name": "is taken"})
    return Endpoint.objects.create(
        project=locked, api_key_encrypted=encrypt(key) if key else "", **given.model_dump()
    )


@transaction.atomic
def change(endpoint: Endpoint, changes: Mapping[str, Any], api_key: str | None = None) -> Endpoint:
    """Change what `changes` names. `api_key`: None leaves the stored key, "" removes it.

    Raises InvalidInput for bad settings, Conflict when the change would make the verdicts of a
    judge, or the answers in a battle, those of another model.
    """
    Project.objects.select_for_update(no_key=True).get(pk=endpoint.project_id)
    row = Endpoint.objects.get(pk=endpoint.pk)
    before = {name: getattr(row, name) for name in EndpointSettings.model_fields}
    if changes.get("name", row.name) != row.name:
        raise InvalidInput("an endpoint keeps its name", {"name": "cannot be changed"})
    given = _checked({**before, **changes})
    after = given.model_dump()
    if api_key is None and row.api_key_encrypted and given.api_key_env and not row.api_key_env:
        api_key = ""  # the named key takes the place of the stored one
    key = None if api_key is None else _checked_key(api_key, given)
    _check_frozen(row, [name for name in FROZEN if after[name] != before[name]])
    for name, value in after.items():
        setattr(row, name, value)
    if after["base_url"] != before["base_url"] and key is None:
        key = ""  # a stored key goes nowhere but to the address that it was given for
    if key is not None:
        row.api_key_encrypted = encrypt(key) if key else ""
    row.save()
    return row


@transaction.atomic
def delete(endpoint: Endpoint) -> None:
    """Delete an endpoint. Raises Conflict while a version of a judge names it: what it decided
    must remain traceable, and no other endpoint may take its name."""
    Project.objects.select_for_update(no_key=True).get(pk=endpoint.project_id)
    users = used_by(endpoint.project).get(endpoint.name, [])
    if users:
        raise Conflict(
            f"{endpoint.name} is named by {_list(users)}; judges are kept for good, and so is "
            "where their verdicts came from. Its key can be removed"
        )
    if endpoint.speakers.exists():
        raise Conflict(f"competitors of live battles are asked at {endpoint.name}")
    endpoint.delete()


def used_by(project: Project) -> dict[str, list[Judge]]:
    """{endpoint: the versions of judges that name it}."""
    found: defaultdict[str, list[Judge]] = defaultdict(list)
    for judge in project.judges.order_by("name", "version"):
        for name in names_in(judge.params):
            found[name].append(judge)
    return dict(found)


def names_in(params: object) -> set[str]:
    """The endpoints that params name, however deep."""
    if isinstance(params, Mapping):
        own = params.get("endpoint")
        below = set().union(*(names_in(value) for value in params.values()))
        return below | ({own} if isinstance(own, str) else set())
    if isinstance(params, list | tuple):
        return set().union(*(names_in(value) for value in params))
    return set()


def check_named(project: Project, params: Mapping[str, Any]) -> None:
    """Raises InvalidInput when a judge's params name an endpoint that the project does not have."""
    known = set(project.endpoints.values_list("name", flat=True))
    if missing := sorted(names_in(params) - known):
        listed = ", ".join(sorted(known)) or "none yet"
        raise InvalidInput(
            f"no endpoint is called {missing[0]!r}",
            {"params.endpoint": f"is not an endpoint of the project; there are: {listed}"},
        )


def _checked(settings: Mapping[str, Any]) -> EndpointSettings:
    try:
        return EndpointSettings.model_validate(dict(settings))
    except ValidationError as error:
        raise InvalidInput("the endpoint is not valid", dict(_faults(error))) from None


def _faults(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each faulty field and what is wrong; of a header that is wrong, its name stands first."""
    for path, text in field_faults(error):
        field, _, inner = path.partition(".")
        yield field, f"{inner} {text}" if inner else text


def _checked_key(key: str, given: EndpointSettings) -> str:
    key = key.strip()
    if key and given.api_key_env:
        raise InvalidInput(
            "the key stands in the environment or here, not in both",
            {"api_key": "leave this out, or the variable that holds the key"},
        )
    if not re.fullmatch(r"[\x21-\x7e]{0,2000}", key):
        raise InvalidInput(
            "the key is not valid", {"api_key": "must be ASCII without spaces, 2000 at most"}
        )
    return key


def _check_frozen(row: Endpoint, changed: list[str]) -> None:
    users = used_by(row.project).get(row.name, []) if changed else []
    if users:
        raise Conflict(
            f"{' and '.join(changed)} cannot be changed: {_list(users)} decided by it. "
            "Define another endpoint, and a new version of the judge that names it",
            dict.fromkeys(changed, "is frozen, because a judge names the endpoint"),
        )
    if changed:
        _check_battles(row, changed)


def _check_battles(row: Endpoint, changed: list[str]) -> None:
    """One battle, one way to answer; and so are all votes on a competitor."""
    # Locked: a battle that begins with them waits, and then reads what is asked here.
    list(row.speakers.order_by("pk").select_for_update())
    met = Battle.objects.filter(Q(first__endpoint=row) | Q(second__endpoint=row))
    if any(battle.is_under_way for battle in met.filter(answered_at=None)):
        raise Conflict(
            f"{' and '.join(changed)} cannot be changed at this moment: a rater is in a battle "
            "with a competitor that is asked here. Wait until it is over, or define another "
            "endpoint, and other competitors at it",
            dict.fromkeys(changed, "a rater is in a battle with a competitor that is asked here"),
        )
    if met.filter(answer__isnull=False).exists():
        raise Conflict(
            f"{' and '.join(changed)} cannot be changed: raters have voted on competitors that are "
            "asked here. Define another endpoint, and other competitors at it",
            dict.fromkeys(changed, "is frozen, because raters have voted"),
        )


def _list(judges: list[Judge]) -> str:
    shown = ", ".join(str(judge) for judge in judges[:5])
    return shown if len(judges) <= 5 else f"{shown} and {len(judges) - 5} more"
