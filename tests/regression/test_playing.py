"""Active replay of recordings of other people's boxes, and of hosts that cannot be played."""

from pathlib import Path

import pytest

from gateway.configuration import configuration
from gateway.model.errors import DecodeError, GatewayError
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.deduction import as_yaml
from gateway.regression.played import Played
from gateway.regression.playing import configuration_of, play
from tests.shared import folder

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "pcaps"


def public(name: str) -> Path:
    return folder("pcaps/public") / name


def named(played: Played, name: str) -> list[Compared]:
    return [each for each in played.compared if (each.recorded or each.ours).name == name]  # type: ignore[union-attr]


def test_a_cisco_border_element() -> None:
    """INVITE with 100rel, PRACK, BYE between two CUCMs: everything as the CUBE did it, 11.9 s in milliseconds."""
    played = play(public("russo__dtmf_relay_noasymm.pcapng"), ["10.10.223.107"])
    assert played.agrees and not played.problems
    assert [each.recorded.name for each in played.compared if each.recorded] == [
        "100 INVITE",
        "INVITE",
        "180 INVITE",
        "200 PRACK",
        "ACK",
        "200 INVITE",
        "200 BYE",
        "BYE",
    ]


def test_what_a_border_element_does_besides_is_missing() -> None:
    """The CUBE turns telephone events into unsolicited NOTIFYs, which the gateway does not."""
    played = play(public("russo__dtmf_relay_digitdrop.pcapng"), ["10.10.223.107"])
    missing = [each.recorded.name for each in played.compared if each.verdict is Verdict.MISSING and each.recorded]
    assert missing == ["NOTIFY"] * 6
    (invite,) = named(played, "INVITE")
    assert invite.reasons[0] == "SDP audio codecs: recorded 0, ours 0 101"


def test_a_pbx_that_challenges_its_callers() -> None:
    """OmniPCX: the INVITE of frame 55 and its 407 are left out, the one with credentials (63) is a call."""
    played = play(public("heplify__erspan_sip_ipv4_udp.pcapng"), ["192.168.1.191"])
    (challenge,) = named(played, "407 INVITE")
    assert challenge.verdict is Verdict.EQUIVALENT and challenge.reasons == (
        "authentication is not part of this replay",
    )
    assert [each.frame for each in played.received if each.name == "INVITE"][:1] == [63]


def test_a_proxy_between_a_browser_and_carriers() -> None:
    """Kamailio with FreeSWITCH behind it: WebSocket and UDP, 407, a call that comes by twice, Record-Route with the
    public addresses of the hosts.
    """
    played = play(public("heplify__sip_tcp_websocket.pcap"), ["10.243.0.157"])
    assert played.agrees and not played.problems
    assert [each.recorded.frame for each in named(played, "BYE") if each.recorded] == [54, 59]


def test_a_pbx_with_an_announcement_of_its_own() -> None:
    """192.168.5.11 answers the first call itself and refers the caller to 204: the call to 204 is played from end to
    end, though the PBX gave 180 with a tag of its own (frame 584) before that of the callee (596).
    """
    played = play(public("goffinet__voip-extension.pcap"), ["192.168.5.11"])
    carried = [each for each in played.compared if each.recorded and (each.recorded.frame or 0) in range(581, 610)]
    others = [each.recorded.frame for each in carried if each.verdict is not Verdict.EQUIVALENT and each.recorded]
    assert others == [590, 594, 598]
    assert [each.recorded.frame for each in named(played, "REFER") if each.recorded] == [551]
    assert not [each for each in played.compared if each.verdict is Verdict.EXTRA]


def test_transfer_within_a_call_that_the_recording_lacks() -> None:
    """The REFER of frame 117 names a call that came from outside of the recording (frame 21): it is not played."""
    played = play(public("heplify__erspan_sip_ipv4_udp.pcapng"), ["192.168.1.191"])
    assert any(problem.startswith("frame 117: REFER is not played") for problem in played.problems)


@pytest.mark.parametrize("host", ["10.180.110.48", "10.180.110.58"])
def test_ends_of_a_call_are_no_gateway(host: str) -> None:
    played = play(public("russo__sip_refer_transfer.pcapng"), [host])
    assert any("a gateway passes calls on" in problem for problem in played.problems)
    assert not any(problem.startswith("fault") for problem in played.problems)


@pytest.mark.parametrize("capture", sorted(BUNDLED.glob("*.pcap"))[::4], ids=lambda path: path.stem)
def test_any_host_can_be_tried(capture: Path) -> None:
    """Phones among them: nothing goes wrong inside."""
    is_isdn = capture.stem.partition("_")[0] in ("etsi", "qsig", "ni2", "dms")
    for host in ("network", "user") if is_isdn else ("127.0.1.2", "127.0.1.1"):
        assert not any(problem.startswith("fault") for problem in play(capture, [host]).problems)


@pytest.mark.parametrize("name", ["sngrep__ipv6frag.pcap", "heplify__sip_tcp_websocket.pcap", "pkts__cancel.pcap"])
def test_other_transports_and_addresses(name: str) -> None:
    hosts = {"sngrep__ipv6frag.pcap": "fd17:625c:f037:2:a00:27ff:feb9:3519", "pkts__cancel.pcap": "127.0.0.1:5090"}
    played = play(public(name), [hosts.get(name, "10.243.0.157")])
    assert played.sent and not any(problem.startswith("fault") for problem in played.problems)


def test_the_same_seed_gives_the_same_octets() -> None:
    capture = public("russo__dtmf_relay_noasymm.pcapng")
    first, second, other = (
        [message.octets for message in play(capture, ["10.10.223.107"], seed=seed).sent] for seed in (1, 1, 2)
    )
    assert first == second != other


def test_what_is_deduced_is_a_configuration(tmp_path: Path) -> None:
    found = configuration_of(public("russo__dtmf_relay_noasymm.pcapng"), ["10.10.223.107"])
    path = tmp_path / "gateway.yaml"
    path.write_text(as_yaml(found))
    settings = configuration(path)
    assert settings.listen == ("udp:10.10.223.107:5060",)
    assert [(trunk.name, trunk.peers, trunk.reliable) for trunk in settings.sip_trunks] == [
        ("sip-10.10.223.123", ("udp:10.10.223.123:5060",), "supported"),
        ("sip-10.10.223.47", ("udp:10.10.223.47:5060",), "supported"),
    ]
    route = settings.routes[0]
    assert (route.source, route.match, route.to) == ("sip-10.10.223.123", "1252", "sip-10.10.223.47")


def test_a_host_without_signalling_is_refused() -> None:
    with pytest.raises(GatewayError, match=r"sip_blind_success\.pcap: no signalling to or from 192\.0\.2\.1 that"):
        play(BUNDLED / "sip_blind_success.pcap", ["192.0.2.1"])


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text("INVITE")
    with pytest.raises(DecodeError, match="not a pcap"):
        play(path, ["192.0.2.1"])


def test_the_document_counts_by_verdict() -> None:
    document = play(BUNDLED / "sip_blind_success.pcap", ["127.0.1.2"]).as_document()
    assert set(document["verdicts"]) == {"same", "equivalent", "different", "missing", "extra"}
    assert sum(document["verdicts"].values()) == len(document["compared"])
    assert {"verdict", "name", "frame", "reasons", "recorded_at", "sent_at"} <= document["compared"][0].keys()
