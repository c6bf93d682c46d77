"""H.225.0 call signalling messages: a Q.931 header, information elements, and H323-UserInformation among them.

Octets run from the protocol discriminator on, without TPKT. H323-UserInformation is `per.py`'s, except where the
message body is `empty`: such a message is a few fixed bits around its APDUs and is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.h323 import per
from gateway.h323.per_sequence import Found
from gateway.model.errors import DecodeError, LocalProtocolError

PROTOCOL_DISCRIMINATOR = 0x08
PROTOCOL_IDENTIFIER = (0, 0, 8, 2250, 0, 6)
"""{itu-t(0) recommendation(0) h(8) 2250 version(0) 6}: H.225.0 (2006)."""

MESSAGE_TYPES = {
    0x01: "ALERTING",
    0x02: "CALL PROCEEDING",
    0x03: "PROGRESS",
    0x05: "SETUP",
    0x07: "CONNECT",
    0x0D: "SETUP ACKNOWLEDGE",
    0x0F: "CONNECT ACKNOWLEDGE",
    0x20: "USER INFORMATION",
    0x24: "HOLD",
    0x28: "HOLD ACKNOWLEDGE",
    0x30: "HOLD REJECT",
    0x31: "RETRIEVE",
    0x33: "RETRIEVE ACKNOWLEDGE",
    0x37: "RETRIEVE REJECT",
    0x45: "DISCONNECT",
    0x4D: "RELEASE",
    0x5A: "RELEASE COMPLETE",
    0x60: "SEGMENT",
    0x62: "FACILITY",
    0x6E: "NOTIFY",
    0x75: "STATUS ENQUIRY",
    0x79: "CONGESTION CONTROL",
    0x7B: "INFORMATION",
    0x7D: "STATUS",
}
"""The message types of Q.931 (and Q.932 hold and retrieve); others are named by their value, "0x7f"."""

MESSAGE_CODES = {name: code for code, name in MESSAGE_TYPES.items()}
BEARER_CAPABILITY, CAUSE, FACILITY, USER_USER = 0x04, 0x08, 0x1C, 0x7E
_ASN1_CODED = 0x05
_EMPTY_BODY = "empty"
_FIELDS = ("h323-message-body", "h4501SupplementaryService", "h245Tunnelling", "h245Control")


@dataclass(frozen=True, slots=True)
class CallSignal:
    """One H.225.0 call signalling message.

    `from_destination` is the flag of the call reference: True when sent by the side that did not allocate it.
    `information_elements` are (identifier, contents) in order, without User-user. `body` is the alternative of
    h323-message-body ("" when the message has no User-user element), `uuie` its value in the form of `per`.
    `others` is the rest of H323-UU-PDU and `user_data` what stands beside it, in the same form. `bitmap` is how many
    additions of H323-UU-PDU a message that was read had bits for, 0 when no more than it needed.
    """

    name: str
    call_reference: int
    from_destination: bool = False
    information_elements: tuple[tuple[int, bytes], ...] = ()
    body: str = _EMPTY_BODY
    uuie: Mapping[str, Any] = field(default_factory=dict)
    supplementary_services: tuple[bytes, ...] = ()
    h245_tunnelling: bool | None = None
    h245_control: tuple[bytes, ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)
    user_data: Mapping[str, Any] | None = None
    bitmap: int = field(default=0, compare=False)

    @property
    def message_type(self) -> int:
        """The octet that stands for the name."""
        return _message_type(self.name)

    @property
    def call_identifier(self) -> bytes:
        """The 16 octets that name the call, b"" when the message does not say them (FACILITY with an empty body)."""
        guid: bytes = self.uuie.get("callIdentifier", {}).get("guid", b"")
        return guid

    @property
    def conference_id(self) -> bytes:
        """The 16 octets that name the conference, b"" when the message does not say them."""
        identifier: bytes = self.uuie.get("conferenceID", b"")
        return identifier

    @property
    def reason(self) -> str:
        """The name of the reason of a FACILITY or RELEASE COMPLETE, "" without one."""
        reason = self.uuie.get("reason")
        return reason[0] if isinstance(reason, tuple) else ""

    @property
    def cause(self) -> int | None:
        """The Q.850 value of the Cause element, None without one."""
        contents = self.information_element(CAUSE)
        if contents is None:
            return None
        value = next((octet for octet in contents[1 if contents[:1] > b"\x7f" else 2 :]), None)
        return None if value is None else value & 0x7F

    @property
    def source_aliases(self) -> tuple[tuple[str, Any], ...]:
        """AliasAddress values of the calling party (SETUP)."""
        return tuple(self.uuie.get("sourceAddress", ()))

    @property
    def destination_aliases(self) -> tuple[tuple[str, Any], ...]:
        """AliasAddress values of the called party (SETUP), or where to call instead (FACILITY)."""
        return tuple(self.uuie.get("destinationAddress", self.uuie.get("alternativeAliasAddress", ())))

    def information_element(self, identifier: int) -> bytes | None:
        """Contents of the first information element `identifier`, None without one."""
        return next((contents for name, contents in self.information_elements if name == identifier), None)


def decode_header(octets: bytes) -> tuple[str, int, bool]:
    """The name of the message in `octets`, its call reference value and flag. Raises DecodeError."""
    if len(octets) < 5 or octets[0] != PROTOCOL_DISCRIMINATOR or octets[1] != 2:
        raise DecodeError("no H.225.0 message: it begins with 08 02, call reference, type", where=octets[:8].hex())
    reference = int.from_bytes(octets[2:4], "big")
    return MESSAGE_TYPES.get(octets[4], f"{octets[4]:#04x}"), reference & 0x7FFF, reference > 0x7FFF


def decode(octets: bytes) -> CallSignal:
    """The message in `octets`. Raises DecodeError."""
    name, reference, flag = decode_header(octets)
    elements = information_elements(octets)
    header = (name, reference, flag, tuple(e for e in elements if e[0] != USER_USER))
    user_user = next((contents for identifier, contents in elements if identifier == USER_USER), None)
    if user_user is None:
        return CallSignal(*header, body="")
    if user_user[:1] != bytes((_ASN1_CODED,)):
        raise DecodeError("User-user is not coded in ASN.1", where=user_user[:8].hex())
    return CallSignal(*header, **_user_information(per.decode(user_user[1:])))


def _user_information(value: dict[str, Any]) -> dict[str, Any]:
    pdu = value["h323-uu-pdu"]
    body, uuie = pdu["h323-message-body"]
    return {
        "body": body,
        "uuie": uuie if isinstance(uuie, dict) else {},
        "supplementary_services": tuple(pdu.get("h4501SupplementaryService", ())),
        "h245_tunnelling": pdu.get("h245Tunnelling"),
        "h245_control": tuple(pdu.get("h245Control", ())),
        "others": {name: item for name, item in pdu.items() if name not in _FIELDS},
        "user_data": value.get("user-data"),
        "bitmap": pdu.bitmap if isinstance(pdu, Found) else 0,
    }


def information_elements(octets: bytes) -> list[tuple[int, bytes]]:
    """Identifiers and contents; a single octet element has none. In H.225.0 User-user has a length of two octets."""
    elements = []
    at = 5
    while at < len(octets):
        identifier = octets[at]
        width = 0 if identifier & 0x80 else 2 if identifier == USER_USER else 1
        start = at + 1 + width
        end = start + int.from_bytes(octets[at + 1 : start], "big")
        if end > len(octets):
            raise DecodeError(f"information element {identifier:#04x} goes beyond the message", where=f"octet {at}")
        elements.append((identifier, octets[start:end]))
        at = end
    return elements


def encode(message: CallSignal) -> bytes:
    """The octets of `message`. Raises LocalProtocolError for a value that the message cannot carry."""
    if not 0 <= message.call_reference <= 0x7FFF:
        raise LocalProtocolError(f"a call reference value has 15 bits: {message.call_reference}")
    reference = message.call_reference | message.from_destination << 15
    header = bytes((PROTOCOL_DISCRIMINATOR, 2)) + reference.to_bytes(2, "big")
    elements = b"".join(_element(*element) for element in message.information_elements)
    octets = header + bytes((_message_type(message.name),)) + elements
    if not message.body:
        return octets
    user_user = bytes((_ASN1_CODED,)) + _encode_user_information(message)
    return octets + bytes((USER_USER,)) + _length(user_user, 2) + user_user


def _message_type(name: str) -> int:
    if name in MESSAGE_CODES:
        return MESSAGE_CODES[name]
    try:
        return bytes.fromhex(name.removeprefix("0x"))[0]
    except (ValueError, IndexError) as error:
        raise LocalProtocolError(f"no H.225.0 message is called {name!r}") from error


def _element(identifier: int, contents: bytes) -> bytes:
    return bytes((identifier,)) if identifier & 0x80 else bytes((identifier,)) + _length(contents, 1) + contents


def _length(contents: bytes, octets: int) -> bytes:
    if len(contents) >= 1 << 8 * octets:
        raise LocalProtocolError(f"{len(contents)} octets do not fit into an information element")
    return len(contents).to_bytes(octets, "big")


def _encode_user_information(message: CallSignal) -> bytes:
    rest = message.h245_control or message.others or message.user_data or message.bitmap
    plain = message.body == _EMPTY_BODY and not rest
    if plain and message.supplementary_services and len(message.supplementary_services) < 128:
        return _around_apdus(message.supplementary_services, message.h245_tunnelling)
    value = {"h323-uu-pdu": _uu_pdu(message)}
    return per.encode(value if message.user_data is None else value | {"user-data": message.user_data})


def _uu_pdu(message: CallSignal) -> dict[str, Any]:
    uuie = None if message.body == _EMPTY_BODY else message.uuie
    pdu: dict[str, Any] = {"h323-message-body": (message.body, uuie), **message.others}
    if message.supplementary_services:
        pdu["h4501SupplementaryService"] = list(message.supplementary_services)
    if message.h245_tunnelling is not None:
        pdu["h245Tunnelling"] = message.h245_tunnelling
    if message.h245_control:
        pdu["h245Control"] = list(message.h245_control)
    return Found(pdu, message.bitmap) if message.bitmap else pdu


def _around_apdus(apdus: tuple[bytes, ...], tunnelling: bool | None) -> bytes:
    """H323-UserInformation with body `empty`, APDUs, and h245Tunnelling where it is said.

    0 no extension, 0 no user-data, 1 extension additions, 0 no nonStandardData; body 1 000 0001: second extension
    alternative, an open type of one octet. Then seven bits for the number of additions less one, a bit for each,
    and the additions as open types.
    """
    bitmap = b"\x01" if tunnelling is None else b"\x03\x80"
    items = bytes((len(apdus),)) + b"".join(_determinant(len(apdu)) + apdu for apdu in apdus)
    tail = b"" if tunnelling is None else bytes((1, tunnelling << 7))
    return b"\x28\x10\x01\x00" + bitmap + _determinant(len(items)) + items + tail


def _determinant(length: int) -> bytes:
    """A PER length (X.691 11.9): one octet, or two from 128 on; longer ones would be in fragments."""
    if length < 0x80:
        return bytes((length,))
    if length < 0x4000:
        return (0x8000 | length).to_bytes(2, "big")
    raise LocalProtocolError(f"APDUs of {length} octets are too long for one message")
