from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.causes import Cause, Location
from gateway.model.errors import GatewayError, UntranslatableError
from gateway.model.parties import (
    Number,
    Party,
    Presentation,
    Screening,
)
from gateway.model.transfer import (
    DialogReference,
    Kept,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.sip_refer import DIALECT as SIP
from tests.shared import captures, or_skipped
from tests.sip.wireshark import complaints, dissect, sip_in
from tests.translators.sip_calls import CONSULTATION, CONTEXT, TARGET, TRANSFEREE, TRANSFEROR, read, written

ASSERTED = replace(TARGET, presentation=Presentation.ALLOWED, screening=Screening.NETWORK_PROVIDED)
EVENTS: tuple[TransferEvent, ...] = (
    TransferRequest(TransferKind.BLIND, TARGET, None, TRANSFEROR, TRANSFEREE),
    TransferRequest(TransferKind.BLIND, TARGET, None, TRANSFEROR, TRANSFEREE, notify=False),
    TransferRequest(
        TransferKind.ATTENDED,
        Party(uri="sip:carol@c.example.com?Replaces=12%40c.example.com%3Bto-tag%3Dc-tag%3Bfrom-tag%3Da-tag"),
        CONSULTATION,
        TRANSFEROR,
        TRANSFEREE,
        kept=(Kept("sip", "Target-Dialog", "1@a;local-tag=2;remote-tag=1"), Kept("sip", "Supported", "tdialog")),
    ),
    TransferRequest(TransferKind.BYE_ALSO, TARGET, None, TRANSFEROR, TRANSFEREE, notify=False),
    TransferProgress(202, "Accepted", kept=(Kept("sip", "Refer-Sub", "false"),)),
    TransferProgress(183, "Session Progress"),
    TransferOutcome(Outcome.SUCCEEDED, 200, "OK", kept=(Kept("sip", "Event", "refer;id=2"),)),
    TransferOutcome(
        Outcome.FAILED,
        503,
        "Service Unavailable",
        Cause(34, Location.TRANSIT_NETWORK, text="no circuit; none"),
        kept=(Kept("sip", "sipfrag Retry-After", "5"),),
    ),
    TransferOutcome(Outcome.PENDING, 100, "Trying"),
    TransferOutcome(Outcome.REFUSED, 403, "Forbidden", Cause(57), kept=(Kept("sip", "Warning", '399 h "no"'),)),
    TransferSetup(Party(uri="sip:carol@c.example.com"), CONSULTATION, TRANSFEROR, ASSERTED),
    TransferSetup(
        Party(uri="sip:carol@c.example.com"),
        DialogReference("1@h", "0", "0", early_only=True),
        None,
        replace(TRANSFEREE, presentation=Presentation.RESTRICTED, screening=Screening.NETWORK_PROVIDED),
        kept=(Kept("sip", "Privacy", "id;critical"), Kept("sip", "P-Asserted-Identity", "<tel:+15550102>")),
    ),
    PartyUpdate(Stage.UPDATE, ASSERTED),
    Redirection(TARGET, "no-answer", TRANSFEREE, 1),
    Redirection(
        Party(uri="tel:+15550100"),
        "deflection",
        Party(uri="sip:bob@b.example.com"),
        2,
        kept=(
            Kept("sip", "status code", "301"),
            Kept("sip", "Contact", "<sip:second@h>"),
            Kept("sip", "Diversion", "<sip:bob@b.example.com>;reason=deflection;counter=2;privacy=full"),
            Kept("sip", "History-Info", "<sip:bob@h>;index=1"),
        ),
    ),
)


_SAYS = (b"Refer-", b"Also:", b"P-Asserted-Identity:")
_TRANSFERS = [capture for capture in captures("pcaps/public") if any(name in capture.read_bytes() for name in _SAYS)]


def _name(event: TransferEvent) -> str:
    return type(event).__name__


@pytest.mark.parametrize("event", EVENTS, ids=_name)
def test_an_event_comes_back_as_it_was(event: TransferEvent) -> None:
    context = Context()
    result = SIP.write(event, context)
    assert [read(message.octets, context) for message in result.messages] == [event]
    assert result.lost == ()


@pytest.mark.parametrize("context", [Context(), CONTEXT], ids=["nothing known", "dialog known"])
def test_tshark_reads_every_message_without_complaint(context: Context) -> None:
    messages = [message.octets for event in EVENTS for message in SIP.write(event, context).messages]
    assert len(messages) == len(EVENTS)
    # Also was never registered (its draft became REFER), and tshark has no such field.
    assert [said for said in complaints(messages) if "Unrecognised SIP header (also)" not in said] == []


def test_tshark_reads_the_same_transfer() -> None:
    attended = TransferRequest(TransferKind.ATTENDED, TARGET, CONSULTATION, TRANSFEROR)
    failed = TransferOutcome(Outcome.FAILED, 486, cause=Cause(17))
    octets = [message.octets for event in (attended, failed) for message in SIP.write(event, CONTEXT).messages]
    names = ("sip.Method", "sip.Refer-To", "sip.Referred-by", "sip.Event", "raw_sip.line", "sip.Status-Code")
    refer, notify = dissect(octets, *names)
    assert refer[:3] == ["REFER", str(written(attended).headers.get("Refer-To")), "<sip:alice@a.example.com>"]
    assert (notify[0], notify[3]) == ("NOTIFY", "refer")


@pytest.mark.parametrize("capture", or_skipped(_TRANSFERS), ids=lambda capture: capture.name)
def test_recorded_transfers_come_back_as_they_were(capture: Path) -> None:
    for octets, _ in sip_in(capture):
        for event in SIP.read(octets, Context()):
            result = SIP.write(event, Context())
            assert [read(message.octets, Context()) for message in result.messages] == [event]
            assert result.lost == ()


_VALUES = st.text(alphabet='<>";:,=%?@\\ \t\r\nsip0aZ#*\u00e9', max_size=30)
_PARTIES = st.builds(
    Party, number=st.none() | st.builds(Number, _VALUES), name=_VALUES, uri=_VALUES.map("sip:".__add__)
)


@given(_PARTIES, _PARTIES, _VALUES)
def test_any_party_is_written_readably_or_refused(target: Party, transferor: Party, kept: str) -> None:
    event = TransferRequest(TransferKind.BLIND, target, transferor=transferor, kept=(Kept("sip", "X-Kept", kept),))
    try:
        result = SIP.write(event, CONTEXT)
    except UntranslatableError:
        return
    again = read(result.messages[0].octets)
    assert isinstance(again, TransferRequest)
    assert again.target is not None


@given(st.binary(max_size=200), st.sampled_from(["REFER", "NOTIFY", "INVITE", "UPDATE", "BYE"]))
def test_random_octets_raise_our_errors_only(octets: bytes, method: str) -> None:
    names = (
        b"Refer-To: ",
        b"Event: refer\r\n\r\n",
        b"Replaces: ",
        b"P-Asserted-Identity: ",
        b"Also: ",
        b"Referred-By: ",
    )
    for name in names:
        try:
            events = SIP.read(method.encode() + b" sip:a@h SIP/2.0\r\n" + name + octets, CONTEXT)
        except GatewayError:
            continue
        assert all(fields(event) for event in events)
