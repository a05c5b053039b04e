"""Declared limits shared by all workers, in Redis.

One Lua script holds the rules of `limits.LocalLimits`, so that each step is atomic; the clock is
the server's. An endpoint without declared limits costs no round trip per call: only pauses are
shared, and looked up once a second. When Redis is away each process keeps the limits by itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from judges.llm.limits import NO_LIMITS, POLL, Limits, LocalLimits, Turn

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger(__name__)

PREFIX = "arena:limits"

HOLD = 60.0
"""Seconds after which a call in flight counts no more, unless its process renews it: that of a
killed worker must not take a place for ever."""

RENEW_EVERY = HOLD / 4
"""Each event loop that has calls in flight does so by a task of its own, whether calls come or not:
at the limit none is let in for as long as those under way last."""

PEEK_EVERY = 1.0
AWAY = 5.0
"""Seconds for which Redis is not asked after it failed."""

TIMEOUT = 2.0
CONNECTIONS = 8

SCRIPT = """
local state, calls, op = KEYS[1], KEYS[2], ARGV[1]
local now = tonumber(ARGV[2])
if now < 0 then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1e6
end
local function get(name) return tonumber(redis.call('HGET', state, name) or 0) end
local function set(name, value)
  redis.call('HSET', state, name, string.format('%.6f', value))
  redis.call('EXPIRE', state, math.ceil(math.max(600, value - now + 60)))
end
local function hold(ticket, seconds)
  redis.call('ZADD', calls, string.format('%.6f', now + seconds), ticket)
  redis.call('EXPIRE', calls, math.ceil(seconds + 60))
end
local function turn(tat, start, cost, interval, burst)
  return math.max(start, math.max(tat, start) + (cost - math.max(burst, cost)) * interval)
end

if op == 'take' then
  local patience, tokens = tonumber(ARGV[3]), tonumber(ARGV[4])
  local r_interval, r_burst = tonumber(ARGV[5]), tonumber(ARGV[6])
  local t_interval, t_burst = tonumber(ARGV[7]), tonumber(ARGV[8])
  local most, seconds, poll = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
  local pause = get('pause')
  local start = math.max(now, pause)
  local at, left = start, string.format('%.6f', math.max(0, pause - now))
  if r_interval > 0 then at = math.max(at, turn(get('requests'), start, 1, r_interval, r_burst)) end
  if t_interval > 0 then
    at = math.max(at, turn(get('tokens'), start, tokens, t_interval, t_burst))
  end
  local wait = string.format('%.6f', at - now)
  if most > 0 then
    redis.call('ZREMRANGEBYSCORE', calls, '-inf', now)
    if redis.call('ZCARD', calls) >= most then
      return {string.format('%.6f', math.max(at - now, poll)), 0, left}
    end
  end
  if at - now > patience then return {wait, 0, left} end
  if r_interval > 0 then set('requests', math.max(get('requests'), at) + r_interval) end
  if t_interval > 0 then set('tokens', math.max(get('tokens'), at) + tokens * t_interval) end
  if most > 0 then hold(ARGV[12], at - now + seconds) end
  return {wait, 1, left}
elseif op == 'give_back' then
  local t_interval, surplus, pause = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  redis.call('ZREM', calls, ARGV[6])
  if t_interval > 0 and surplus ~= 0 then set('tokens', get('tokens') + surplus * t_interval) end
  if pause > 0 then set('pause', math.max(get('pause'), now + pause)) end
else
  for index = 4, #ARGV do
    if redis.call('ZSCORE', calls, ARGV[index]) then hold(ARGV[index], tonumber(ARGV[3])) end
  end
