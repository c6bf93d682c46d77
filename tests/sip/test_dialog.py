"""Dialogs: what makes them, what their requests look like (RFC 3261 §12)."""

import pytest

from gateway.model.errors import DecodeError
from gateway.sip.dialog import Dialog, contact_uri, untagged
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import request, response
from gateway.sip.peer_profile import PeerProfile

_FLOW = Flow(Transport.TLS, "192.0.2.7", 40_000, 9, 2, "peer.example")
_PROFILE = PeerProfile("trunk", "sip:gw@192.0.2.1")


@pytest.mark.parametrize(
    ("value", "without"),
    [
        ("<sip:a@h>;tag=1", "<sip:a@h>"),
        ('"A; tag=x" <sip:a@h;tag=uri>;tag=1;other=2', '"A; tag=x" <sip:a@h;tag=uri>;other=2'),
        ("sip:a@h;tag=1", "sip:a@h"),
        ("<sip:a@h> ; TAG = 1", "<sip:a@h> "),
        ("<sip:a@h>;staging=1", "<sip:a@h>;staging=1"),
        ("<sip:a@h>", "<sip:a@h>"),
    ],
)
def test_from_and_to_without_their_tags(value: str, without: str) -> None:
    assert untagged(value) == without


@pytest.mark.parametrize(
    ("fields", "uri"),
    [
        ((("Contact", "<sip:a@h;x=1>"),), "sip:a@h;x=1"),
        ((("m", '"A" <sip:a@h>;expires=5, <sip:b@h>'),), "sip:a@h"),
        ((("Contact", "sip:a@h;expires=5"),), "sip:a@h"),
        ((("Contact", "*"),), ""),
        ((("Contact", "<<>"),), ""),
        ((), ""),
    ],
)
def test_contact(fields: tuple[tuple[str, str], ...], uri: str) -> None:
    assert contact_uri(request("INVITE", "sip:x@h", fields)) == uri


def called() -> Dialog:
    fields = (
        ("Record-Route", "<sip:p2;lr>, <sip:p1;lr>"),
        ("From", '"A" <sip:a@h>;tag=theirs'),
        ("To", "<sip:b@h>"),
        ("Call-ID", "call"),
        ("CSeq", "7 INVITE"),
        ("Contact", "<sip:a@192.0.2.7>"),
    )
    return Dialog.received(request("INVITE", "sip:b@h", fields), "ours", _FLOW, _PROFILE)


def test_dialog_of_the_called_side() -> None:
    dialog = called()
    assert dialog.key == ("call", "ours", "theirs")
    assert dialog.remote_cseq == 7
    uri, fields = dialog.next_request("BYE")
    assert uri == "sip:a@192.0.2.7"
    assert fields == (
        ("Max-Forwards", "70"),
        ("Route", "<sip:p2;lr>"),
        ("Route", "<sip:p1;lr>"),
        ("From", "<sip:b@h>;tag=ours"),
        ("To", '"A" <sip:a@h>;tag=theirs'),
        ("Call-ID", "call"),
        ("CSeq", "1 BYE"),
    )
    assert dialog.next_hop == "sip:p2;lr"


def test_dialog_of_the_calling_side() -> None:
    before = Dialog("call", "ours", "", "<sip:a@h>", "<sip:b@h>", "sip:b@h", (), _FLOW, _PROFILE, local_cseq=3)
    fields = (("Record-Route", "<sip:p2;lr>, <sip:p1;lr>"), ("Contact", "<sip:b@192.0.2.7>"), ("CSeq", "3 INVITE"))
    made = before.answered(response(200, fields), "theirs", _FLOW)
    assert made.route_set == ("<sip:p1;lr>", "<sip:p2;lr>")
    assert made.next_request("ACK", 3)[1][-1] == ("CSeq", "3 ACK")
    assert made.next_request("BYE")[1][-1] == ("CSeq", "4 BYE")
    assert before.local_cseq == 3


def test_a_route_that_cannot_be_read_stops_no_request() -> None:
    before = Dialog("call", "ours", "", "<sip:a@h>", "<sip:b@h>", "sip:b@h", (), _FLOW, _PROFILE, local_cseq=3)
    fields = (("Record-Route", "<sip:p2;lr>, <sip:b@[2001:db8::, <>, <mailto:a@b>"), ("CSeq", "3 INVITE"))
    made = before.answered(response(200, fields), "theirs", _FLOW)
    assert made.route_set == ("<sip:p2;lr>",)
    assert made.next_hop == "sip:p2;lr"
    assert made.next_request("ACK", 3)


def test_useless_contact_changes_no_target() -> None:
    dialog = called()
    dialog.refresh_target(request("INVITE", "sip:b@h", (("Contact", "<nonsense"),)))
    assert dialog.remote_target == "sip:a@192.0.2.7"


def test_restored_dialog_uses_no_number_and_no_connection_again() -> None:
    dialog = called()
    dialog.next_request("INFO")
    dialog.refers = 2
    again = Dialog.restored(dialog.snapshot(), _PROFILE)
    assert again.key == dialog.key
    assert again.local_cseq > dialog.local_cseq
    assert again.remote_cseq == 7
    assert again.route_set == dialog.route_set
    assert again.refers == 2
    assert again.flow == _FLOW._replace(connection=0)
    assert again.flow.transport is Transport.TLS


def test_what_is_no_dialog() -> None:
    with pytest.raises(DecodeError):
        Dialog.restored({**called().snapshot(), "flow": ["pigeon", "h", 1, 0, 0, ""]}, _PROFILE)
