"""One record of each sort, checked: the same models serve the API, the commands and the files.

Besides the API's names they take those of the native files (`prompt_id`, `model`, `model_a`, ...),
so a native file can be sent as it is. Unknown fields are kept in `metadata`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from arena.common.bulk import Faults
from arena.common.strictjson import JsonError

MAX_TEXT = 2_000_000
MAX_METADATA = 200_000
MAX_INTEGER = 2**31 - 1

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Key = Annotated[str, Field(max_length=200, pattern=r"\S", coerce_numbers_to_str=True)]
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"\S")]
Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Amount = Annotated[FiniteFloat, Field(ge=0)]


def or_say(message: str) -> WrapValidator:
    """One sentence when no branch of a union fits, instead of a complaint for each branch."""

    def check(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            raise fault("", message) from None

    return WrapValidator(check)


def _joined(value: object) -> object:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n\n".join(value)
    return value


def fault(field: str, message: str) -> PydanticCustomError:
    """An error for pydantic to raise: `field` (below the one being validated) and a sentence."""
    return PydanticCustomError("arena", "{message}", {"field": field, "message": message})


class Message(BaseModel):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: Text


class Context(BaseModel):
    """A retrieved passage that the competitors were given; `relevant` if somebody judged that."""

    id: Key
    text: Text
    relevant: bool | None = None


class Record(BaseModel):
    """What all records share: unknown fields go to `metadata`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    metadata: dict[str, Any] = Field(
        default_factory=dict, description="anything; fields that Arena does not know are added"
    )

    other_ways: ClassVar[dict[str, tuple[str, ...]]] = {}
    """{field: the fields that it can be given by instead}."""

    _metadata_length: int = PrivateAttr(0)
    _sent: frozenset[str] = PrivateAttr(frozenset())

    def sent_as(self, field: str) -> str:
        """The name by which the sender gave `field`, for messages about it."""
        return name_sent(type(self), self._sent, field)

    @property
    def texts(self) -> Iterable[str]:
        """The long texts of the record."""
        return ()

    @property
    def characters(self) -> int:
        """About how much text the record holds, for cutting batches."""
        return self._metadata_length + sum(map(len, self.texts))

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: object) -> object:
        """A field that is null is a field left out."""
        if isinstance(value, dict) and None in value.values():
            return {key: item for key, item in value.items() if item is not None}
        return value

    @model_validator(mode="after")
    def _keep_unknown_fields(self) -> Self:
        if self.model_extra:
            self.metadata = {**self.model_extra, **self.metadata}
            self.model_extra.clear()
        if self.metadata:
            self._metadata_length = len(json.dumps(self.metadata))
            if self._metadata_length > MAX_METADATA:
                raise fault("metadata", f"is longer than {MAX_METADATA:,} characters of JSON")
        return self


class PromptRecord(Record):
    """What is asked: `text`, or `messages` where there is more to it than one user message."""

    other_ways = {"messages": ("text",), "system": ("messages",)}

    id: Key = Field(
        validation_alias=AliasChoices("id", "prompt_id"), description="your own key of the prompt"
    )
    text: Text | None = Field(None, description="one user message")
    messages: list[Message] = Field(
        default_factory=list, max_length=1000, description="a conversation; wins over `text`"
    )
    category: Annotated[str, StringConstraints(max_length=100)] = ""
    tags: list[Annotated[str, StringConstraints(max_length=100, pattern=r"\S")]] = Field(
        default_factory=list, max_length=100
    )
    language: Annotated[str, StringConstraints(max_length=35)] = Field(
        "", description="BCP 47, e.g. `en` or `pt-BR`"
    )
    reference: Annotated[Text, BeforeValidator(_joined)] = Field(
        "", description="a good answer; a list of texts, one for each turn, is joined"
    )
    rubric: Text = Field("", description="what judges should look at")
    system: Text = Field("", description="the system message that the competitors were given")
    contexts: list[Context] = Field(default_factory=list, max_length=1000)
    images: list[Text] = Field(
        default_factory=list, max_length=100, description="addresses or data URIs"
    )

    @model_validator(mode="after")
    def _settle(self) -> Self:
        if not self.messages:
            if self.text is None:
                raise fault("text", "is missing: a prompt has `text` or `messages`")
            self.messages = [Message(role="user", content=self.text)]
        self._lift_system_message()
        if not any(message.role == "user" and message.content.strip() for message in self.messages):
            raise fault("messages" if self.text is None else "text", "asks nothing")
        _check_total("messages", (message.content for message in self.messages))
        self.text = None
        return self

    def _lift_system_message(self) -> None:
        """A leading system message is the prompt's `system`: judges find it in one place."""
        if self.messages[0].role != "system":
            return
        if self.system and self.system != self.messages[0].content:
            raise fault("system", "differs from the system message in `messages`")
        self.system = self.messages[0].content
        self.messages = self.messages[1:]

    @property
    def texts(self) -> Iterable[str]:
        yield from (self.system, self.reference, self.rubric)
        yield from (message.content for message in self.messages)
        yield from (context.text for context in self.contexts)
        yield from self.images


