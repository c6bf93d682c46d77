"""What tshark finds in a capture of transfers: one reading per capture, and the messages in it."""

from collections import Counter
from functools import cache
from pathlib import Path

from gateway.h323.operations import operation_name
from tests.peers import tshark

_FIELDS = [
    *("_ws.malformed", "ip.src", "ip.dst", "sip.Method", "sip.resend", "q931.message_type"),
    *(
        "h225.H323_UserInformation_element",
        "h450.ros.invoke_element",
        "h450.ros.returnResult_element",
        "h450.ros.local",
    ),
]
_H450 = {str(code): operation_name(code) for code in range(7, 20)}
_Q931 = {
    "0x01": "ALERTING",
    "0x02": "CALL PROCEEDING",
    "0x03": "PROGRESS",
    "0x05": "SETUP",
    "0x07": "CONNECT",
    "0x0d": "SETUP ACKNOWLEDGE",
    "0x0f": "CONNECT ACKNOWLEDGE",
    "0x24": "HOLD",
    "0x28": "HOLD ACKNOWLEDGE",
    "0x31": "RETRIEVE",
    "0x33": "RETRIEVE ACKNOWLEDGE",
    "0x45": "DISCONNECT",
    "0x4d": "RELEASE",
    "0x5a": "RELEASE COMPLETE",
    "0x62": "FACILITY",
    "0x6e": "NOTIFY",
}


@cache
def frames(capture: Path) -> list[list[str]]:
    """tshark's reading of each frame: malformed or not, source, destination, methods, copies, Q.931 types, whether it
    is H.225.0, invokes and results of H.450, and their operations.
    """
    options = tshark.ETSI if "etsi" in capture.name else ()
    return tshark.fields(capture, _FIELDS, options=options)


def messages(capture: Path) -> dict[str, Counter[str]]:
    """Each request counted once by the protocol's name for it, copies left out."""
    sip: Counter[str] = Counter()
    q931: Counter[str] = Counter()
    h225: Counter[str] = Counter()
    h450: Counter[str] = Counter()
    for _, _, _, methods, copies, message_types, is_h225, invokes, results, operations in frames(capture):
        if methods and "1" not in copies:
            sip.update(methods.split(","))
        if message_types:
            (h225 if is_h225 else q931).update(_Q931[each] for each in message_types.split(","))
        if results:
            h450["returnResult"] += len(results.split(","))
        elif invokes:
            h450.update(_H450[each] for each in operations.split(","))
    return {"sip": sip, "q931": q931, "h225": h225, "h450": h450}
