"""SIPp takes the requests that the SIP dialects write: it finds the header it looks for, and answers."""

import pytest

from gateway.model.parties import Party
from gateway.model.transfer import (
    DialogReference,
    Outcome,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from tests.live.gateway_end import GatewayEnd
from tests.peers.ports import free_ports
from tests.peers.process import PeerError
from tests.peers.sipp import Sipp, receive, send

pytestmark = pytest.mark.live

TARGET = Party(uri="sip:carol@target.example")
ALICE = Party(uri="sip:alice@gateway.example")
DIALOG = DialogReference("a1@h", "to1", "from1")
COPIED = ("[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]")
ACCEPTED = "\n".join(("SIP/2.0 202 Accepted", *COPIED, "Content-Length: 0", ""))

REQUESTS: dict[str, tuple[TransferEvent, str, dict[str, str]]] = {
    "blind": (
        TransferRequest(TransferKind.BLIND, TARGET, transferor=ALICE),
        "REFER",
        {"Refer-To": "^ *<sip:carol@target.example>", "Referred-By": "^ *<sip:alice@gateway.example>"},
    ),
    "attended": (
        TransferRequest(TransferKind.ATTENDED, TARGET, DIALOG),
        "REFER",
        {"Refer-To": "^ *<sip:carol@target.example[?]Replaces=a1%40h%3Bto-tag%3Dto1%3Bfrom-tag%3Dfrom1>"},
    ),
    "no notify": (TransferRequest(TransferKind.BLIND, TARGET, notify=False), "REFER", {"Refer-Sub": "^ *false"}),
    "bye also": (TransferRequest(TransferKind.BYE_ALSO, TARGET), "BYE", {"Also": "^ *<sip:carol@target.example>"}),
    "trying": (
        TransferProgress(100, "Trying"),
        "NOTIFY",
        {"Event": "^ *refer", "Subscription-State": "^ *active;expires=[0-9]+"},
    ),
    "succeeded": (
        TransferOutcome(Outcome.SUCCEEDED, 200),
        "NOTIFY",
        {"Subscription-State": "^ *terminated;reason=noresource", "Content-Type": "^ *message/sipfrag"},
    ),
    "replacing": (
        TransferSetup(TARGET, DIALOG, ALICE),
        "INVITE",
        {"Replaces": "^ *a1@h;to-tag=to1;from-tag=from1", "Referred-By": "^ *<sip:alice@gateway.example>"},
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_it_takes(name: str) -> None:
    event, method, having = REQUESTS[name]
    (port,) = free_ports(1)
    steps = [receive(method, having=having), send(ACCEPTED)]
    with Sipp("taker", steps, "127.0.0.1", port) as sipp, GatewayEnd() as end:
        sent = end.say(event, f"sip:peer@127.0.0.1:{port}")
        answer = end.receive("202")
        sipp.wait()
    assert (answer.call_id, answer.cseq_method) == (sent.call_id, method)


def test_it_does_not_take_a_request_without_the_header() -> None:
    (port,) = free_ports(1)
    steps = [receive("REFER", having={"Refer-Sub": "false"}), send(ACCEPTED)]
    with Sipp("picky", steps, "127.0.0.1", port) as sipp, GatewayEnd() as end:
        end.say(REQUESTS["blind"][0], f"sip:peer@127.0.0.1:{port}")
        with pytest.raises(PeerError):
            sipp.wait()
