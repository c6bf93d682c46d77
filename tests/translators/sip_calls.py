"""The parties, dialogs and calls that the tests of dialect "sip" share."""

from gateway.model.legs import SipDialog
from gateway.model.parties import (
    Party,
)
from gateway.model.transfer import (
    DialogReference,
    TransferEvent,
)
from gateway.sip.message import Message, parse
from gateway.translators.dialect import Context
from gateway.translators.sip_refer import DIALECT as SIP

TARGET = Party(uri="sip:carol@c.example.com", name="Carol")
TRANSFEROR = Party(uri="sip:alice@a.example.com")
TRANSFEREE = Party(uri="sip:bob@b.example.com", name="Bob")
CONSULTATION = DialogReference("12@c.example.com", "c-tag", "a-tag")
DIALOG = SipDialog(
    call_id="1@b.example.com",
    local_tag="gw",
    remote_tag="bt",
    local_uri="sip:gw@gw.example.com",
    remote_uri="sip:bob@b.example.com",
    remote_target="sip:bob@192.0.2.7:5070;transport=tcp",
    route_set=("sip:p1.example.com;lr", "sip:p2.example.com;lr"),
    local_cseq=314,
)
SECONDARY = SipDialog(call_id="2@c", local_tag="gw2", remote_tag="ct", remote_target="sip:carol@192.0.2.8")
CONTEXT = Context(sip=DIALOG, domain="gw.example.com", entropy="5eed")


def read(octets: bytes, context: Context = CONTEXT) -> TransferEvent:
    """The one event in a message."""
    (event,) = SIP.read(octets, context)
    return event


def written(event: TransferEvent, context: Context = CONTEXT) -> Message:
    """The one message that says `event`."""
    (message,) = SIP.write(event, context).messages
    return parse(message.octets)


def lost(event: TransferEvent, context: Context = CONTEXT) -> set[str]:
    """Paths of what is lost."""
    return {item.what for item in SIP.write(event, context).lost}
