"""What makes a message be refused at once (RFC 3261 §8.1.3, §8.2, §18.3, §20)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import DecodeError
from gateway.sip.message import parse
from gateway.sip.validity import _REQUEST_CHECKS, Defect, _is_plain, defect

LINES = (
    b"REFER sip:bob@biloxi.example.com;transport=tcp SIP/2.0",
    b"Via: SIP/2.0/TCP pc33.atlanta.example.com:5080;branch=z9hG4bK776asdhds;rport",
    b"Max-Forwards: 70",
    b'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
    b"To: <sip:bob@biloxi.example.com>;tag=314159",
    b"Call-ID: a84b4c76e66710@pc33.atlanta.example.com",
    b"CSeq: 4711 REFER",
    b"Contact: <sip:alice@pc33.atlanta.example.com>",
    b"Refer-To: <sip:carol@cleveland.example.org>",
    b"Content-Length: 0",
)


def octets(*changes: tuple[bytes, bytes], more: tuple[bytes, ...] = (), body: bytes = b"") -> bytes:
    """The message with lines (by their beginning) changed and added; a change to b"" takes a line away."""
    lines = list(LINES)
    for start, changed in changes:
        (at,) = (index for index, line in enumerate(lines) if line.startswith(start))
        lines[at : at + 1] = [changed] if changed else []
    return b"\r\n".join((*lines, *more)) + b"\r\n\r\n" + body


def status(*changes: tuple[bytes, bytes], more: tuple[bytes, ...] = (), body: bytes = b"") -> int | None:
    found = defect(parse(octets(*changes, more=more, body=body)))
    return None if found is None else found.status


def test_a_usual_request_is_fine() -> None:
    assert status() is None


@pytest.mark.parametrize("missing", [b"From", b"To", b"Call-ID", b"CSeq"])
def test_a_mandatory_field_is_missing(missing: bytes) -> None:
    found = defect(parse(octets((missing, b""))))
    assert found == Defect(400, f"Missing {missing.decode()}")


def test_without_a_via_no_answer_finds_its_way() -> None:
    assert status((b"Via", b"")) == 0


def test_max_forwards_may_be_missing_as_in_rfc_2543() -> None:
    assert status((b"Max-Forwards", b"")) is None


@pytest.mark.parametrize(
    "line", [b"From: <sip:x@h>;tag=2", b"t: <sip:x@h>", b"CSEQ: 1 REFER", b"i: 2", b"Max-Forwards: 1", b"l: 0"]
)
def test_a_single_field_stands_there_twice(line: bytes) -> None:
    assert status(more=(line,)) == 400


def test_several_via_and_unknown_fields_are_fine() -> None:
    assert status(more=(b"Via: SIP/2.0/UDP h;branch=z9hG4bK1", b"X: 1", b"X: 2")) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"CSeq: 2147483647 REFER", None),
        (b"CSeq: 2147483648 REFER", 400),
        (b"CSeq: 99999999999 REFER", 400),
        (b"CSeq: REFER", 400),
        (b"CSeq: 1", 400),
        (b"CSeq: 1 refer", 400),
        (b"CSeq: 1 INVITE", 400),
        (b"CSeq: 0000000001  REFER", None),
    ],
)
def test_cseq(line: bytes, expected: int | None) -> None:
    assert status((b"CSeq", line)) == expected


def test_an_unknown_method_with_another_cseq_is_not_implemented() -> None:
    assert status((b"REFER", b"FETCH sip:bob@h SIP/2.0")) == 501
    assert status((b"REFER", b"FETCH sip:bob@h SIP/2.0"), (b"CSeq", b"CSeq: 1 FETCH")) is None


@pytest.mark.parametrize(
    ("hops", "expected"), [(b"0", None), (b"0070", None), (b"255", None), (b"256", 400), (b"-1", 400), (b"x", 400)]
)
def test_max_forwards(hops: bytes, expected: int | None) -> None:
    assert status((b"Max-Forwards", b"Max-Forwards: " + hops)) == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [(b"3", None), (b"003", None), (b"2", None), (b"4", 400), (b"-3", 400), (b"five", 400), (b"", 400)],
)
def test_content_length_of_a_body_of_three_octets(length: bytes, expected: int | None) -> None:
    assert status((b"Content-Length", b"Content-Length: " + length), body=b"v=0") == expected


def test_without_content_length_the_datagram_is_the_body() -> None:
    assert status((b"Content-Length", b""), body=b"v=0") is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (b"sip:biloxi.example.com", None),
        (b"sip:[2001:db8::1]:5060", None),
        (b"sips:bob@h", None),
        (b"tel:+15550100001;phone-context=x", None),
        (b"SIP:bob@H", None),
        (b"sip:a;x=y@h:5060;x-m=8:orgid:1", None),
        (b"sip:alice;day=tuesday@atlanta.example.com?subject=x", 400),
        (b"sip:2001:db8::10", 400),
        (b"sip:", 400),
        (b"sip:bob@", 400),
        (b"<sip:bob@h>", 400),
        (b"sip:bob@h; lr", 400),
        (b"sip:" + b"1" * 4_000 + b"@h", None),
        (b"sip:" + b"1" * 5_000 + b"@h", 414),
        (b"mailto:bob@h", 416),
        (b"http://h/", 416),
    ],
)
def test_request_uri(uri: bytes, expected: int | None) -> None:
    assert status((b"REFER", b"REFER " + uri + b" SIP/2.0")) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bK1", None),
        (b"v:SIP / 2.0 / UDP h ; branch = z9hG4bK1 , SIP/2.0/TCP i", None),
        (b"Via: SIP/2.0/UDP h", None),
        (b"Via: SIP/2.0/UDP", 400),
        (b"Via: SIP/2.0/UDP h;;branch=z9hG4bK1", 400),
        (b"Via: SIP/2.0/UDP h;branch=z9hG4bK1,", 400),
        (b"Via: SIP/2.0/UDP h;branch=z9hG4bK1;", 400),
        (b"Via: SIP/2.0/UDP h;branch=z9hG4bK", 400),
        (b"Via: HTTP/1.1 h", 400),
    ],
)
def test_via(line: bytes, expected: int | None) -> None:
    assert status((b"Via", line)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"sip:a@h;tag=1", None),
        (b"Bell, Alexander <sip:a@h>", None),
        (b'"A \\" B" <sip:a@h>;tag=1', None),
        (b'"A, B"<sip:a@h>', None),
        (b"< sip:a@h >", None),
        (b"<tel:+15550100001>", None),
        (b'"A <sip:a@h>', 400),
        (b"<sip:a@h", 400),
        (b"<>", 400),
        (b'"', 400),
    ],
)
def test_from_and_to(value: bytes, expected: int | None) -> None:
    assert status((b"From", b"From: " + value)) == expected
    assert status((b"To", b"To: " + value)) == expected


def test_a_bad_date_is_of_no_interest() -> None:
    assert status(more=(b"Date: Fri, 01 Jan 2010 16:00:00 EST",)) is None


@pytest.mark.parametrize(
    ("accept", "expected"),
    [(b"application/sdp", None), (b"text/plain, */*;q=0.1", None), (b"text/plain", 406), (b"", 406)],
)
def test_a_caller_takes_session_descriptions(accept: bytes, expected: int | None) -> None:
    invite = (b"REFER", b"INVITE sip:bob@h SIP/2.0"), (b"CSeq", b"CSeq: 1 INVITE")
    assert status(*invite, more=(b"Accept: " + accept,)) == expected
    assert status(more=(b"Accept: " + accept,)) is None


@pytest.mark.parametrize("version", [b"SIP/1.0", b"SIP/3.0", b"SIP/7.12"])
def test_another_version(version: bytes) -> None:
    assert status((b"REFER", b"REFER sip:bob@h " + version)) == 505


@pytest.mark.parametrize(
    "first", [b"REFER  sip:bob@h  SIP/2.0", b"REFER sip:bob@h SIP/2.0  ", b"REFER sip:bob@h sip/2.0"]
)
def test_our_version_in_other_spellings(first: bytes) -> None:
    assert status((b"REFER", first)) is None


def test_an_ack_is_never_answered() -> None:
    assert status((b"REFER", b"ACK sip:bob@h SIP/2.0"), (b"CSeq", b"CSeq: 1 INVITE")) == 0


RESPONSE = (b"REFER", b"SIP/2.0 202 Accepted")


@pytest.mark.parametrize(
    ("changes", "more", "expected"),
    [
        ((), (), None),
        (((b"CSeq", b"CSeq: 4294967296 REFER"),), (), 0),
        (((b"CSeq", b""),), (), 0),
        (((b"Call-ID", b""),), (), 0),
        (((b"From", b""),), (), 0),
        (((b"To", b""),), (), 0),
        (((b"Via", b""),), (), 0),
        ((), (b"Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1",), 0),
        (((b"Via", b"Via: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP i"),), (), 0),
        (((b"Content-Length", b"Content-Length: 5"),), (), 0),
    ],
)
def test_a_bad_response_is_dropped(
    changes: tuple[tuple[bytes, bytes], ...], more: tuple[bytes, ...], expected: int | None
) -> None:
    assert status(RESPONSE, *changes, more=more) == expected


PIECES = st.sampled_from(
    b'Via: |From: |To: |CSeq: |Call-ID: |Contact: |Accept: |Max-Forwards: |Content-Length: |<|>|"|;|,| |sip:a@h|sip:|'
    b"70|0|SIP/2.0/UDP h|;branch=z9hG4bK1|;tag=1|1 REFER|REFER|INVITE|[::1]|*/*|\r\n|\t|\\|:|?|\xc3\xa4|=|@".split(
        b"|"
    )
)


@given(st.sampled_from(LINES), st.integers(0, 80), st.integers(0, 12), st.lists(PIECES, max_size=6).map(b"".join))
def test_the_quick_look_overlooks_nothing(line: bytes, at: int, length: int, instead: bytes) -> None:
    changed = line[:at] + instead + line[at + length :]
    try:
        message = parse(octets((line, changed)))
    except DecodeError:
        return
    found = defect(message)
    if message.is_request and _is_plain(message):
        assert [check(message) for check in _REQUEST_CHECKS] == [None] * len(_REQUEST_CHECKS)
    assert found is None or 400 <= found.status <= 505 or found.status == 0


@given(st.binary(max_size=400))
def test_nothing_that_a_peer_sends_is_an_error(rest: bytes) -> None:
    defect(parse(b"REFER sip:a@h SIP/2.0\r\n" + rest))
    defect(parse(b"SIP/2.0 200 OK\r\n" + rest))
