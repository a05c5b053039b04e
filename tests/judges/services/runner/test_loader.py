import asyncio

import pytest

from judges.contracts import Kept
from judges.services.replies import PaidReply
from judges.services.runner.flight import Places, Ticket, current_ticket
from judges.services.runner.loader import ReplyLoader

pytestmark = [pytest.mark.asyncio, pytest.mark.pure]


def row(key, reply):
    """A stored reply; its owner stands in the reply, so that tests can say it."""
    return PaidReply(key, 1, reply.get("owner", ""), reply)


class Table:
    def __init__(self, **rows):
        self.rows = rows
        self.queries = []

    async def look_up(self, keys):
        self.queries.append(sorted(keys))
        await asyncio.sleep(0)
        return {key: row(key, self.rows[key]) for key in keys if key in self.rows}


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

    assert found == [Kept({"text": "A"}), None, None]
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

    assert await judgment(shelf.get("a")) == Kept({"text": "A"})
    assert woken
    assert ticket.unkept == 0
    [paid] = replies.unwritten()
    assert (paid.key, paid.project_id, paid.reply) == ("a", 7, {"text": "A"})
    table.rows["a"] = paid.reply
    replies.written([paid])
    assert replies.unwritten() == []
    assert await judgment(shelf.get("a")) == Kept({"text": "A"})


async def test_an_equal_question_waits_for_the_first_to_be_answered():
    replies, _ = loader(Table())
    shelf = replies.shelf(1)
    asked, first_asks, reply_came = [], asyncio.Event(), asyncio.Event()

    async def ask(name):
        if (found := await shelf.get("same")) is not None:
            return found.reply
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
    table = Table()
    replies, _ = loader(table)
    shelf, right = replies.shelf(1), table.look_up
    under_way, fail = asyncio.Event(), asyncio.Event()

    async def broken(keys):
        under_way.set()
        await fail.wait()
        replies._look_up = right
        raise OSError("gone")

    replies._look_up = broken
    one = judgment(shelf.get("a"))
    await under_way.wait()
    other = judgment(shelf.get("b"))  # asked while the look-up for a is failing
    await asyncio.sleep(0)
    fail.set()

    with pytest.raises(OSError, match="gone"):
        await one
    assert await asyncio.wait_for(other, 1) is None
    assert table.queries == [["b"]]


async def test_a_judgment_bears_the_price_of_what_an_earlier_attempt_of_its_own_paid_once():
    replies, _ = loader(Table(a={"owner": "1:2:ab:0"}, b={"owner": "9:9:ab:0"}))
    shelf = replies.shelf(1)

    async def attempt():
        return [(await shelf.get(key)).mine for key in ("a", "b", "a")]

    assert await judgment(attempt(), Ticket("1:2:ab:0")) == [True, False, False]
    assert await judgment(attempt(), Ticket("1:2:ab:0")) == [True, False, False]
    assert await judgment(attempt(), Ticket("3:4:ab:0")) == [False, False, False]


async def test_what_it_fetched_itself_it_does_not_pay_for_again():
    replies, _ = loader(Table())
    shelf = replies.shelf(1)

    async def attempt():
        shelf.put("a", {"text": "A"})
        return (await shelf.get("a")).mine

    assert await judgment(attempt(), Ticket("1:2:ab:0", unkept=1)) is False
    assert await judgment(shelf.get("a"), Ticket("1:2:ab:0")) == Kept({"text": "A"}, mine=True)
