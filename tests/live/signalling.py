"""What tshark says of a capture of SIP: nothing malformed, no request without its final response."""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.peers import tshark


@dataclass(frozen=True, slots=True)
class Read:
    """One SIP message as tshark reads it; `status` is "" for a request. `transaction` is Call-ID, branch and CSeq."""

    frame: int
    method: str
    status: str
    transaction: tuple[str, str, str]
    malformed: bool


def read(capture: Path, ports: Sequence[int], options: Sequence[str] = (), *, all_of_it: bool = False) -> list[Read]:
    """All SIP messages on those ports, and no others that passed at the same time. With `all_of_it` nothing else in
    the capture may be malformed either.
    """
    decode = [word for port in ports for kind in ("udp", "tcp") for word in ("-d", f"{kind}.port=={port},sip")]
    some = ", ".join(map(str, ports))
    where = f"udp.port in {{{some}}} or tcp.port in {{{some}}}" + " or _ws.malformed" * all_of_it
    command = [tshark.program(), "-r", str(capture), "-T", "pdml", "-Y", where, *decode, *options]
    done = subprocess.run(command, check=True, capture_output=True)
    packets = list(ElementTree.fromstring(done.stdout).iter("packet"))
    broken = [_shown(packet, "frame.number") for packet in packets if _is_malformed(packet)]
    assert not (all_of_it and broken), f"malformed: {broken}"
    return [message for packet in packets for message in _messages(packet)]


def assert_clean(
    capture: Path, ports: Sequence[int], options: Sequence[str] = (), *, all_of_it: bool = False
) -> list[Read]:
    """Asserts that all is well-formed and answered; the messages."""
    messages = read(capture, ports, options, all_of_it=all_of_it)
    assert messages, "no SIP in the capture"
    assert not [message.frame for message in messages if message.malformed], "malformed"
    answered = {message.transaction for message in messages if message.status >= "2"}
    open_requests = [m for m in messages if not m.status and m.method != "ACK" and m.transaction not in answered]
    assert not open_requests, f"unanswered: {open_requests}"
    return messages


def _messages(packet: ElementTree.Element) -> Iterator[Read]:
    malformed = _is_malformed(packet)
    frame = int(_shown(packet, "frame.number"))
    for message in packet.iter("proto"):
        if message.get("name") == "sip" and _shown(message, "sip.Call-ID"):
            method = _shown(message, "sip.CSeq.method")
            transaction = (_shown(message, "sip.Call-ID"), _shown(message, "sip.Via.branch"), method)
            yield Read(frame, method, _shown(message, "sip.Status-Code"), transaction, malformed)


def _is_malformed(packet: ElementTree.Element) -> bool:
    return any(proto.get("name") == "_ws.malformed" for proto in packet.iter("proto"))


def _shown(element: ElementTree.Element, name: str) -> str:
    for field in element.iter("field"):
        if field.get("name") == name:
            return field.get("show") or ""
    return ""
