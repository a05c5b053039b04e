"""A resolver for aiohttp that gives only addresses that may be connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection

from aiohttp.abc import AbstractResolver, ResolveResult

from judges.remote import addresses


class CheckedResolver(AbstractResolver):
    """Resolves by the system. aiohttp connects to what this returns and asks nobody else."""

    def __init__(self, listed: Collection[str]) -> None:
        self._listed = listed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of `host`; a permanent JudgeError when any of them is not allowed."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results = []
        for kind, _, protocol, _, address in found:
            number = str(address[0])
            addresses.check(host, number, self._listed)
            results.append(
                ResolveResult(
                    hostname=host,
                    host=number,
                    port=port,
                    family=kind,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing is held open."""
