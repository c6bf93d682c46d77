"""A message without its surroundings: in which forms it may be given, and what it is taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine import single_message
from gateway.engine.recognition import Kind, from_text, is_hex, recognise, require
from gateway.model.errors import DecodeError, UntranslatableError

LINK_ID_REQUEST = "91a10b0201020606040082710104"
SIP = "BYE sip:a@example.net SIP/2.0\r\nCall-ID: 1\r\n\r\n"
MESSAGES = {
    Kind.SIP: (SIP.encode(),),
    Kind.Q931: (bytes.fromhex("0802000105"),),
    Kind.FACILITY: tuple(map(bytes.fromhex, (LINK_ID_REQUEST, LINK_ID_REQUEST[2:], "1c0e" + LINK_ID_REQUEST))),
    Kind.H225: (
        bytes.fromhex("0300002a08020001621c007e001c0528100100118012011000011000030001090700000101808884" + "0100"),
    ),
    Kind.H450: (bytes.fromhex("0001000001000107"), bytes.fromhex("2001000007000108")),
}
REFER_TO_CID = """REFER sip:phone@example.net SIP/2.0
From: <sip:pbx@example.net>;tag=1
To: <sip:phone@example.net>
Call-ID: 1
CSeq: 1 REFER
Refer-To: <cid:remotecc@example.net>

"""


@pytest.mark.parametrize(
    "text",
    [
        LINK_ID_REQUEST,
        LINK_ID_REQUEST.upper(),
        "0x" + LINK_ID_REQUEST,
        bytes.fromhex(LINK_ID_REQUEST).hex(" "),
        bytes.fromhex(LINK_ID_REQUEST).hex(":"),
        bytes.fromhex(LINK_ID_REQUEST).hex("-"),
        ", ".join(f"0x{octet:02X}" for octet in bytes.fromhex(LINK_ID_REQUEST)),
        f"\ufeff{LINK_ID_REQUEST}\r\n",
    ],
)
def test_hex_in_its_forms(text: str) -> None:
    assert from_text(text) == bytes.fromhex(LINK_ID_REQUEST)


@pytest.mark.parametrize("text", ["", " ", "0x", "-", "10x1", "refer.sip", "91a1zz", "0y91"])
def test_what_is_no_hex(text: str) -> None:
    assert not is_hex(text)
    with pytest.raises(DecodeError, match="neither a SIP message nor hex digits"):
        from_text(text)


@pytest.mark.parametrize("text", [SIP, SIP.replace("\r", ""), "\ufeff" + SIP, "\n" + SIP])
def test_sip_text_in_its_forms(text: str) -> None:
    assert from_text(text) == SIP.encode()


@given(st.text())
def test_any_other_text_raises_decode_error_only(text: str) -> None:
    try:
        assert recognise(from_text(text)) in Kind
    except DecodeError as error:
        assert error.what


@pytest.mark.parametrize(("kind", "octets"), [(kind, each) for kind in MESSAGES for each in MESSAGES[kind]])
def test_a_message_may_be_called_what_it_is_and_nothing_else(kind: Kind, octets: bytes) -> None:
    require(kind, octets)
    # An H.225.0 message without TPKT begins as one of Q.931 does.
    layouts = {Kind.Q931, Kind.H225} if octets[0] == 8 else {kind}
    for other in set(Kind) - layouts:
        with pytest.raises(DecodeError, match=f"^no {other} message begins with {octets[:4].hex(' ')}$"):
            require(other, octets)


@pytest.mark.parametrize(("kind", "octets"), [(Kind.Q931, "0302000007"), (Kind.FACILITY, "950102")])
def test_other_discriminators_and_profiles_are_taken_when_asked_for(kind: Kind, octets: str) -> None:
    require(kind, bytes.fromhex(octets))
    assert recognise(bytes.fromhex(octets)) is not kind


@pytest.mark.parametrize("kind", Kind)
def test_no_octets_are_no_message(kind: Kind) -> None:
    with pytest.raises(DecodeError, match="no octets"):
        require(kind, b"")


@pytest.mark.parametrize(("text", "source"), [("08020001621c0100", "sip"), (SIP, "qsig"), (SIP, "h4502")])
def test_a_message_is_not_read_by_a_dialect_of_another_protocol(text: str, source: str) -> None:
    with pytest.raises(
        DecodeError, match=rf"^{source} reads no message that begins with [0-9a-f ]{{11}}, as \w+ does$"
    ):
        single_message.translate(text, source, "teams")


@pytest.mark.parametrize("target", ["sip", "etsi-ect", "qsig", "h4502"])
def test_a_refer_that_asks_for_no_call_is_said_to_be_no_transfer(target: str) -> None:
    with pytest.raises(UntranslatableError, match=r"^this REFER is no part of a transfer: "):
        single_message.translate(REFER_TO_CID, None, target)
