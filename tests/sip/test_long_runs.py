"""No message takes long to read, whatever it is made of: a run of one thing costs no more than in proportion."""

from collections.abc import Callable
from contextlib import suppress
from time import process_time

import pytest

from gateway.model.errors import DecodeError
from gateway.sip import sdp
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.digest import Challenger, NonceCounts, authorization
from gateway.sip.diversion import HistoryEntry
from gateway.sip.message import parse, parse_headers
from gateway.sip.parameters import Parameters, split
from gateway.sip.peer_profile import Credential
from gateway.sip.reason import Reason
from gateway.sip.routing import CSeq, Via
from gateway.sip.subscription import Event, SubscriptionState
from gateway.sip.uri import Uri
from gateway.sip.validity import defect

LENGTH = 60_000
BOB = Credential("bob", "zanzibar")
CHALLENGER = Challenger("pbx", ("MD5",), lambda: "token" * 4)
UNITS = [
    *' a"<>;,\\=@:?&%[/\t1\n',
    "a ",
    'a="',
    '"<',
    "<>",
    ";a",
    "a=",
    '\\"',
    "a,",
    "\r\n ",
    "m=audio 5 RTP/AVP 0\n",
]


def _bye(line: str) -> None:
    lines = ["Via: SIP/2.0/UDP h;branch=z9hG4bK1", "From: <sip:a@h>", "To: <sip:b@h>", "Call-ID: 1", "CSeq: 1 BYE"]
    name = line.partition(":")[0]
    text = "\r\n".join(["BYE sip:b@h SIP/2.0", *(line if one.startswith(name) else one for one in lines)])
    defect(parse(f"{text}\r\n\r\n".encode()))


def _session(text: str) -> None:
    octets = b"v=0\r\n" + text.encode()
    sdp.direction(octets)
    sdp.only_inactive(octets)
    sdp.with_common_codecs(octets, octets)
    sdp.answerable(octets, octets)


READERS: dict[str, Callable[[str], object]] = {
    "Address": Address.parse,
    "Uri": lambda text: Uri.parse(f"sip:{text}"),
    "Via": lambda text: Via.parse(f"SIP/2.0/UDP {text}"),
    "CSeq": CSeq.parse,
    "DialogId": DialogId.replaced,
    "HistoryEntry": HistoryEntry.parse,
    "Reason": Reason.parse,
    "Event": Event.parse,
    "SubscriptionState": SubscriptionState.parse,
    "Parameters": Parameters.parse,
    "list": lambda text: split(text, ","),
    "header fields": parse_headers,
    "message": lambda text: parse(text.encode()),
    "From of a request": lambda text: _bye(f"From: {text}"),
    "Via of a request": lambda text: _bye(f"Via: SIP/2.0/UDP {text}"),
    "URI of a request": lambda text: defect(parse(f"BYE sip:{text} SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n".encode())),
    "credentials": lambda text: CHALLENGER.verify(f"Digest {text}", "BYE", "sip:b@h", b"", (BOB,), 0.0),
    "challenge": lambda text: authorization((f"Digest {text}",), "BYE", "sip:b@h", b"", (BOB,), "c", NonceCounts()),
    "session": _session,
}


@pytest.mark.parametrize("reader", READERS)
def test_a_long_run_takes_no_long_time(reader: str) -> None:
    for unit in UNITS:
        run = unit * (LENGTH // len(unit))
        for text in (run, f"a{run}b", f"<sip:a@h>{run}<"):
            begin = process_time()
            with suppress(DecodeError):
                READERS[reader](text)
            assert process_time() - begin < 1.0, (reader, unit)
