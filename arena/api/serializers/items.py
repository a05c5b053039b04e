"""The rows of lists. What is listed can be sent back as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from arena.api.serializers.common import Page, Strict
from arena.datasets.records import Context, Message
from arena.models import Competitor, Output, Project, Prompt

Slug = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
ProjectName = Annotated[str, Field(max_length=200, pattern=r"\S")]
Description = Annotated[str, Field(max_length=20_000)]


class NewProject(Strict):
    """A project to be made. `name` defaults to the slug.

    A `private` project belongs to its maker, who becomes its only member and owner; others belong
    to everybody with an account. The default is private, except on an installation whose pages can
    be read without signing in.
    """

    slug: Slug
    name: ProjectName | None = None
    description: Description = ""
    private: bool | None = None


class ProjectChanges(Strict):
    """What is to be changed; the slug stays."""

    name: ProjectName | None = None
    description: Description | None = None


class ProjectItem(BaseModel):
    """A project."""

    slug: str
    name: str
    description: str
    created_at: datetime

    @classmethod
    def of(cls, row: Project) -> Self:
        return cls(
            slug=row.slug,
            name=row.name,
            description=row.description,
            created_at=row.created_at,
        )


class PromptItem(BaseModel):
    """A prompt. `text` holds what the user says; `messages` is null when that is one message."""

    id: str
    text: str
    messages: list[Message] | None
    category: str
    tags: list[str]
    language: str
    reference: str
    rubric: str
    system: str
    contexts: list[Context]
    images: list[str]
    metadata: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, row: Prompt) -> Self:
        said = [message["content"] for message in row.messages if message["role"] == "user"]
        return cls(
            id=row.key,
            text="\n\n".join(said),
            messages=row.messages if len(row.messages) > 1 else None,
            category=row.category,
            tags=row.tags,
            language=row.language,
            reference=row.reference,
            rubric=row.rubric,
            system=row.system,
            contexts=row.contexts,
            images=row.images,
            metadata=row.metadata,
            created_at=row.created_at,
        )


class CompetitorItem(BaseModel):
    """A competitor."""

    name: str
    version_of: str | None
    metadata: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, row: Competitor) -> Self:
        return cls(
            name=row.name,
            version_of=row.version_of.name if row.version_of else None,
            metadata=row.metadata,
            created_at=row.created_at,
        )


class OutputItem(BaseModel):
    """An output. `text` holds all turns; `messages` is null when there is one."""

    prompt: str
    competitor: str
    text: str
    messages: list[Message] | None
    sample: int
    tokens_in: int | None
    tokens_out: int | None
    latency_ms: int | None
    cost_usd: float | None
    metrics: dict[str, float]
    metadata: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, row: Output) -> Self:
        turns = [Message(role="assistant", content=turn) for turn in row.turns]
        return cls(
            prompt=row.prompt.key,
            competitor=row.competitor.name,
            text=row.text,
            messages=turns if len(turns) > 1 else None,
            sample=row.sample,
            tokens_in=row.tokens_in,
            tokens_out=row.tokens_out,
            latency_ms=row.latency_ms,
            cost_usd=row.cost_usd,
            metrics=row.metrics,
            metadata=row.metadata,
            created_at=row.created_at,
        )


class ProjectPage(Page[ProjectItem]):
    """Projects."""


class PromptPage(Page[PromptItem]):
    """Prompts."""


class CompetitorPage(Page[CompetitorItem]):
    """Competitors."""


class OutputPage(Page[OutputItem]):
    """Outputs."""
