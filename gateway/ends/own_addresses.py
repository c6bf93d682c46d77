"""The addresses that the gateway is known by: what stands in Contact and Via, and which URIs lead to it."""

from collections.abc import Callable, Iterable, Sequence

from gateway.model.errors import DecodeError
from gateway.sip.flow import Flow, Transport
from gateway.sip.uri import Uri

Listener = tuple[Transport, str, int]
"""Transport, address without brackets and port of one listening socket; its place in the list is Flow.listener."""

_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104
_LOOPBACK = {False: "127.0.0.1", True: "::1"}
_MOST_ROUTES = 4096


class OwnAddresses:
    """Our listeners and the names of our trunks.

    `own_host` gives the local address of the route to a flow's host, for listeners that are bound to every address;
    without it the address of another listener of the family stands in.
    """

    def __init__(
        self, listeners: Sequence[Listener], names: Iterable[str], own_host: Callable[[Flow], str] | None = None
    ) -> None:
        self.listeners = tuple(listeners)
        self._own_host = own_host
        self._routes: dict[tuple[int, str], str] = {}
        self._ports = {port for _, _, port in self.listeners}
        self._hosts: set[str] = set()
        self.rename(names)

    def rename(self, names: Iterable[str]) -> None:
        """After a reload: `names` are the domain names of the trunks now."""
        specific = (host for _, host, _ in self.listeners if host not in _WILDCARDS)
        self._hosts = {host.lower() for host in (*specific, *names, *self._routes.values()) if host}
        if any(host in _WILDCARDS for _, host, _ in self.listeners):
            self._hosts.update(_LOOPBACK.values())

    def placed(self, flow: Flow) -> Flow:
        """`flow` by the listener that fits best: of its transport and family, of its transport, the first."""
        if flow.listener < len(self.listeners) and self._fits(self.listeners[flow.listener], flow):
            return flow
        for number, listener in enumerate(self.listeners):
            if self._fits(listener, flow):
                return flow._replace(listener=number)
        alike = (number for number, (transport, _, _) in enumerate(self.listeners) if transport is flow.transport)
        return flow._replace(listener=next(alike, 0))

    def host(self, flow: Flow) -> str:
        """Our address towards the flow's peer, without brackets."""
        bound = self.listeners[flow.listener][1]
        if bound not in _WILDCARDS:
            return bound
        key = flow.listener, flow.host
        found = self._routes.get(key)
        if found is None:
            found = self._routed(flow, bound)
            if len(self._routes) < _MOST_ROUTES:
                self._routes[key] = found
                self._hosts.add(found.lower())
        return found

    def sent_by(self, flow: Flow) -> str:
        """host:port of our Via on that flow, IPv6 in brackets."""
        return f"{bracketed(self.host(flow))}:{self.listeners[flow.listener][2]}"

    def contact(self, flow: Flow, name: str = "") -> str:
        """The URI of our Contact towards the flow's peer; `name` stands for the address where there is one."""
        transport, _, port = self.listeners[flow.listener]
        suffix = "" if transport is Transport.UDP else f";transport={transport}"
        return f"sip:{name or bracketed(self.host(flow))}:{port}{suffix}"

    def is_ours(self, uri: str) -> bool:
        """Whether host and port of `uri` are those of one of our listeners, by address or by name."""
        try:
            parsed = Uri.parse(uri)
        except DecodeError:
            return False
        if parsed.host.strip("[]").lower() not in self._hosts:
            return False
        return parsed.port in self._ports if parsed.port else self._has_default_port(parsed)

    def _has_default_port(self, uri: Uri) -> bool:
        """A URI without port means the port of its transport; names may lead to any port by SRV (RFC 3263 §4.2)."""
        named = any(character.isalpha() for character in uri.host) and ":" not in uri.host
        return named or any(port == transport.default_port for transport, _, port in self.listeners)

    def _routed(self, flow: Flow, bound: str) -> str:
        if self._own_host is not None and (found := self._own_host(flow)):
            return found
        wants_six = ":" in flow.host
        others = (host for _, host, _ in self.listeners if host not in _WILDCARDS and (":" in host) is wants_six)
        return next(others, _LOOPBACK[wants_six])

    @staticmethod
    def _fits(listener: Listener, flow: Flow) -> bool:
        transport, host, _ = listener
        return transport is flow.transport and (":" in host) is (":" in flow.host)


def bracketed(host: str) -> str:
    """`host` as it stands in a URI: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
