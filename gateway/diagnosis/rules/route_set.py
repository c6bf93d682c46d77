"""In-dialog requests that leave out the route that Record-Route has set up."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Call, Scene
from gateway.diagnosis.sight import Sight, Transaction

RULE = Rule("route-set", "RFC 3261 §12.2.1.1")

_ADVICE = (
    "An end takes the Record-Route of the 2xx (reversed) or of the INVITE (in order) as its route set and puts it as "
    "Route into every request of the dialog, REFER, NOTIFY and BYE too."
)


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The requests that an end itself has sent: those with a single Via."""
    for call in scene.calls:
        routes = _route_sets(call)
        for transaction in call.transactions if routes else ():
            request = transaction.request
            recorded = routes.get(request.message.from_tag)
            if recorded is None or not _is_ends_own(request) or not _within_dialog(transaction, recorded):
                continue
            if "route" not in request.message.headers:
                yield _missing(transaction, recorded)


def _route_sets(call: Call) -> dict[str, Sight]:
    """By the tag of each end, the message that told it the route set."""
    found: dict[str, Sight] = {}
    for invite in call.invites:
        final = invite.final
        if final is None or final.message.status >= 300:
            continue
        if "record-route" in final.message.headers and len(final.message.headers.all("via")) == 1:
            found[invite.request.message.from_tag] = final
        # The last hop: what the request has there is what the called end has to use.
        if "record-route" in invite.request.message.headers and _is_last_hop(call, invite):
            found[final.message.to_tag] = invite.request
    return found


def _is_last_hop(call: Call, invite: Transaction) -> bool:
    depth = len(invite.request.message.headers.all("via"))
    return all(len(other.request.message.headers.all("via")) <= depth for other in call.invites)


def _is_ends_own(request: Sight) -> bool:
    return len(request.message.headers.all("via")) == 1


def _within_dialog(transaction: Transaction, recorded: Sight) -> bool:
    message = transaction.request.message
    if message.method in ("CANCEL", "REGISTER") or not message.to_tag:
        return False
    # ACK of a failure goes the way of its INVITE, and nothing that was sent before can know the route.
    return transaction.request.time > recorded.time


def _missing(transaction: Transaction, recorded: Sight) -> Finding:
    request = transaction.request
    what = (
        f"The {transaction.method} has no Route although the dialog was set up with Record-Route "
        f"(frame {recorded.frame}): it goes past {_first_route(recorded)}."
    )
    if transaction.method != "ACK" and transaction.status in (0, 403, 404, 408, 481):
        return RULE.error(what, [request, recorded], _ADVICE, header="Route")
    return RULE.warning(what, [request, recorded], _ADVICE, header="Route")


def _first_route(recorded: Sight) -> str:
    values = recorded.message.headers.all("record-route")
    return values[0] if values else "the proxy"
