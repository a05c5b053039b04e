"""The reply store of a run: look-ups of a few milliseconds make one query, and what is put is
written by the run's writer, before any judgment made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from judges.contracts import Kept, ReplyStore
from judges.services.replies import PaidReply
from judges.services.runner.flight import Places, Ticket, current_ticket

GATHER = 0.003
"""Seconds in which look-ups gather for one query."""

LookUp = Callable[[Collection[str]], Awaitable[Mapping[str, PaidReply]]]


class ReplyLoader:
    """Stored replies of all projects, and those on their way to the table.

    When several judgments want one reply, the first fetches it and the others wait for it.
    """

    def __init__(self, look_up: LookUp, places: Places, on_put: Callable[[], None]) -> None:
        self._look_up = look_up
        self._places = places
        self._on_put = on_put
        self._asked: dict[str, asyncio.Future[PaidReply | None]] = {}
        self._loading: asyncio.Task[None] | None = None
        self._unwritten: dict[str, PaidReply] = {}
        self._fetching: dict[str, asyncio.Event] = {}

    def shelf(self, project_id: int) -> ReplyStore:
        """The store as the judges of a project see it."""
        return _Shelf(self, project_id)

    async def get(self, key: str) -> Kept | None:
        """The reply under `key`; None makes the asking judgment the one that fetches it."""
        ticket = current_ticket.get()
        while (other := self._fetching.get(key)) is not None and key not in ticket.keys:
            await other.wait()
        if key in self._unwritten:
            return _kept(self._unwritten[key], ticket)
        self._fetching.setdefault(key, asyncio.Event())
        ticket.keys.add(key)
        found = await self._load(key)
        if found is None:
            return None
        self._release(ticket, key)
        return _kept(found, ticket)

    def put(self, key: str, project_id: int, reply: Mapping[str, Any]) -> None:
        """Keep a reply that came in. It holds the place of its call until it is written."""
        ticket = current_ticket.get()
        self._release(ticket, key)
        ticket.charged.add(key)
        if key in self._unwritten:
            return
        if ticket.unkept:
            ticket.unkept -= 1
        self._unwritten[key] = PaidReply(key, project_id, ticket.owner, reply)
        self._places.keep()
        self._on_put()

    def give_up(self, ticket: Ticket) -> None:
        """The judgment ended; what it was to fetch and did not, others may."""
        for key in tuple(ticket.keys):
            self._release(ticket, key)

    def unwritten(self) -> list[PaidReply]:
        """What has to be written."""
        return list(self._unwritten.values())

    def written(self, replies: Collection[PaidReply]) -> None:
        """These stand in the table now."""
        for reply in replies:
            del self._unwritten[reply.key]

    def _release(self, ticket: Ticket, key: str) -> None:
        if key in ticket.keys:
            ticket.keys.discard(key)
            self._fetching.pop(key).set()

    async def _load(self, key: str) -> PaidReply | None:
        if key not in self._asked:
            self._asked[key] = asyncio.get_running_loop().create_future()
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load_all())
        return await asyncio.shield(self._asked[key])

    async def _load_all(self) -> None:
        await asyncio.sleep(GATHER)
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._look_up(list(asked))
            except Exception as error:  # noqa: BLE001  # told to everybody who asked
                for waiting in asked.values():
                    waiting.set_exception(error)
                continue
            for key, waiting in asked.items():
                waiting.set_result(found.get(key))


def _kept(found: PaidReply, ticket: Ticket) -> Kept:
    """The reply as this judgment sees it; it bears the price of one at most once."""
    mine = bool(ticket.owner) and found.owner == ticket.owner and found.key not in ticket.charged
    if mine:
        ticket.charged.add(found.key)
    return Kept(found.reply, mine)


class _Shelf:
    def __init__(self, loader: ReplyLoader, project_id: int) -> None:
        self._loader = loader
        self._project_id = project_id

    async def get(self, key: str) -> Kept | None:
        return await self._loader.get(key)

    def put(self, key: str, reply: Mapping[str, Any]) -> None:
        self._loader.put(key, self._project_id, reply)
