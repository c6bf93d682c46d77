"""Information elements of Q.931 4.5 that say something about the call itself; numbers are in `numbers`.

All functions take or give the contents of an element: the octets after identifier and length.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from gateway.model.causes import Cause, Location
from gateway.model.errors import DecodeError

_EXTENSION = 0x80

BEARERS = {
    "speech A-law": bytes.fromhex("8090a3"),
    "speech mu-law": bytes.fromhex("8090a2"),
    "3.1 kHz audio A-law": bytes.fromhex("9090a3"),
    "3.1 kHz audio mu-law": bytes.fromhex("9090a2"),
    "unrestricted digital information": bytes.fromhex("8890"),
}
"""Bearer capabilities (4.5.5) that calls are set up with, by the name we give them."""

_BEARER_NAMES = {octets: name for name, octets in BEARERS.items()}


class CallState(IntEnum):
    """Call states of Q.931 2.1 and 2.2, as the call state element gives them (4.5.7)."""

    NULL = 0
    CALL_INITIATED = 1
    OVERLAP_SENDING = 2
    OUTGOING_CALL_PROCEEDING = 3
    CALL_DELIVERED = 4
    CALL_PRESENT = 6
    CALL_RECEIVED = 7
    CONNECT_REQUEST = 8
    INCOMING_CALL_PROCEEDING = 9
    ACTIVE = 10
    DISCONNECT_REQUEST = 11
    DISCONNECT_INDICATION = 12
    SUSPEND_REQUEST = 15
    RESUME_REQUEST = 17
    RELEASE_REQUEST = 19
    CALL_ABORT = 22
    OVERLAP_RECEIVING = 25
    RESTART_REQUEST = 61
    RESTART = 62


class Notification(IntEnum):
    """Notification descriptions (Q.931 4.5.22, Q.932, Q.952, Q.953): seven bits, extension bit left out."""

    USER_SUSPENDED = 0x00
    USER_RESUMED = 0x01
    BEARER_SERVICE_CHANGE = 0x02
    CONFERENCE_ESTABLISHED = 0x42
    CALL_WAITING = 0x60
    DIVERSION_ACTIVATED = 0x68
    CALL_TRANSFER_ALERTING = 0x69
    CALL_TRANSFER_ACTIVE = 0x6A
    REMOTE_HOLD = 0x79
    REMOTE_RETRIEVAL = 0x7A
    CALL_IS_DIVERTING = 0x7B


_STATES = {int(member): member for member in CallState}
_NOTIFICATIONS = {int(member): member for member in Notification}


@dataclass(frozen=True, slots=True)
class ProgressIndicator:
    """Progress (4.5.23): `description` 1 not end-to-end ISDN, 2 and 3 destination or origination is not ISDN,
    4 returned to the ISDN, 5 interworking changed the service, 8 in-band information.
    """

    description: int
    location: Location = Location.USER


@dataclass(frozen=True, slots=True)
class ChannelIdentification:
    """The channel (4.5.13). `channels` are B-channel or time slot numbers; empty with `any_channel` False means
    no channel. `slot_map` is the octets of a slot map in place of numbers, `interface` those of an interface
    identifier. `channel_type` is 3 for B-channel units.
    """

    channels: tuple[int, ...] = ()
    exclusive: bool = True
    primary: bool = True
    any_channel: bool = False
    d_channel: bool = False
    interface: bytes = b""
    slot_map: bytes = b""
    channel_type: int = 3


@lru_cache(maxsize=256)  # it is looked at as what may be wrong, as the cause, and beside a result
def decode_cause(contents: bytes) -> Cause:
    """Cause (4.5.12, Q.850): value, location, diagnostics. Raises DecodeError when it is cut off."""
    at = 1 if contents and contents[0] & _EXTENSION else 2  # octet 3a names the recommendation
    if len(contents) <= at:
        raise DecodeError("cause is cut off")
    return Cause(contents[at] & 0x7F, Location(contents[0] & 0x0F), contents[at + 1 :])


def encode_cause(cause: Cause) -> bytes:
    """Cause in ITU-T coding; without a location it is the user's. Text has no place here."""
    return bytes((_EXTENSION | (cause.location or Location.USER), _EXTENSION | cause.value)) + cause.diagnostics


def decode_call_state(contents: bytes) -> CallState | int:
    """Call state (4.5.7), an int where Q.931 has no such state. Raises DecodeError when it is empty."""
    state = _first(contents) & 0x3F
    return _STATES.get(state, state)


def encode_call_state(state: CallState | int) -> bytes:
    """Call state in ITU-T coding."""
    return bytes((state & 0x3F,))


def decode_progress(contents: bytes) -> ProgressIndicator:
    """Progress indicator. Raises DecodeError when it is cut off."""
    if len(contents) < 2:
        raise DecodeError("progress indicator is cut off")
    return ProgressIndicator(contents[1] & 0x7F, Location(contents[0] & 0x0F))


