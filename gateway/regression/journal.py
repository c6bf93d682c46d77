"""What a recorded run of the gateway was told and what it said, line by line: `events.jsonl` of a recording.

Each line is one JSON object: `do` (an input: the method of the gateway, its arguments), `out` (something sent),
`asked` (something that the gateway asked of its surroundings, and the answer). `at` is engine time in seconds, exact.
Octets are text of ISO 8859-1, so that SIP can be read; `frame` is the packet of the capture that has them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.model.errors import DecodeError
from gateway.sip.flow import Flow, Transport

VERSION = 1
CAPTURE, CONFIGURATION, EVENTS, SCENARIO = "capture.pcapng", "gateway.yaml", "events.jsonl", "scenario.yaml"

INPUTS = frozenset(
    (
        *("receive", "receive_frame", "receive_media", "line_changed", "flow_failed", "advance", "start", "drain"),
        *("stop", "h323_accepted", "h323_opened", "h323_received", "h323_lost", "h323_datagram"),
    )
)
"""Methods of the gateway whose every call is written down as it is; the last argument is the time."""
TOLD_OTHERWISE = frozenset(("reload", "restore"))
"""Inputs that have a form of their own."""
OUTPUTS = frozenset(("send", "send_frame", "send_media"))
"""What the gateway calls to send something."""
QUESTIONS = frozenset(("own_host", "peer_names"))
"""What it asks its surroundings and gets an answer to at once."""
NETWORK_OUTPUTS = frozenset(("send", "disconnect", "unlisten", "send_datagram"))
"""The same of the network of H.323 trunks, by its methods; in the journal they are `network.send` and so on."""
NETWORK_QUESTIONS = frozenset(("connect", "listen", "address", "ras_port"))

Line = dict[str, Any]


def written(value: object) -> Any:
    """A value as JSON has it: octets and flows are objects, tuples are lists."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"octets": bytes(value).decode("latin-1")}
    if isinstance(value, Flow):
        return {"flow": list(value)}
    if isinstance(value, tuple | list):
        return [written(each) for each in value]
    return value


def read(value: Any) -> Any:
    """The value back; lists become tuples. Raises DecodeError for an object that is none of ours."""
    if isinstance(value, list):
        return tuple(map(read, value))
    if not isinstance(value, dict):
        return value
    try:
        if "octets" in value:
            return value["octets"].encode("latin-1")
        transport, *rest = value["flow"]
        return Flow(Transport(transport), *rest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DecodeError(f"no octets and no flow: {str(value)[:60]}") from error


def as_line(line: Line) -> str:
    """One line of the file. Times keep every bit: repr of a float is read back as the same float."""
    return json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n"


def lines(path: Path) -> Iterator[Line]:
    """The lines of a journal. Raises DecodeError for one that is no JSON object; a last one that was cut off by the
    end of the process is left out.
    """
    try:
        text = path.read_text("ascii")
    except (OSError, ValueError) as error:
        raise DecodeError(f"cannot be read: {error}", where=str(path)) from error
    for number, line in enumerate(text.rpartition("\n")[0].splitlines(), 1):
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise DecodeError("no JSON object", where=f"{path}:{number}")
        yield found
