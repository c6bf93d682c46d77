"""One signalling message as it is compared: of a recording, or of the gateway in the place of a recorded host."""

from dataclasses import dataclass
from typing import Any

from gateway.engine.signal import Signal
from gateway.model.errors import DecodeError
from gateway.regression import h323_fields, q931_fields, sip_fields


@dataclass(frozen=True, slots=True)
class Message:
    """`frame` counts the packets of the recording, None for what the gateway sent. `time` is in seconds since the
    first packet of the recording, of the virtual clock for the gateway's own.

    `protocol`: "sip", "q931", "iua" (Q.931 in IUA), "h225", "h245" or "ras". `source` and `destination`:
    "192.0.2.1:5060" or, on a D channel, "lapd:0/sapi0/tei0:network". `name`: "INVITE", "180 INVITE",
    "FACILITY EctExecute", "SETUP callTransferSetup".
    """

    frame: int | None
    time: float
    protocol: str
    source: str
    destination: str
    name: str
    octets: bytes

    def field(self, name: str) -> str | None:
        """A part by its name, for matchers and explanations; None when it is not there.

        SIP: a header field ("Refer-To"; several of a name are joined with ", "), "Request-URI", "status", "body",
        "reason phrase", "From.uri", "From.user", "From.host", "From.display", "From.tag" (of any field with an
        address), "Refer-To.replaces", "sdp.address", "sdp.port", "sdp.codecs", "sdp.direction", "sipfrag".
        Q.931: "call reference", "cause", "channel", "called", "calling", "connected", "progress", "facility", and the
        contents of any information element as hex by its identifier ("0x1c"). H.225.0: the same, and
        "callIdentifier", "conferenceID", "reason", "reroutingNumber", "callIdentity", "fastStart", "h245Address".
        """
        try:
            return _FIELDS.get(self.protocol, q931_fields.field)(self.octets, name)
        except DecodeError:
            return None

    def as_document(self) -> dict[str, Any]:
        """The JSON form. Octets are text for SIP, hex for all others."""
        octets = self.octets.decode("utf-8", "replace") if self.protocol == "sip" else self.octets.hex()
        return {
            "frame": self.frame,
            "time": round(self.time, 6),
            "protocol": self.protocol,
            "source": self.source,
            "destination": self.destination,
            "name": self.name,
            "octets": octets,
        }


_FIELDS = {"sip": sip_fields.field, "h225": h323_fields.field}
_NAMES = {
    "sip": sip_fields.name,
    "h225": h323_fields.name,
    "h245": h323_fields.control,
    "ras": h323_fields.ras,
}


def of_signal(signal: Signal, start: float, name: str = "") -> Message:
    """A message of a recording that began at `start`; its name is read from it when left out."""
    protocol, source, destination = signal.protocol, signal.source, signal.destination
    if protocol == "q931" and signal.link.startswith("iua:"):
        protocol = "iua"
    if signal.transport == "lapd":
        source, destination = f"{signal.link}:{source}", f"{signal.link}:{destination}"
    return Message(
        signal.frame,
        signal.time - start,
        protocol,
        source,
        destination,
        name or name_of(protocol, signal.octets),
        signal.octets,
    )


def name_of(protocol: str, octets: bytes) -> str:
    """What a message is called; "?" when it cannot be read."""
    try:
        return _NAMES.get(protocol, q931_fields.name)(octets)
    except DecodeError:
        return "?"
