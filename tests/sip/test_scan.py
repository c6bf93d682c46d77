"""The quick reading of a SIP message gives what the full one gives (RFC 3261 7.3: case, compact forms, folding)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import DecodeError
from gateway.sip.message import parse
from gateway.sip.scan import Scan, start_of

PLAIN = (
    b"INVITE sip:bob@example.net SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
    b'From: "A <x;tag=no>" <sip:a@example.net;tag=uri>;tag=f1\r\nTo: <sip:bob@example.net>\r\n'
    b"Call-ID: c1@a\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\nTo: not a header\r\n"
)
ODD = (
    b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a\r\nFROM : <sip:a@example.net>\r\n ;tag=f1\r\n"
    b"t:<sip:b@example.net>;TAG = t1\r\n"
    b"I:\tc1@a\r\ncseq:  7   INVITE\r\n\r\n"
)


@pytest.mark.parametrize("octets", [PLAIN, ODD], ids=["usual spelling", "any spelling"])
def test_scan_agrees_with_the_full_parser(octets: bytes) -> None:
    quick, full = Scan(octets), parse(octets)
    assert quick.call_id == full.call_id
    assert quick.cseq_number == full.cseq
    assert quick.cseq_method.decode() == full.cseq_method
    assert quick.from_tag == full.from_tag == "f1"
    assert quick.to_tag == full.to_tag
    method, status = start_of(octets)
    assert (method.decode() or full.method, status) == (full.method, full.status or 0)


def test_header_names_in_the_body_are_no_headers() -> None:
    assert Scan(PLAIN).to_tag == ""


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"REFER-TO: <sip:c@example.net>", "refer-to"),
        (b"r: <sip:c@example.net>", "refer-to"),
        (b"b \t: <sip:c@example.net>", "referred-by"),
        (b"Replaces: 1;to-tag=a;from-tag=b", "replaces"),
        (b"Also: <sip:c@example.net>", "also"),
        (b"Reasonable: x\r\nReason: Q.850;cause=16", "reason"),
    ],
)
def test_fields_of_transfers_are_noticed(line: bytes, name: str) -> None:
    assert Scan(PLAIN.replace(b"CSeq", line + b"\r\nCSeq")).has(name.encode())


@pytest.mark.parametrize("line", [b"Require: replaces", b"Replacesx: 1", b"X-Also: 1", b"Subject: also: this"])
def test_other_fields_are_not(line: bytes) -> None:
    assert not Scan(PLAIN.replace(b"CSeq", line + b"\r\nCSeq")).has(b"replaces", b"also")


@pytest.mark.parametrize("name", [b"Call-ID", b"CSeq", b"From", b"To"])
def test_a_message_without_an_identifying_field_is_named(name: bytes) -> None:
    broken = PLAIN.replace(b"\n" + name + b":", b"\nX-Was:")
    with pytest.raises(DecodeError, match=f"no {name.decode()} header"):
        fields = Scan(broken)
        pytest.fail(f"read {fields.call_id} {fields.cseq_number} {fields.sender!r} {fields.recipient!r}")


@given(st.binary(max_size=300))
def test_random_octets_raise_only_our_error(octets: bytes) -> None:
    for candidate in (octets, b"SIP/2.0 " + octets, PLAIN[:40] + octets):
        try:
            method, status = start_of(candidate)
            assert not (method and status)
            fields = Scan(candidate)
            assert isinstance(fields.call_id + fields.to_tag + fields.from_tag + fields.request_uri, str)
            assert fields.cseq_number >= 0
        except DecodeError as error:
            assert str(error)
