"""Names asked of DNS, for `gateway.sip.locating` (RFC 3263): cached for as long as the zone allows."""

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

from gateway.model.errors import DecodeError
from gateway.runtime.hosts import HOSTS, Hosts
from gateway.sip.flow import Flow, Transport
from gateway.sip.locating import Kind, Means, Naptr, Question, Record, Search, Srv, Target, locate, target

Done = Callable[[tuple[Flow, ...], float], None]
"""Gets the ways to try, best first, and the time."""

UNKNOWN_FOR = 5.0
"""Seconds for which a name that nobody knows, or a server that does not answer, is not asked for again."""

LIFETIME = 4.0
"""Seconds that one question may take."""

_LONGEST = 3600.0
_MOST_KEPT = 8192
_LONGEST_KEPT = 200
_ASKABLE = {kind: dns.rdatatype.from_text(kind) for kind in Kind}


class Resolver:
    """`listeners` are ours (transport, host, port): they say which transports and address families we have.

    `listener` picks the one that a request to an address leaves by. `nameservers` instead of the system's are for
    one `port`. `after_batch` is called after each `done` that was not called at once.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float],
        listeners: Sequence[tuple[Transport, str, int]],
        listener: Callable[[Transport, str], int],
        *,
        nameservers: Sequence[str] = (),
        port: int = 53,
        hosts: Path = HOSTS,
        lifetime: float = LIFETIME,
        draw: Callable[[int], int] | None = None,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._listener = listener
        self._means = _means(listeners, draw or (lambda most: random.randint(0, most)))  # noqa: S311
        self._hosts = Hosts(hosts)
        self._dns = _dns(nameservers, port, lifetime)
        self._kept: dict[Question, tuple[float, tuple[Record, ...]]] = {}
        self._asked: dict[Question, asyncio.Task[tuple[Record, ...]]] = {}
        self._searches: set[asyncio.Task[None]] = set()
        self._numeric: dict[str, tuple[Flow, ...]] = {}
        self.after_batch: Callable[[], None] = lambda: None

    def locate(self, sought: Target | str, done: Done) -> None:
        """Finds the ways to a target or URI: at once where it is an address, else later. None: nobody is there."""
        # The Contact of a peer leads the same way for each request of its calls.
        known = self._numeric.get(sought) if isinstance(sought, str) else None
        now = self._clock()
        if known is not None:
            done(known, now)
            return
        try:
            wanted = _target(sought) if isinstance(sought, str) else sought
        except DecodeError:
            done((), now)
            return
        search = locate(wanted, self._means)
        try:
            questions = next(search)
        except StopIteration as found:
            done(self._keep_numeric(sought, self._leaving(found.value)), now)
            return
        task = self._loop.create_task(self._search(search, questions, done))
        self._searches.add(task)
        task.add_done_callback(self._searches.discard)

    async def close(self) -> None:
        """Nothing is asked any more, and nobody is told."""
        tasks = (*self._searches, *self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _search(self, search: Search, questions: tuple[Question, ...], done: Done) -> None:
        while True:
            answers = await asyncio.gather(*(self._answer(question) for question in questions))
            try:
                questions = search.send(answers)
            except StopIteration as found:
                self._tell(done, self._leaving(found.value))
                return

    def _tell(self, done: Done, flows: tuple[Flow, ...]) -> None:
        try:
            done(flows, self._clock())
        except Exception as error:
            self._loop.call_exception_handler({"message": "ways that were found", "exception": error})
        finally:
            self.after_batch()

    def _leaving(self, flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
        return tuple(flow._replace(listener=self._listener(flow.transport, flow.host)) for flow in flows)

    def _keep_numeric(self, sought: Target | str, flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
        if isinstance(sought, str) and len(sought) <= _LONGEST_KEPT:
            if len(self._numeric) >= _MOST_KEPT:
                self._numeric.clear()
            self._numeric[sought] = flows
        return flows

    async def _answer(self, question: Question) -> tuple[Record, ...]:
        known = self._known(question)
        if known is not None:
            return known
        task = self._asked.get(question)
        if task is None:
            task = self._asked[question] = self._loop.create_task(self._ask(question))
            task.add_done_callback(lambda _: self._asked.pop(question, None))
        # One search that is given up must not take the answer from the others that wait for it.
        return await asyncio.shield(task)

    def _known(self, question: Question) -> tuple[Record, ...] | None:
        """What the hosts file or an earlier answer says. A name in the hosts file has no services in DNS for us."""
        addresses = self._hosts.addresses(_host(question))
        if addresses:
            wanted = {Kind.A: False, Kind.AAAA: True}.get(question.kind)
            return tuple(address for address in addresses if (":" in address) == wanted) if wanted is not None else ()
        kept = self._kept.get(question)
        return kept[1] if kept and kept[0] > self._clock() else None

    async def _ask(self, question: Question) -> tuple[Record, ...]:
        try:
            answer = await self._dns.resolve(
                question.name, _ASKABLE[question.kind], search="." not in question.name, raise_on_no_answer=False
            )
            records = tuple(_record(question.kind, item) for item in answer.rrset or ())
            lasts = min(float(answer.chaining_result.minimum_ttl), _LONGEST) if records else UNKNOWN_FOR
        except (dns.exception.DNSException, OSError, ValueError):
            records, lasts = (), UNKNOWN_FOR
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[question] = (self._clock() + lasts, records)
        return records


@lru_cache(maxsize=1024)
def _target(uri: str) -> Target:
    return target(uri)


def _means(listeners: Sequence[tuple[Transport, str, int]], draw: Callable[[int], int]) -> Means:
    """Transports and families in the order of the listeners; a family is not preferred by a name's lookup."""
    transports = tuple(dict.fromkeys(transport for transport, _, _ in listeners))
    families = tuple(dict.fromkeys(Kind.AAAA if ":" in host else Kind.A for _, host, _ in listeners))
    usual = Means()
    return Means(transports or usual.transports, families or usual.families, draw)


def _dns(nameservers: Sequence[str], port: int, lifetime: float) -> dns.asyncresolver.Resolver:
    try:
        asked = dns.asyncresolver.Resolver(configure=not nameservers)
    except dns.resolver.NoResolverConfiguration:
        asked = dns.asyncresolver.Resolver(configure=False)
    if nameservers:
        asked.nameservers = list(nameservers)
        asked.port = port
    asked.lifetime = lifetime
    return asked


def _host(question: Question) -> str:
    """The host that the question is about: behind the two labels of a service."""
    return question.name.split(".", 2)[-1] if question.name.startswith("_") else question.name


def _record(kind: Kind, item: Any) -> Record:
    if kind is Kind.SRV:
        return Srv(item.priority, item.weight, item.port, _name(item.target))
    if kind is Kind.NAPTR:
        return Naptr(
            item.order,
            item.preference,
            item.flags.decode("ascii", "replace"),
            item.service.decode("ascii", "replace"),
            _name(item.replacement),
        )
    return str(item.address)


def _name(name: object) -> str:
    return str(name).rstrip(".")