class SentPrompt(PromptRecord):
    """A prompt that comes by itself, so that nothing but its fields says that it is one.

    An output in its place would overwrite the prompt that it answers. (The files of a folder are
    told apart by their names.)
    """

    @model_validator(mode="before")
    @classmethod
    def _refuse_outputs(cls, value: object) -> object:
        sent = _names(value)
        if sent & {"prompt", "prompt_id"}:
            for name in sorted(sent & {"competitor", "model"}):
                raise fault(name, LOOKS_LIKE_AN_OUTPUT)
        return value


LOOKS_LIKE_AN_OUTPUT = (
    "names a competitor, so this looks like an output: upload it on the Outputs tab, or POST it to "
    "/outputs; what a prompt is to keep of this kind goes inside its metadata"
)


class CompetitorRecord(Record):
    """A thing under test. `version_of` names the competitor that it is a new version of."""

    name: Name = Field(validation_alias=AliasChoices("name", "competitor", "model"))
    version_of: Name | None = None


class OutputRecord(Record):
    """What a competitor answered: `text`, or one text for each turn in `messages` or `turns`."""

    other_ways = {"turns": ("messages", "text")}

    prompt: Key = Field(
        validation_alias=AliasChoices("prompt", "prompt_id"), description="the prompt's `id`"
    )
    competitor: Name = Field(
        validation_alias=AliasChoices("competitor", "model"),
        description="its name; the competitor is created when new",
    )
    text: Text | None = Field(None, description="the answer, when there is one turn")
    messages: list[Message] | None = Field(
        None, max_length=1000, description="a conversation; its assistant messages are the answer"
    )
    turns: list[Text] = Field(
        default_factory=list, max_length=1000, description="the assistant's turns; wins over `text`"
    )
    sample: Count = Field(0, description="number of the answer, where there are several")
    tokens_in: Count | None = None
    tokens_out: Count | None = None
    latency_ms: Amount | None = Field(None, le=MAX_INTEGER)
    cost_usd: Amount | None = None
    metrics: dict[Annotated[str, StringConstraints(max_length=100)], FiniteFloat] = Field(
        default_factory=dict, max_length=100, description="objective measures, by name"
    )

    @model_validator(mode="after")
    def _settle(self) -> Self:
        if self.messages is not None:
            self.turns = [m.content for m in self.messages if m.role == "assistant"]
            if not self.turns:
                raise fault("messages", "holds no message of the assistant")
        elif not self.turns:
            if self.text is None:
                raise fault("text", "is missing: an output has `text` or `messages`")
            self.turns = [self.text]
        _check_total("turns", self.turns)
        self.text = self.messages = None
        return self

    @property
    def texts(self) -> Iterable[str]:
        return self.turns


class Scores(BaseModel):
    """The points that a judge gave to each of the two."""

    a: FiniteFloat
    b: FiniteFloat


