"""baresip follows the REFER that the dialect "sip" writes, and the dialect reads what baresip answers."""

from collections.abc import Iterator

import pytest

from gateway.model.legs import SipDialog
from gateway.model.parties import Party
from gateway.model.transfer import (
    Outcome,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.translators.dialect import Context
from tests.live.gateway_end import SIP, GatewayEnd
from tests.peers.baresip import Baresip
from tests.peers.ports import free_ports

pytestmark = pytest.mark.live


@pytest.fixture
def end() -> Iterator[GatewayEnd]:
    with GatewayEnd() as here:
        yield here


@pytest.fixture
def dialog(end: GatewayEnd) -> Iterator[SipDialog]:
    """Our call to baresip, which answers by itself."""
    with Baresip("bob", "127.0.0.1", free_ports(1)[0]) as phone:
        yield end.answered(end.invite(phone.uri))


def test_it_calls_the_target_and_reports_that_it_is_busy(end: GatewayEnd, dialog: SipDialog) -> None:
    request = TransferRequest(TransferKind.BLIND, Party(uri=f"sip:carol@{end.domain}"))
    end.say(request, dialog.remote_target, dialog)
    assert end.receive("202").cseq_method == "REFER"
    trying = end.receive("NOTIFY")
    end.reply(trying, "200 OK")
    end.reply(end.receive("INVITE"), "486 Busy Here")
    busy = end.receive("NOTIFY")
    end.reply(busy, "200 OK")
    (first,), (last,) = (SIP.read(message.octets, Context()) for message in (trying, busy))
    assert isinstance(first, TransferProgress)
    assert first.status == 100
    assert isinstance(last, TransferOutcome)
    assert (last.outcome, last.status) == (Outcome.FAILED, 486)