def encode_progress(progress: ProgressIndicator) -> bytes:
    """Progress indicator in ITU-T coding."""
    return bytes((_EXTENSION | progress.location, _EXTENSION | progress.description))


def decode_notification(contents: bytes) -> Notification | int:
    """Notification indicator, an int where no Recommendation names the value. Raises DecodeError when it is empty."""
    value = _first(contents) & 0x7F
    return _NOTIFICATIONS.get(value, value)


def encode_notification(notification: Notification | int) -> bytes:
    """Notification indicator."""
    return bytes((_EXTENSION | notification,))


def decode_display(contents: bytes) -> str:
    """Display (4.5.16) as text of ISO 8859-1; a leading octet that names the kind of display is left out."""
    return (contents[1:] if contents and contents[0] & _EXTENSION else contents).decode("iso8859-1")


def encode_display(text: str) -> bytes:
    """Display, at most 82 octets of it; a character that ISO 8859-1 has not becomes a question mark."""
    return text.encode("iso8859-1", errors="replace")[:82]


def decode_keypad(contents: bytes) -> str:
    """Keypad facility (4.5.18) as IA5 text. Raises DecodeError when it is none."""
    try:
        return contents.decode("ascii")
    except UnicodeDecodeError:
        raise DecodeError(f"keypad facility {contents.hex()} is no IA5 text") from None


def encode_keypad(digits: str) -> bytes:
    """Keypad facility; a character that IA5 has not becomes a question mark."""
    return digits.encode("ascii", errors="replace")


def decode_user_user(contents: bytes) -> tuple[int, bytes]:
    """(protocol discriminator, user information) of User-user (4.5.30). Raises DecodeError when it is empty."""
    return _first(contents), contents[1:]


def encode_user_user(protocol_discriminator: int, information: bytes) -> bytes:
    """User-user."""
    return bytes((protocol_discriminator,)) + information


def bearer_name(contents: bytes) -> str | None:
    """What we call this bearer capability, or None for one that is not in BEARERS."""
    return _BEARER_NAMES.get(contents)


@lru_cache(maxsize=256)  # it is looked at as what may be wrong, and as the channel
def decode_channel(contents: bytes) -> ChannelIdentification:
    """Channel identification. Raises DecodeError when it is cut off."""
    first = _first(contents)
    interface, at = _interface(contents) if first & 0x40 else (b"", 1)
    selection, primary = first & 0x03, bool(first & 0x20)
    channels: tuple[int, ...] = ()
    slot_map, kind = b"", 3
    if primary and selection == 1:
        channels, slot_map, kind = _slots(contents[at:])
    elif not primary and selection in (1, 2):
        channels = (selection,)
    exclusive, d_channel = bool(first & 0x08), bool(first & 0x04)
    return ChannelIdentification(
        channels, exclusive, primary, selection == 3, d_channel, interface, slot_map, channel_type=kind
    )


def _interface(contents: bytes) -> tuple[bytes, int]:
    """The octets of the interface identifier (3.1), and the offset after them."""
    for index in range(1, len(contents)):
        if contents[index] & _EXTENSION:
            return contents[1 : index + 1], index + 1
    raise DecodeError("interface identifier is cut off")


def _slots(contents: bytes) -> tuple[tuple[int, ...], bytes, int]:
    """Channel numbers, slot map and channel type of octets 3.2 and 3.3: one of the first two is empty."""
    if len(contents) < 2:
        raise DecodeError("channel identification is cut off")
    kind = contents[0] & 0x0F
    if contents[0] & 0x10:
        return (), contents[1:], kind
    return tuple([octet & 0x7F for octet in contents[1:]]), b"", kind


def encode_channel(channel: ChannelIdentification) -> bytes:
    """Channel identification, with ITU-T coding of the channel type."""
    slots = channel.primary and bool(channel.channels or channel.slot_map)
    first = _EXTENSION | 0x40 * bool(channel.interface) | 0x20 * channel.primary | 0x08 * channel.exclusive
    first |= 0x04 * channel.d_channel | _selection(channel)
    return bytes((first,)) + channel.interface + (_slot_octets(channel) if slots else b"")


def _selection(channel: ChannelIdentification) -> int:
    """Information channel selection: a basic access has the B-channel here, a primary one 1 for "see below"."""
    if channel.any_channel:
        return 3
    if channel.primary:
        return 1 if channel.channels or channel.slot_map else 0
    return channel.channels[0] & 0x03 if channel.channels else 0


def _slot_octets(channel: ChannelIdentification) -> bytes:
    if channel.slot_map:
        return bytes((_EXTENSION | 0x10 | channel.channel_type,)) + channel.slot_map
    *more, last = channel.channels
    return bytes((_EXTENSION | channel.channel_type, *more, _EXTENSION | last))


def _first(contents: bytes) -> int:
    if not contents:
        raise DecodeError("empty information element")
    return contents[0]
