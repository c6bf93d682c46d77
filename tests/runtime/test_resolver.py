"""Names asked of a DNS server of our own, with RFC 3263's order, caching and what happens when nobody answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.runtime.hosts import Hosts
from gateway.runtime.resolver import UNKNOWN_FOR, Resolver
from gateway.sip.flow import Flow, Transport
from gateway.sip.locating import Target
from tests.runtime.name_server import NameServer, name_server
from tests.runtime.station import Clock, Runner, both_loops, soon

ZONE = """
    example.com 300 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.example.com.
    example.com 300 NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.example.com.
    _sips._tcp.example.com 300 SRV 1 0 5061 one.example.com.
    _sips._tcp.example.com 300 SRV 2 0 5062 two.example.com.
    _sip._udp.example.com 300 SRV 1 0 5060 one.example.com.
    one.example.com 300 A 192.0.2.1
    one.example.com 300 AAAA 2001:db8::1
    two.example.com 60 A 192.0.2.2
"""
LISTENERS = [
    (Transport.UDP, "127.0.0.1", 5060),
    (Transport.TLS, "127.0.0.1", 5061),
    (Transport.TLS, "::1", 5061),
    (Transport.UDP, "::1", 5060),
]


def _listener(transport: Transport, host: str) -> int:
    return [t is transport and (":" in h) == (":" in host) for t, h, _ in LISTENERS].index(True)


class Asker:
    """A resolver and its server."""

    def __init__(self, server: NameServer, port: int, hosts: Path, lifetime: float) -> None:
        self.server = server
        self.clock = Clock()
        self.resolver = Resolver(
            asyncio.get_running_loop(),
            self.clock,
            LISTENERS,
            _listener,
            nameservers=["127.0.0.1"],
            port=port,
            hosts=hosts,
            lifetime=lifetime,
            draw=lambda most: 0,
        )
        self.batches = 0
        self.resolver.after_batch = self._batch

    async def ways(self, sought: Target | str) -> list[str]:
        """Where it leads."""
        return [str(flow) for flow in await self.flows(sought)]

    async def flows(self, sought: Target | str) -> tuple[Flow, ...]:
        """The flows that lead there."""
        found: asyncio.Future[tuple[Flow, ...]] = asyncio.get_running_loop().create_future()
        self.resolver.locate(sought, lambda flows, now: found.set_result(flows))
        return await soon(found)

    def _batch(self) -> None:
        self.batches += 1


@asynccontextmanager
async def _asker(records: str = ZONE, hosts: Path = Path("none"), lifetime: float = 4.0) -> AsyncIterator[Asker]:
    async with name_server(records) as (server, port):
        asker = Asker(server, port, hosts, lifetime)
        try:
            yield asker
        finally:
            await asker.resolver.close()


@both_loops
def test_naptr_srv_and_addresses_give_the_ways_in_order(run: Runner) -> None:
    async def exchange() -> None:
        async with _asker() as asker:
            flows = await asker.flows("sip:bob@example.com")
            assert flows == (
                Flow(Transport.TLS, "192.0.2.1", 5061, listener=1, server_name="example.com"),
                Flow(Transport.TLS, "2001:db8::1", 5061, listener=2, server_name="example.com"),
                Flow(Transport.TLS, "192.0.2.2", 5062, listener=1, server_name="example.com"),
                Flow(Transport.UDP, "192.0.2.1", 5060, listener=0),
                Flow(Transport.UDP, "2001:db8::1", 5060, listener=3),
            )
            assert asker.batches == 1

    run(exchange())


@both_loops
def test_addresses_are_answered_within_the_call_and_bad_uris_too(run: Runner) -> None:
    async def exchange() -> None:
        async with _asker() as asker:
            heard: list[tuple[Flow, ...]] = []
            asker.resolver.locate("sip:192.0.2.7", lambda flows, now: heard.append(flows))
            asker.resolver.locate("tel:+4930", lambda flows, now: heard.append(flows))
            assert heard == [(Flow(Transport.UDP, "192.0.2.7", 5060),), ()]
            assert asker.server.asked == []
            assert asker.batches == 0

    run(exchange())


@both_loops
def test_answers_are_kept_for_as_long_as_the_zone_says(run: Runner) -> None:
    async def exchange() -> None:
        async with _asker() as asker:
            sought = Target("two.example.com", 5060)
            assert await asker.ways(sought) == ["udp:192.0.2.2:5060"]
            asked = len(asker.server.asked)
            assert await asker.ways(sought) == ["udp:192.0.2.2:5060"]
            assert len(asker.server.asked) == asked
            asker.clock.ahead = 61
            asker.server.zone.clear()
            asker.server.add("two.example.com 60 A 192.0.2.3")
            assert await asker.ways(sought) == ["udp:192.0.2.3:5060"]

    run(exchange())


@both_loops
def test_what_nobody_knows_is_asked_again_a_little_later(run: Runner) -> None:
    async def exchange() -> None:
        async with _asker() as asker:
            assert await asker.ways("sip:new.example.com") == []
            asker.server.add("new.example.com 60 A 192.0.2.4")
            assert await asker.ways("sip:new.example.com") == []
            asker.clock.ahead = UNKNOWN_FOR + 0.1
            assert await asker.ways("sip:new.example.com") == ["udp:192.0.2.4:5060"]

    run(exchange())


@both_loops
def test_the_same_question_is_asked_once_by_many(run: Runner) -> None:
    async def exchange() -> None:
        async with _asker() as asker:
            every = await asyncio.gather(*(asker.ways("sip:two.example.com:5060") for _ in range(20)))
            assert every == [["udp:192.0.2.2:5060"]] * 20
            assert sorted(asker.server.asked) == [("two.example.com", "A"), ("two.example.com", "AAAA")]

    run(exchange())


@both_loops
def test_a_server_that_is_silent_is_not_waited_for_forever(run: Runner) -> None:
    async def exchange() -> None:
        async with _asker(lifetime=0.2) as asker:
            asker.server.is_silent = True
            assert await asker.ways("sip:example.com") == []

    run(exchange())


@both_loops
def test_an_alias_leads_to_the_addresses_of_its_host(run: Runner) -> None:
    async def exchange() -> None:
        async with _asker("alias.example.com 60 CNAME two.example.com.\ntwo.example.com 9 A 192.0.2.8") as asker:
            assert await asker.ways("sip:alias.example.com:5060") == ["udp:192.0.2.8:5060"]
            asker.server.zone.clear()
            asker.clock.ahead = 8
            assert await asker.ways("sip:alias.example.com:5060") == ["udp:192.0.2.8:5060"]
            asker.clock.ahead = 10
            assert await asker.ways("sip:alias.example.com:5060") == []

    run(exchange())


@both_loops
def test_the_hosts_file_comes_before_dns(run: Runner, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.5 pbx example.com # by hand\n2001:db8::5\tpbx\n127.0.0.1 localhost\n")

    async def exchange() -> None:
        async with _asker(hosts=hosts) as asker:
            assert await asker.ways("sip:pbx:5070") == ["udp:192.0.2.5:5070", "udp:[2001:db8::5]:5070"]
            assert await asker.ways("sip:example.com") == ["udp:192.0.2.5:5060"]
            assert await asker.ways("sips:localhost") == ["tls:127.0.0.1:5061"]
            assert asker.server.asked == []

    run(exchange())


def test_the_hosts_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    hosts = Hosts(path)
    assert hosts.addresses("pbx") == ()
    assert hosts.addresses("LocalHost.") == ("127.0.0.1", "::1")
    path.write_text("192.0.2.5 PBX\nnonsense\n\n# 192.0.2.6 pbx\n")
    assert hosts.addresses("pbx") == ("192.0.2.5",)
    path.unlink()
    assert hosts.addresses("pbx") == ()


@both_loops
def test_who_closes_is_told_no_more(run: Runner) -> None:
    async def exchange() -> None:
        heard: list[object] = []
        async with _asker() as asker:
            asker.server.is_silent = True
            asker.resolver.locate("sip:example.com", lambda flows, now: heard.append(flows))
            await asyncio.sleep(0)
        assert heard == []

    run(exchange())
