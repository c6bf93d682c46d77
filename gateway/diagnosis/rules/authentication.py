"""Requests that are challenged again and again."""

from collections import defaultdict
from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Transaction
from gateway.sip.parameters import Parameters

RULE = Rule("authentication-loop", "RFC 3261 §22.2")

_CHALLENGE = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """Challenges to requests that had credentials for that realm already."""
    again: defaultdict[tuple[str, str, str, str], list[Transaction]] = defaultdict(list)
    for transaction in scene.transactions:
        if transaction.status in _CHALLENGE and transaction.method != "ACK":
            request = transaction.request
            again[transaction.method, request.source_host, request.destination_host, request.leg].append(transaction)
    for (method, _, _, _), challenged in again.items():
        refused = [each for each in challenged if _had_credentials(each)]
        if refused:
            yield _finding(method, challenged, refused)


def _had_credentials(transaction: Transaction) -> bool:
    final = transaction.final
    if final is None:
        return False
    asked, given = _CHALLENGE[final.message.status]
    realms = {_parameter(value, "realm") for value in transaction.request.message.headers.all(given)}
    return _parameter(final.first(asked), "realm") in realms


def _finding(method: str, challenged: list[Transaction], refused: list[Transaction]) -> Finding:
    final = refused[-1].final
    assert final is not None
    asked, given = _CHALLENGE[final.message.status]
    value = final.first(asked)
    stale = _parameter(value, "stale").lower() == "true"
    evidence = [sight for each in challenged for sight in (each.request, each.final) if sight]
    what = (
        f"{final.source_host} challenges the {method} {len(challenged)} times, {len(refused)} of them although it "
        f"carries credentials for realm {_parameter(value, 'realm')}"
    )
    if stale and len(refused) == 1:
        what = f"{what}: the nonce was too old (stale=true)."
        return RULE.note(what, evidence, "Nothing, when the next attempt gets through.", clause="RFC 7616 §3.3")
    if _parameter(refused[-1].request.first(given), "nonce") == _parameter(value, "nonce"):
        why = "the nonce is the same, so that user or password must be wrong"
    else:
        why = "each time with a new nonce: wrong password, wrong realm, or a digest made over another URI or method"
    return RULE.error(f"{what}: {why}.", evidence, "Check user, password and realm; do not try more than once.")


def _parameter(value: str, name: str) -> str:
    """A parameter of a challenge or of credentials, the values of which stand between commas."""
    _, _, rest = value.partition(" ")
    return Parameters.parse(rest.replace(",", ";")).get(name) or ""
