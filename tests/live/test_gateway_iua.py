"""SIP – refergate – IUA – a signalling gateway – libpri: calls and a transfer; tshark reads what we say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.isdn.side import Side
from tests.live.isdn_border import IsdnBorder
from tests.live.signalling_gateway_end import INTERFACE, SignallingGatewayEnd
from tests.peers import signalling_gateway as iua
from tests.peers import tshark

pytestmark = pytest.mark.live

_ISDN = ("-o", "iua.use_gsm_sapi_values:FALSE")
"""tshark takes SAPI 0 for that of a radio link otherwise."""


class IuaBorder(IsdnBorder):
    """The D channel ends at a signalling gateway."""

    has_frames = False

    def _settings(self, ours: int, theirs: int, variant: str, side: str, more: dict[str, Any]) -> dict[str, Any]:
        self.sg = SignallingGatewayEnd(ours, theirs, Side(side))
        self._stack.callback(self.sg.close)
        link = f"iua+tcp:127.0.0.1:{self.sg.port}/{INTERFACE}"
        return super()._settings(ours, theirs, variant, side, {**more, "link": link})


@contextmanager
def iua_border(folder: Path, variant: str = "euroisdn", side: str = "user", **more: Any) -> Iterator[IuaBorder]:
    here = IuaBorder(folder, variant, side, **more)
    try:
        yield here
    except BaseException:
        here._stack.close()
        raise
    here.close()


def test_calls_both_ways_and_a_transfer_and_tshark_reads_every_message(tmp_path: Path) -> None:
    """The REFER becomes explicit call transfer on the D channel behind the signalling gateway. The capture is that of
    `serve --capture`, with IUA as if over SCTP.
    """
    with iua_border(tmp_path, options=["--set", "transfer=okclear"]) as here:
        phone = here.phones["1001"]
        name, incoming = here.call_in()
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")
        first, one = here.call_out("5551", name="first")
        phone.hold(first)
        phone.media(first, "sendonly")
        second, other = here.call_out("5552", name="second")
        phone.refer_replacing(first, second)
        phone.notified(first, 200)
        here.peer.wait("hangup", id=one)
        here.peer.wait("hangup", id=other)
        phone.state(second, "DISCONNECTED")
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("attended", "succeeded")
    assert here.sg.gateway.heard[:3] == [iua.ASPUP, iua.ASPAC, iua.ESTABLISH_REQUEST]
    capture = here.gateway.capture_path
    assert tshark.malformed(capture, options=(*_ISDN, *tshark.ETSI)) == []
    names = ["iua.message_class", "iua.message_type", "iua.int_interface_identifier", "iua.dlci_tei"]
    rows = tshark.fields(capture, names, where=f"iua and sctp.dstport == {here.sg.port}", options=_ISDN)
    assert [row[:2] for row in rows] == [[str(each) for each in kind] for kind in here.sg.gateway.heard]
    assert {row[2] for row in rows[1:]} == {f"0x{INTERFACE:08x}"}
    assert {row[3] for row in rows[2:]} == {"0x00"}
    messages = tshark.fields(capture, ["q931.message_type"], where="iua and q931", options=_ISDN)
    assert {0x05, 0x07, 0x0F, 0x45, 0x4D, 0x5A, 0x62} <= {int(row[0], 16) for row in messages}
