"""Terminal capability sets (H.245 clause 7.2, B.2): what an endpoint can receive."""

from dataclasses import dataclass
from typing import Any

from gateway.h323.control.media import AudioFormat, Codec, audio_capability, audio_format

PROTOCOL_IDENTIFIER = (0, 0, 8, 245, 0, 13)
"""{itu-t(0) recommendation(0) h(8) 245 version(0) 13}: H.245 (2006)."""

DTMF_EVENTS = "0-15"
"""The events of RFC 4733 that are digits."""

_AUDIO = ("receiveAudioCapability", "receiveAndTransmitAudioCapability")
_DATA = ("receiveDataApplicationCapability", "receiveAndTransmitDataApplicationCapability")
_USER_INPUT = ("receiveUserInputCapability", "receiveAndTransmitUserInputCapability")
_EVENTS = "receiveRTPAudioTelephonyEventCapability"


@dataclass(frozen=True, slots=True)
class CapabilitySet:
    """What can be received: `audio` in the order of preference; `telephone_event` the RTP payload type of RFC 4733
    events, None when they are not taken; `user_input` the names of the UserInputCapability ("basicString", "dtmf").

    `t38` notes that fax was named as well, `others` how many further capabilities were named that we do not use;
    neither is written.
    """

    audio: tuple[AudioFormat, ...] = ()
    telephone_event: int | None = None
    user_input: frozenset[str] = frozenset()
    t38: bool = False
    others: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all can be received: the peer is to pause (H.323 8.4.6)."""
        nothing = not (self.audio or self.user_input or self.t38 or self.others)
        return nothing and self.telephone_event is None

    def format_for(self, codec: Codec) -> AudioFormat | None:
        """The first format in which a sender of `codec` is understood; None when there is none."""
        exact = next((found for found in self.audio if found.codec is codec), None)
        return exact or next((found for found in self.audio if found.codec.can_play(codec)), None)


PAUSE = CapabilitySet()
"""The empty set."""


def capability_set(value: dict[str, Any]) -> CapabilitySet:
    """The TerminalCapabilitySet `value`. It is taken as a whole: entries of earlier sets are not kept."""
    table = {
        entry["capabilityTableEntryNumber"]: entry["capability"]
        for entry in value.get("capabilityTable", ())
        if "capability" in entry
    }
    entries = list(table.values())
    events = [content for kind, content in entries if kind == _EVENTS]
    data = [content for kind, content in entries if kind in _DATA]
    audio = _audio(table, value)
    t38 = any(content["application"][0] == "t38fax" for content in data)
    inputs = frozenset(content[0] for kind, content in entries if kind in _USER_INPUT)
    used = len(audio) + len(events) + sum(kind in _USER_INPUT for kind, _ in entries)
    return CapabilitySet(
        audio,
        events[0]["dynamicRTPPayloadType"] if events else None,
        inputs,
        t38,
        max(len(entries) - used, 0),
    )


def _audio(table: dict[int, Any], value: dict[str, Any]) -> tuple[AudioFormat, ...]:
    """In the order of the descriptors, which have the preferred alternative first; in that of the table without any.

    Each format once.
    """
    named = [
        number
        for descriptor in value.get("capabilityDescriptors", ())
        for alternatives in descriptor.get("simultaneousCapabilities", ())
        for number in alternatives
        if number in table
    ]
    for order in (named, list(table)):
        found = [audio_format(content) for kind, content in (table[number] for number in order) if kind in _AUDIO]
        formats = tuple(dict.fromkeys(format for format in found if format is not None))
        if formats:
            return formats
    return ()


def capability_value(given: CapabilitySet, sequence: int) -> dict[str, Any]:
    """`given` as a TerminalCapabilitySet: one descriptor with all audio formats as alternatives, and beside them each
    kind of user input. The empty set has nothing but its sequence number and the version (H.323 8.4.6).
    """
    head = {"sequenceNumber": sequence, "protocolIdentifier": PROTOCOL_IDENTIFIER}
    if given.is_empty:
        return head
    audio = [("receiveAudioCapability", audio_capability(format)) for format in given.audio]
    beside: list[Any] = [("receiveUserInputCapability", (name, 0)) for name in sorted(given.user_input)]
    if given.telephone_event is not None:
        events = {"dynamicRTPPayloadType": given.telephone_event, "audioTelephoneEvent": DTMF_EVENTS}
        beside.append((_EVENTS, events))
    table = [
        {"capabilityTableEntryNumber": number, "capability": capability}
        for number, capability in enumerate((*audio, *beside), 1)
    ]
    numbers = [entry["capabilityTableEntryNumber"] for entry in table]
    sets = [numbers[: len(audio)], *([number] for number in numbers[len(audio) :])]
    descriptor = {"capabilityDescriptorNumber": 0, "simultaneousCapabilities": [item for item in sets if item]}
    return head | {
        "multiplexCapability": ("h2250Capability", _H2250_CAPABILITY),
        "capabilityTable": table,
        "capabilityDescriptors": [descriptor],
    }


_NO_DISTRIBUTION = {
    "centralizedControl": False,
    "distributedControl": False,
    "centralizedAudio": False,
    "distributedAudio": False,
    "centralizedVideo": False,
    "distributedVideo": False,
}
_POINT_TO_POINT = {
    "multicastCapability": False,
    "multiUniCastConference": False,
    "mediaDistributionCapability": [_NO_DISTRIBUTION],
}
_H2250_CAPABILITY = {
    "maximumAudioDelayJitter": 250,
    "receiveMultipointCapability": _POINT_TO_POINT,
    "transmitMultipointCapability": _POINT_TO_POINT,
    "receiveAndTransmitMultipointCapability": _POINT_TO_POINT,
    "mcCapability": {"centralizedConferenceMC": False, "decentralizedConferenceMC": False},
    "rtcpVideoControlCapability": False,
    "mediaPacketizationCapability": {"h261aVideoPacketization": False},
    "logicalChannelSwitchingCapability": False,
    "t120DynamicPortCapability": False,
}
"""An endpoint of calls between two, without conferences and without video; jitter in milliseconds."""
