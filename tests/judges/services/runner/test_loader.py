import asyncio

import pytest

from judges.services.runner.flight import Places, Ticket, current_ticket
from judges.services.runner.loader import ReplyLoader

pytestmark = [pytest.mark.asyncio, pytest.mark.pure]


class Table:
    def __init__(self, **rows):
        self.rows = rows
        self.queries = []

    async def look_up(self, keys):
        self.queries.append(sorted(keys))
        await asyncio.sleep(0)
        return {key: self.rows[key] for key in keys if key in self.rows}


def loader(table, limit=10):
    woken = []
    return ReplyLoader(table.look_up, Places(limit), lambda: woken.append(1)), woken


async def as_judgment(work, ticket=None):
    current_ticket.set(ticket or Ticket())
    return await work


def judgment(work, ticket=None):
    return asyncio.create_task(as_judgment(work, ticket))


async def test_look_ups_of_many_judgments_make_one_query():
    table = Table(a={"text": "A"})
    replies, _ = loader(table)
    shelf = replies.shelf(1)

    found = await asyncio.gather(*(judgment(shelf.get(key)) for key in "abc"))

    assert found == [{"text": "A"}, None, None]
    assert table.queries == [["a", "b", "c"]]


async def test_what_is_put_is_found_before_and_after_it_is_written():
    table = Table()
    replies, woken = loader(table)
    shelf = replies.shelf(7)
    ticket = Ticket(unkept=1)

    async def fetch():
        assert await shelf.get("a") is None
        shelf.put("a", {"text": "A"})

    await judgment(fetch(), ticket)

    assert await judgment(shelf.get("a")) == {"text": "A"}
    assert woken
    assert ticket.unkept == 0
    [paid] = replies.unwritten()
    assert (paid.key, paid.project_id, paid.reply) == ("a", 7, {"text": "A"})
    table.rows["a"] = paid.reply
    replies.written([paid])
    assert replies.unwritten() == []
    assert await judgment(shelf.get("a")) == {"text": "A"}


async def test_an_equal_question_waits_for_the_first_to_be_answered():
    replies, _ = loader(Table())
    shelf = replies.shelf(1)
    asked, first_asks, reply_came = [], asyncio.Event(), asyncio.Event()

    async def ask(name):
        if (found := await shelf.get("same")) is not None:
            return found
        asked.append(name)
        first_asks.set()
        await reply_came.wait()
        shelf.put("same", {"by": name})
        return {"by": name}

    both = [judgment(ask("one")), judgment(ask("two"))]
    await first_asks.wait()
    reply_came.set()

    assert await asyncio.gather(*both) == [{"by": "one"}, {"by": "one"}]
    assert asked == ["one"]


async def test_when_the_first_gives_up_the_next_asks():
    replies, _ = loader(Table())
    shelf = replies.shelf(1)
    first = Ticket()
    assert await judgment(shelf.get("same"), first) is None
    second = judgment(shelf.get("same"))
    await asyncio.sleep(0.01)
    assert not second.done()

    replies.give_up(first)

    assert await asyncio.wait_for(second, 1) is None


async def test_a_failing_look_up_fails_those_who_asked_and_no_others():
    table = Table(b={"text": "B"})
    replies, _ = loader(table)
    shelf, right = replies.shelf(1), table.look_up

    async def broken(keys):
        raise OSError("gone")

    replies._look_up = broken
    with pytest.raises(OSError, match="gone"):
        await judgment(shelf.get("a"))

    replies._look_up = right
    assert await judgment(shelf.get("b")) == {"text": "B"}
