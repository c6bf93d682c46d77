"""The call back to Teams: the REFER of the bundled capture becomes an INVITE with both URIs as they were."""

import pytest

from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.live.gateway_end import GatewayEnd
from tests.peers import tshark
from tests.peers.ports import free_ports
from tests.peers.record import FOLDER
from tests.peers.record_teams import REFERRED_BY, TARGET
from tests.peers.sipp import Sipp, receive, send

pytestmark = pytest.mark.live

BUSY = "\n".join(
    ("SIP/2.0 486 Busy Here", *(f"[last_{name}:]" for name in ("Via", "From", "To", "Call-ID", "CSeq")), "")
)


def test_request_uri_and_referred_by_reach_teams_byte_for_byte() -> None:
    ((refer,),) = tshark.fields(FOLDER / "teams_blind.pcap", ["tcp.payload"], where='sip.Method == "REFER"')
    teams = dialect_named("teams")
    (request,) = teams.read(bytes.fromhex(refer), Context())
    (invite,) = teams.write(request, Context(domain="sbc.example.net")).messages
    (port,) = free_ports(1)
    wanted = {"To": f" <{TARGET}>$", "Referred-By": f" {REFERRED_BY}$"}
    octets = invite.octets.replace(b"SIP/2.0/TLS sbc.example.net:5061", b"SIP/2.0/UDP 127.0.0.1")
    with (
        Sipp("teams", [receive("INVITE", having=wanted), send(BUSY)], "127.0.0.1", port) as sipp,
        GatewayEnd() as end,
    ):
        sent = end.send(octets, f"sip:@127.0.0.1:{port}")
        assert end.receive("486").cseq_method == "INVITE"
        sipp.wait()
    assert sent.request_uri == TARGET
