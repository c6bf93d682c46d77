"""Replay over recordings that others made: nothing breaks, and each transfer in them is found for what it is."""

import json
from pathlib import Path

import pytest

from gateway.capture.replay import replay
from gateway.model.errors import GatewayError
from gateway.resources import folder as bundled
from gateway.translators import dialect_names
from tests.shared import captures, folder, or_skipped

RECORDINGS = [path for name in ("public", "libpri", "h323") for path in captures(f"pcaps/{name}")]

TRANSFERS = {
    "public/goffinet__voip-extension.pcap": ["blind succeeded 200"],
    "public/heplify__erspan_sip_ipv4_udp.pcapng": ["attended refused 488"],
    "public/russo__sip_bye_also_transfer.pcapng": ["bye-also pending None"],
    "public/russo__sip_hold_transfer.pcapng": [],
    "public/russo__sip_refer_transfer.pcapng": ["blind succeeded 200"],
    "libpri/dms100_rlt_user.pcap": ["attended pending None"],
    "libpri/etsi_callrerouteing.pcap": ["redirect succeeded 200"],
    "libpri/etsi_ectinform.pcap": ["join succeeded 200"],
    "libpri/etsi_explicit_network.pcap": ["attended succeeded 200"],
    "libpri/etsi_explicit_refused.pcap": ["attended refused 501"],
    "libpri/etsi_explicit_user.pcap": ["attended succeeded 200"],
    "libpri/etsi_implicit.pcap": ["attended succeeded 200"],
    "libpri/etsi_implicit_alerting.pcap": ["semi-attended succeeded 200"],
    "libpri/etsi_implicit_wrong_leg.pcap": ["attended refused 480"],
    "libpri/ni2_tbct_user.pcap": ["attended succeeded 200"],
    "libpri/qsig_callrerouteing.pcap": ["redirect succeeded 200"],
    "libpri/qsig_complete_with_parties.pcap": ["join succeeded 200"],
    "libpri/qsig_join_user.pcap": ["join succeeded 200"],
    "libpri/qsig_ssct_ignored.pcap": ["single-step pending None"],
    "h323/basic_faststart_tunnel.pcap": [],
    "h323/blind_empty_id.pcap": ["blind succeeded 200"],
    "h323/blind_err_c_denies_call.pcap": ["blind failed 480"],
    "h323/blind_err_transferred_denies.pcap": ["blind failed 480"],
    "h323/blind_stock_blank_id.pcap": ["blind failed 481"],
    "h323/consult_err_c_denies_identify.pcap": ["attended refused 480"],
    "h323/consult_faststart.pcap": ["attended succeeded 200"],
    "h323/ctcomplete_update_active_by_recommendation.pcap": ["join succeeded 200", "blind succeeded 200"],
    "h323/gk_routed_blind.pcap": ["blind succeeded 200"],
    "h323/gk_routed_consult.pcap": ["attended succeeded 200"],
    "h323/gk_routed_consult_stockparse_broken.pcap": ["attended refused 480"],
}
"""Kind, outcome and status of what is in some of the recordings, read in Wireshark first."""


@pytest.mark.parametrize("recording", or_skipped(RECORDINGS), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_recording_replays_to_a_document(recording: Path) -> None:
    document = replay(recording).as_document()
    assert json.loads(json.dumps(document)) == document
    assert document["packets"] > 0 or document["problems"]


@pytest.mark.parametrize("recording", TRANSFERS)
def test_the_transfers_are_found(recording: str) -> None:
    found = replay(folder("pcaps") / recording).as_document()["transfers"]
    assert [f"{each['kind']} {each['outcome']} {each['status']}" for each in found] == TRANSFERS[recording]


def test_the_same_capture_gives_the_same_document_twice() -> None:
    path = folder("pcaps/h323") / "gk_routed_consult.pcap"
    assert replay(path, target="qsig").as_document() == replay(path, target="qsig").as_document()


@pytest.mark.parametrize("target", dialect_names())
def test_what_is_written_is_read_again(target: str, tmp_path: Path) -> None:
    output = tmp_path / "out.pcapng"
    written = replay(folder("pcaps/public") / "russo__sip_refer_transfer.pcapng", target=target, output=output)
    sent = sum(len(each.sent) for each in written.rewritten)
    again = replay(output)
    assert sent > 0
    assert sum(sum(counts.values()) for protocol, counts in again.tally.on_wire.items() if protocol != "h450") == sent
    assert again.problems == ()


def test_every_protocol_is_counted_even_where_it_has_no_messages() -> None:
    document = replay(bundled("pcaps") / "etsi_implicit.pcap").as_document()
    for counts in (document["messages"], document["messages_on_wire"]):
        assert list(counts) == ["sip", "q931", "h225", "h450"]
        assert counts["sip"] == {}
        assert counts["q931"]["FACILITY"] > 0


def test_the_capture_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    capture, other_name = tmp_path / "in.pcap", tmp_path / "other.pcap"
    octets = (bundled("pcaps") / "sip_blind_busy.pcap").read_bytes()
    capture.write_bytes(octets)
    other_name.symlink_to(capture)
    for output in (capture, other_name):
        with pytest.raises(GatewayError, match=f"^{output}: this is the capture to read"):
            replay(capture, target="qsig", output=output)
    assert capture.read_bytes() == octets


def test_a_capture_without_the_recordings_folder_skips_with_a_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"recordings not here: \.\./shared/pcaps/none"):
        folder("pcaps/none")
