"""The media of an H.323 call: the sockets in its fastStart and in its tunnelled H.245 (H.323 8.1.7, 8.2.1).

H.245 on a connection of its own is not looked at: nothing in it names its call.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from gateway.diagnosis.announced import Announced, Said
from gateway.diagnosis.media import Socket
from gateway.diagnosis.sight import host_of
from gateway.engine.signal import Signal
from gateway.h323 import h225, per
from gateway.h323.control.channel_messages import format_of, h2250
from gateway.h323.control.media import MediaAddress, media_address
from gateway.interworking.h245_sdp import encoding
from gateway.model.errors import DecodeError
from gateway.sip.sdp_description import Direction

_DIRECTIONS = ("forwardLogicalChannelParameters", "reverseLogicalChannelParameters")
_ACK = "h2250LogicalChannelAckParameters"
_Codecs = tuple[dict[int, str], bool]
"""By payload type, and whether it is encrypted (H.235)."""


class H323Call:
    """One H.323 call of a transfer, as far as its media go. `leg` is the index of the leg."""

    def __init__(self, leg: str, signals: Sequence[Signal]) -> None:
        self.leg = leg
        self._messages = list(_messages(signals))

    @property
    def started(self) -> float:
        """When its first message was seen; never, when none could be read."""
        return self._messages[0][0].time if self._messages else float("inf")

    @property
    def ended(self) -> float | None:
        """When the first RELEASE COMPLETE was seen."""
        return next((signal.time for signal, message in self._messages if message.name == "RELEASE COMPLETE"), None)

    @cached_property
    def announced(self) -> list[Announced]:
        """The sockets at which its ends said that they take RTP, in order of time."""
        found: list[Announced] = []
        opened: dict[tuple[str, int], _Codecs] = {}
        known: dict[Socket, dict[int, str]] = {}
        for signal, message in self._messages:
            said = Said(signal.frame, signal.time, host_of(signal.source))
            for address, (codecs, encrypted) in _media(signal, message, opened):
                host, _, port = address.media.rpartition(":")
                if port:
                    socket = Socket(host.strip("[]"), int(port))
                    # Each codec that a caller proposes is an element of its own, with the same socket.
                    known[socket] = {**known.get(socket, {}), **codecs}
                    found.append(Announced(socket, said, known[socket], encrypted, Direction.SENDRECV))
        return found


def _messages(signals: Iterable[Signal]) -> Iterator[tuple[Signal, h225.CallSignal]]:
    for signal in signals:
        try:
            yield signal, h225.decode(signal.octets)
        except DecodeError:
            continue


def _media(
    signal: Signal, message: h225.CallSignal, opened: dict[tuple[str, int], _Codecs]
) -> Iterator[tuple[MediaAddress, _Codecs]]:
    """Where the sender of a message receives; `opened` are the channels so far, by who opened them and number."""
    for element in message.uuie.get("fastStart", ()):
        try:
            yield from _of_channel(per.decode_channel(element))
        except DecodeError:
            continue
    for octets in (*message.uuie.get("parallelH245Control", ()), *message.h245_control):
        try:
            name, value = per.decode_control(octets)[1]
        except DecodeError:
            continue
        if name == "openLogicalChannel":
            opened[signal.source, value["forwardLogicalChannelNumber"]] = _codecs(value[_DIRECTIONS[0]])
            yield from _of_channel(value)
        elif name == "openLogicalChannelAck":
            yield from _of_ack(value, opened.get((signal.destination, value["forwardLogicalChannelNumber"])))


def _of_channel(value: dict[str, Any]) -> Iterator[tuple[MediaAddress, _Codecs]]:
    """An OpenLogicalChannel: either direction may say where it is received."""
    for name in _DIRECTIONS:
        said = value.get(name)
        if said is not None and "dataType" in said:
            yield media_address(h2250(said)), _codecs(said)


def _of_ack(value: dict[str, Any], opened: _Codecs | None) -> Iterator[tuple[MediaAddress, _Codecs]]:
    kind, said = value.get("forwardMultiplexAckParameters", ("", {}))
    if kind == _ACK:
        yield media_address(said), opened or ({}, False)


def _codecs(said: dict[str, Any]) -> _Codecs:
    format = format_of(said)
    payload, name = encoding(format) if format is not None else (None, "")
    return ({} if payload is None else {payload: name.lower()}), said["dataType"][0] == "h235Media"