class JudgmentRecord(Record):
    """A judgment made elsewhere. `a` and `b` are the competitors as named here, not as shown."""

    id: Key | None = Field(
        None,
        validation_alias=AliasChoices("id", "judgment_id"),
        description="your own key; a judgment that is sent again is not recorded twice",
    )
    prompt: Key = Field(validation_alias=AliasChoices("prompt", "prompt_id"))
    competitor_a: Name = Field(validation_alias=AliasChoices("competitor_a", "model_a"))
    competitor_b: Name = Field(validation_alias=AliasChoices("competitor_b", "model_b"))
    winner: Literal["a", "b", "tie", "both_bad"]
    judge: Annotated[str, StringConstraints(max_length=100, pattern=r"\S")]
    judge_kind: Literal["human", "llm", "gold", "metric", "reward_model"]
    score: Annotated[
        FiniteFloat | Scores | None, or_say("must be a number, or {a, b} of two numbers")
    ] = None
    score_a: FiniteFloat | None = None
    score_b: FiniteFloat | None = None
    rationale: Text = Field("", description="the judge's reason, in its own words")
    order: Literal["ab", "ba"] | None = Field(
        None, description="which was shown first: `ab` means competitor_a; left out: unknown"
    )
    order_known: bool = Field(False, description="of native files: a was shown first")
    sample: Count | None = Field(None, description="number of the repetition")

    @model_validator(mode="after")
    def _settle(self) -> Self:
        if self.competitor_a == self.competitor_b:
            raise fault("competitor_b", "is the same competitor as the first")
        if isinstance(self.score, Scores):
            self.score_a, self.score_b, self.score = self.score.a, self.score.b, None
        if self.order is None and self.order_known:
            self.order = "ab"
        return self

    @property
    def texts(self) -> Iterable[str]:
        return (self.rationale,)


class RationaleRecord(Record):
    """The judge's reason for a judgment of a native folder, kept in a file of its own."""

    judgment_id: Key
    text: Text

    @property
    def texts(self) -> Iterable[str]:
        return (self.text,)


R = TypeVar("R", bound=Record)


def validated(items: Iterable[tuple[int, object]], model: type[R]) -> Iterator[tuple[int, R]]:
    """Yield the good records; at the end raise BulkInvalid for the bad ones.

    `items` are pairs of the 1-based line and the parsed JSON, or the JsonError that it turned out
    to be.
    """
    faults = Faults()
    for line, item in items:
        if isinstance(item, JsonError):
            faults.add(line, item.field, item.message)
            continue
        try:
            record = model.model_validate(item)
        except ValidationError as error:
            sent = _names(item)
            for field, message in field_faults(error):
                faults.add(line, name_sent(model, sent, field), message)
        else:
            record._sent = _names(item)
            yield line, record
    faults.raise_if_any()


def name_sent(model: type[Record], sent: Collection[str], field: str) -> str:
    """The name among `sent` that stands for a field of `model`; its first name if none does."""
    names = [*_names_of(model, field), *model.other_ways.get(field, ())]
    return next((name for name in names if name in sent), names[0])


def _names_of(model: type[Record], field: str) -> list[str]:
    info = model.model_fields.get(field)
    alias = info.validation_alias if info else None
    return [str(name) for name in alias.choices] if isinstance(alias, AliasChoices) else [field]


def _names(item: object) -> frozenset[str]:
    """The fields that hold something."""
    if not isinstance(item, dict):
        return frozenset()
    return frozenset(name for name, value in item.items() if value not in (None, []))


def field_faults(error: ValidationError) -> list[tuple[str, str]]:
    """The faulty fields (dotted paths) of a pydantic error, each with what is wrong."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        context = item.get("ctx") or {}
        path = [str(part) for part in item["loc"]]
        if item["type"] == "arena":
            path += filter(None, [context["field"]])
        template = _MESSAGES.get(item["type"])
        found.append((".".join(path), template.format(**context) if template else item["msg"]))
    return found


_MESSAGES = {
    "missing": "is missing",
    "value_error": "{error}",
    "extra_forbidden": "is not known here",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "string_type": "must be text",
    "string_pattern_mismatch": "is empty, or has characters that are not allowed",
    "string_too_long": "is longer than {max_length:,} characters",
    "too_long": "has more than {max_length:,} items",
    "list_type": "must be a list",
    "dict_type": "must be a JSON object",
}


def _check_total(field: str, texts: Iterable[str]) -> None:
    if sum(map(len, texts)) > MAX_TEXT:
        raise fault(field, f"are longer than {MAX_TEXT:,} characters together")
