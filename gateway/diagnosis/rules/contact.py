"""A Contact that the peer cannot reach: none, localhost, or a private address behind a NAT."""

from collections.abc import Iterator

from gateway.diagnosis.addresses import IpAddress, host_in, host_of_uri, ip_of, is_private, is_public
from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Sight, Transaction

RULE = Rule("contact", "RFC 3261 §8.1.1.8")

_NAT = (
    "Give the end its public address (STUN, a setting), or let the first proxy or SBC send to where its packets come "
    "from."
)
_STARTERS = ("INVITE", "REFER", "NOTIFY", "SUBSCRIBE")


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The messages in which an end says where it can be reached: each Contact once."""
    said: set[tuple[str, str, str]] = set()
    for transaction in scene.transactions:
        if transaction.method not in _STARTERS:
            continue
        for sight in _targets(transaction):
            mark = sight.source_host, sight.leg, sight.first("contact")
            if mark not in said:
                said.add(mark)
                yield from _judged(scene, sight, transaction)


def _targets(transaction: Transaction) -> Iterator[Sight]:
    yield transaction.request
    final = transaction.final
    if final is not None and final.message.status < 300 and transaction.method in ("INVITE", "REFER"):
        yield final


def _judged(scene: Scene, sight: Sight, transaction: Transaction) -> Iterator[Finding]:
    value = sight.first("contact")
    if not value:
        what = f"The {_name(sight, transaction)} has no Contact: the peer does not know where to send what follows."
        yield RULE.warning(what, [sight], "Send one: it is mandatory.", clause=_clause(transaction), header="Contact")
        return
    host, source = ip_of(host_in(value)), ip_of(sight.source_host)
    if host is None or source is None or _is_web_socket(sight):
        return
    if host.is_unspecified or (host.is_loopback and not source.is_loopback):
        what = f"The Contact of the {_name(sight, transaction)} is {host}, which is nobody's address but one's own."
        advice = "Set the address that peers can reach."
        yield RULE.error(what, [sight, *_lost(scene, host)], advice, header="Contact")
    elif is_private(host) and is_public(source):
        yield _behind_nat(scene, sight, host)


def _behind_nat(scene: Scene, sight: Sight, host: IpAddress) -> Finding:
    what = f"The Contact is the private address {host}, but the packet came from {sight.source_host}: there is a NAT."
    unanswered = _lost(scene, host)
    if unanswered:
        what += f" The {unanswered[0].title} to it in frame {unanswered[0].frame} had no answer."
        return RULE.error(what, [sight, *unanswered], _NAT, clause="RFC 5626 §1, RFC 3581", header="Contact")
    if any(_aims_at(each.request, host) and each.responses for each in scene.transactions):
        what += " The peer copes with it: requests to this Contact were answered."
        return RULE.note(what, [sight], _NAT, clause="RFC 3581", header="Contact")
    return RULE.warning(what, [sight], _NAT, clause="RFC 5626 §1, RFC 3581", header="Contact")


def _lost(scene: Scene, host: IpAddress) -> list[Sight]:
    """Requests to that host which had no answer at all."""
    aimed = (each for each in scene.transactions if each.method != "ACK" and _aims_at(each.request, host))
    return [each.request for each in aimed if not each.responses]


def _aims_at(request: Sight, host: IpAddress) -> bool:
    return ip_of(host_of_uri(request.message.request_uri)) == host


def _is_web_socket(sight: Sight) -> bool:
    return "ws" in sight.first("via").partition(" ")[0].lower()


def _name(sight: Sight, transaction: Transaction) -> str:
    return transaction.method if sight.message.is_request else f"{sight.message.status} to {transaction.method}"


def _clause(transaction: Transaction) -> str:
    return {"REFER": "RFC 3515 §2.2", "INVITE": "RFC 3261 §8.1.1.8"}.get(transaction.method, "RFC 6665 §8.2.1")