end
return {'0', 1, '0'}
"""


class RedisLimits:
    """Limits that all processes share which use the same Redis."""

    def __init__(self, url: str, clock: Callable[[], float] | None = None) -> None:
        """`clock` stands in for the server's clock in tests."""
        self._url = url
        self._clock = clock
        self._local = LocalLimits()
        self._clients: dict[asyncio.AbstractEventLoop, tuple[Redis, Any]] = {}
        self._held: defaultdict[asyncio.AbstractEventLoop, dict[str, set[str]]] = defaultdict(dict)
        self._keepers: dict[asyncio.AbstractEventLoop, asyncio.Task[None]] = {}
        self._peeked: defaultdict[str, float] = defaultdict(float)
        self._away_until = 0.0

    async def take(
        self, address: str, limits: Limits, tokens: int, ticket: str, patience: float
    ) -> Turn:
        """As LimitStore says."""
        if not limits:
            await self._peek(address)
            return await self._local.take(address, limits, tokens, ticket, patience)
        turn = await self._take(address, limits, tokens, ticket, patience)
        if turn is None:
            return await self._local.take(address, limits, tokens, ticket, patience)
        if turn.taken and limits.in_flight is not None:
            self._hold(address, ticket)
        return turn

    async def give_back(
        self, address: str, limits: Limits, ticket: str, surplus: int, pause: float
    ) -> None:
        """As LimitStore says."""
        await self._local.give_back(address, limits, ticket, surplus, pause)
        self._let_go(address, ticket)
        moves_tokens = limits.tokens is not None and surplus != 0
        if moves_tokens or limits.in_flight is not None or pause > 0:
            interval = limits.tokens.interval if limits.tokens else 0.0
            await self._run(address, "give_back", interval, surplus, pause, ticket)

    def paused(self, address: str) -> float:
        """As LimitStore says."""
        return self._local.paused(address)

    async def close(self) -> None:
        """As LimitStore says."""
        loop = asyncio.get_running_loop()
        self._held.pop(loop, None)
        if keeper := self._keepers.pop(loop, None):
            keeper.cancel()
            await asyncio.wait([keeper])
        client = self._clients.pop(loop, None)
        if client is not None:
            await client[0].aclose()

    async def _take(
        self, address: str, limits: Limits, tokens: int, ticket: str, patience: float
    ) -> Turn | None:
        """None when Redis is away."""
        requests, per_token = limits.requests, limits.tokens
        found = await self._run(
            address,
            "take",
            patience,
            tokens,
            requests.interval if requests else 0,
            requests.burst if requests else 0,
            per_token.interval if per_token else 0,
            per_token.burst if per_token else 0,
            limits.in_flight or 0,
            HOLD,
            POLL,
            ticket,
        )
        if found is None:
            return None
        wait, taken, pause = found
        if float(pause) > 0:
            self._local.pause(address, float(pause))
        return Turn(float(wait), bool(taken))

    async def _peek(self, address: str) -> None:
        """Learn of pauses that other processes were asked for."""
        now = time.monotonic()
        if now - self._peeked[address] >= PEEK_EVERY:
            self._peeked[address] = now
            await self._take(address, NO_LIMITS, 0, "", 0.0)

    def _hold(self, address: str, ticket: str) -> None:
        """Keep the place until it is given back."""
        loop = asyncio.get_running_loop()
        self._held[loop].setdefault(address, set()).add(ticket)
        keeper = self._keepers.get(loop)
        if keeper is None or keeper.done():
            self._keepers[loop] = loop.create_task(self._keep(loop))

    def _let_go(self, address: str, ticket: str) -> None:
        held = self._held.get(asyncio.get_running_loop(), {})
        tickets = held.get(address, set())
        tickets.discard(ticket)
        if not tickets:
            held.pop(address, None)

    async def _keep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Renew the places that calls of this loop hold, for as long as there are any."""
        while self._held[loop]:
            await asyncio.sleep(RENEW_EVERY)
            for address, tickets in list(self._held[loop].items()):
                await self._run(address, "renew", HOLD, *tickets)

    async def _run(self, address: str, *args: str | float) -> list[Any] | None:
        """Run the script; None, with a warning, when Redis is away."""
        from redis.exceptions import RedisError  # slow

        if time.monotonic() < self._away_until:
            return None
        name = hashlib.sha256(address.encode()).hexdigest()[:24]  # holds no secret, yet is shorter
        keys = [f"{PREFIX}:{{{name}}}", f"{PREFIX}:{{{name}}}:calls"]
        op, *rest = args
        now = self._clock() if self._clock else -1
        try:
            return cast("list[Any]", await self._script()(keys=keys, args=[op, now, *rest]))
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + AWAY
            logger.warning("Redis is away, so each worker keeps rate limits alone: %s", error)
            return None

    def _script(self) -> Any:
        """The script, bound to a client of the running loop: connections belong to one."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            from redis.asyncio import BlockingConnectionPool, Redis  # slow

            pool = BlockingConnectionPool.from_url(
                self._url,
                max_connections=CONNECTIONS,
                timeout=TIMEOUT,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
            )
            client = Redis.from_pool(pool)
            self._clients[loop] = (client, client.register_script(SCRIPT))
        return self._clients[loop][1]
