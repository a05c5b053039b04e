import asyncio

import pytest

from judges.contracts import Postponed
from judges.services.runner.flight import FlightGate, Places, Ticket, current_ticket

pytestmark = [pytest.mark.asyncio, pytest.mark.pure]


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_no_more_than_the_limit_take_a_place_and_the_first_to_wait_is_next():
    places, order = Places(2), []

    async def call(name):
        await places.take()
        order.append(name)

    tasks = [asyncio.create_task(call(name)) for name in "abcd"]
    await turns()
    assert order == ["a", "b"]

    places.give_back()
    await turns()
    assert order == ["a", "b", "c"]

    places.give_back()
    await asyncio.gather(*tasks)
    assert order == ["a", "b", "c", "d"]
    assert places.taken == 2


async def test_whoever_is_cancelled_while_waiting_costs_nobody_a_place():
    places = Places(1)
    await places.take()
    waiting = asyncio.create_task(places.take())
    await turns()

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    places.give_back()

    await asyncio.wait_for(places.take(), 1)
    assert places.taken == 1


async def test_a_place_that_was_handed_to_a_cancelled_call_is_handed_on():
    places = Places(1)
    await places.take()
    first, second = (asyncio.create_task(places.take()) for _ in range(2))
    await turns()

    places.give_back()
    asyncio.get_running_loop().call_soon(first.cancel)
    await turns()

    assert second.done()
    assert places.taken == 1


async def test_a_reply_on_its_way_to_the_table_holds_the_place_of_its_call():
    places = Places(1)
    gate, ticket = FlightGate(places, None), Ticket()
    current_ticket.set(ticket)
    await gate.enter("here", None, 0)
    assert ticket.calling == 1
    other = asyncio.create_task(gate.enter("here", None, 0))
    await turns()

    await gate.left("here", tokens=0, ok=True)
    places.keep()  # what the reply store does at once
    await turns()
    assert not other.done()

    places.give_back()  # and the writer when it is written
    await asyncio.wait_for(other, 1)
    assert ticket.unkept == 1


async def test_a_call_without_a_reply_frees_its_place_at_once():
    places = Places(1)
    gate, ticket = FlightGate(places, None), Ticket()
    current_ticket.set(ticket)
    await gate.enter("here", None, 0)

    await gate.left("here", tokens=0, ok=False)

    assert (places.taken, ticket.calling, ticket.unkept) == (0, 0, 0)


async def test_waiting_at_the_shared_gate_takes_no_place():
    class Shared:
        def __init__(self):
            self.opened = asyncio.Event()
            self.told = []

        async def enter(self, address, row, tokens):
            await self.opened.wait()

        async def left(self, address, *, tokens, ok, pause=0.0, **_):
            self.told.append((tokens, ok, pause))

    places, shared = Places(1), Shared()
    gate = FlightGate(places, shared)
    current_ticket.set(Ticket())
    call = asyncio.create_task(gate.enter("here", None, 7))
    await turns()
    assert places.taken == 0

    shared.opened.set()
    await call
    await gate.left("here", tokens=7, ok=False, pause=2.0)
    assert places.taken == 0
    assert shared.told == [(7, False, 2.0)]


async def test_no_call_is_sent_once_the_run_is_ending():
    places = Places(1)
    places.closed = True
    current_ticket.set(Ticket())

    with pytest.raises(Postponed):
        await FlightGate(places, None).enter("here", None, 0)
