"""Every SIP message that other people recorded parses, and says what tshark says it does."""

import json
from pathlib import Path

import pytest

from gateway.sip.document import document
from gateway.sip.message import parse, request, response
from tests.shared import captures, or_skipped
from tests.sip.wireshark import sip_in

_SIP = [capture for capture in captures("pcaps/public") if b"SIP/2.0" in capture.read_bytes()]
_REFER = [capture for capture in _SIP if b"Refer-" in capture.read_bytes()]


@pytest.mark.parametrize("capture", or_skipped(_SIP), ids=lambda capture: capture.name)
def test_messages_read_as_tshark_reads_them(capture: Path) -> None:
    names = ("sip.Method", "sip.Status-Code", "sip.Call-ID", "sip.CSeq.seq", "sip.CSeq.method")
    for octets, (method, status, call_id, number, cseq_method) in sip_in(capture, *names):
        message = parse(octets)
        assert (message.is_request, message.status) == (bool(method), int(status or 0))
        assert message.method == (method or cseq_method)
        assert message.call_id == call_id
        assert (message.cseq, message.cseq_method) == (int(number or 0), cseq_method)


@pytest.mark.parametrize("capture", or_skipped(_REFER), ids=lambda capture: capture.name)
def test_messages_are_built_again_from_their_parts(capture: Path) -> None:
    for octets, _ in sip_in(capture):
        read = parse(octets)
        fields = [field for field in read.headers if field[0].lower() not in ("content-length", "l", "")]
        if read.is_request:
            built = request(read.method, read.request_uri, fields, read.body)
        else:
            built = response(read.status, fields, read.body, read.reason)
        again = parse(built.octets)
        assert again == built
        assert (again.body, again.call_id, again.cseq) == (read.body, read.call_id, read.cseq)


@pytest.mark.parametrize("capture", or_skipped(_REFER), ids=lambda capture: capture.name)
def test_documents_hold_every_field(capture: Path) -> None:
    for octets, _ in sip_in(capture):
        message = parse(octets)
        shown = json.loads(json.dumps(document(message)))
        assert len(shown["headers"]) == len(message.headers)
