"""A DNS server on loopback with the records that a test gives it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """`records` are lines `name TTL type value`; `asked` is what was asked, in order; `is_silent` answers nobody."""

    def __init__(self, records: str) -> None:
        self.zone: dict[tuple[str, str], dns.rrset.RRset] = {}
        self.asked: list[tuple[str, str]] = []
        self.is_silent = False
        for line in filter(None, map(str.strip, records.splitlines())):
            self.add(line)

    def add(self, line: str) -> None:
        """One more record."""
        name, ttl, kind, value = line.split(maxsplit=3)
        key = (f"{name}.", kind)
        known = [item.to_text() for item in self.zone[key]] if key in self.zone else []
        self.zone[key] = dns.rrset.from_text(f"{name}.", int(ttl), "IN", kind, *known, value)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, octets: bytes, address: tuple[str, int]) -> None:
        """Answers one question."""
        query = dns.message.from_wire(octets)
        question = query.question[0]
        key = (question.name.to_text(), dns.rdatatype.to_text(question.rdtype))
        self.asked.append((key[0].rstrip("."), key[1]))
        if self.is_silent:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        alias = self.zone.get((key[0], "CNAME"))
        if alias is not None:
            answer.answer.append(alias)
            key = (alias[0].target.to_text(), key[1])
        found = self.zone.get(key)
        if found is not None:
            answer.answer.append(found)
        elif not any(name == key[0] for name, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), address)


@asynccontextmanager
async def name_server(records: str) -> AsyncIterator[tuple[NameServer, int]]:
    """A running server and its port."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(records), ("127.0.0.1", 0)
    )
    try:
        yield server, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
