"""Recordings of a gateway between SIP and H.323, played again from the capture alone."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.capture.writer import Writer
from gateway.h323 import h225, h450, per, signals
from gateway.h323.control import fast_start
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress
from gateway.h323.h225 import CallSignal
from gateway.model.errors import GatewayError
from gateway.model.remote_operations import Invoke
from gateway.regression.comparison import Verdict
from gateway.regression.deduction import configured
from gateway.regression.h323_comparison import compare
from gateway.regression.h323_identities import H323Identities
from gateway.regression.h323_tape import Piece, pieces
from gateway.regression.message import Message
from gateway.regression.played import Played
from gateway.regression.playing import configuration_of, play
from gateway.regression.recorded import play_recording, recording_of
from gateway.resources import folder as bundled
from tests.engine.h323_world import ENDPOINTS, H323World, invoke, rerouting, result
from tests.engine.test_h323_gatekeeper import RAS
from tests.engine.world import HOST, sdp
from tests.peers import tshark
from tests.regression.recorded_world import Recorded
from tests.shared import folder

PCAPS = bundled("pcaps")
FINE = {Verdict.SAME, Verdict.EQUIVALENT}
HOSTS = [f"{HOST}:5060", HOST]


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return Recorded(tmp_path, monkeypatch)


def verdicts(played: Played) -> list[Any]:
    return [each.as_document() for each in played.compared if each.verdict not in FINE]


def blind(here: H323World) -> None:
    """The PBX calls bob and transfers him to carol, who is asked for by H.450.2."""
    ours = here.pbx.invite("1002")
    bob = here.bob.offered().answer()
    ours.established()
    ours.refer("<sip:1003@192.0.2.1>")
    ours.expect("202")
    asked = bob.expect_apdu(Invoke)
    bob.release(None, result(asked.invoke_id))
    assert ours.outcome()[0] == 200
    ours.hung_up()
    here.wait(1)


def slow_start(here: H323World) -> None:
    """Alice calls the PBX without fast connect and transfers it to bob."""
    alice = here.alice.call("2001", fast=False)
    line = here.pbx.ring("2001")
    line.answer(sdp(4002, codecs="8"))
    alice.expect("CONNECT")
    here.wait(2)
    alice.facility(invoke("callTransferInitiate", {"callIdentity": " ", "reroutingNumber": rerouting("1002")}))
    bob = here.bob.offered()
    bob.answer(apdus=(h450.encode(h450.SupplementaryService((result(bob.expect_apdu(Invoke).invoke_id),))),))
    line.reinvited(sdp(4002, codecs="8"))
    alice.gone()
    here.wait(2)
    bob.release()
    line.hung_up()
    here.wait(1)


@pytest.mark.parametrize("tunnel", [True, False], ids=["tunnelled", "beside"])
@pytest.mark.parametrize("story", [blind, slow_start])
def test_the_same_calls_with_other_identifiers(recorded: Recorded, story: Any, tunnel: bool) -> None:
    """Configuration and way of H.245 are found in the capture."""
    here = recorded.h323_world("" if tunnel else "tunnelling: false")
    story(here)
    capture = recorded.close() / "capture.pcapng"
    played = play(capture, HOSTS, seed=3)
    assert not verdicts(played)
    assert not played.problems
    assert [record["outcome"] for record in played.records] == ["succeeded"]
    ours = [message.field("callIdentifier") for message in played.sent if message.name.startswith("SETUP")]
    theirs = [each.recorded.field("callIdentifier") for each in played.compared if each.recorded]
    assert set(ours).isdisjoint(theirs)
    assert tshark.malformed(capture) == []


def test_a_gatekeeper_is_asked_the_same(recorded: Recorded, tmp_path: Path) -> None:
    """Its answers wait for our questions, whatever their numbers; who is called is found by ACF."""
    here = recorded.gatekeeper_world()
    ours = here.pbx.invite("1001")
    alice = here.alice.offered().answer()
    ours.established()
    alice.release()
    ours.hung_up()
    here.wait(2)
    played = play(recorded.close() / "capture.pcapng", HOSTS, seed=4)
    assert not verdicts(played)
    assert not played.problems
    names = {each.recorded.name for each in played.compared if each.recorded and each.recorded.protocol == "ras"}
    assert {"registrationRequest", "admissionRequest", "disengageRequest"} <= names


def test_whoever_answers_in_ras_is_a_gatekeeper(recorded: Recorded) -> None:
    here = recorded.gatekeeper_world()
    here.wait(1)
    with pytest.raises(GatewayError, match=f"{RAS} is a gatekeeper .frame 2.: a gateway registers with one"):
        play(recorded.close() / "capture.pcapng", [RAS])


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_damaged_capture_is_played_as_far_as_it_goes(data: st.DataObject) -> None:
    whole = bytearray((PCAPS / "gateway_h323_transferred.pcapng").read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with TemporaryDirectory() as scene:
        capture = Path(scene) / "damaged.pcapng"
        capture.write_bytes(whole)
        with suppress(GatewayError):
            played = play(capture, ["127.0.31.2"])
            assert not [event for event in played.events if event["event"] == "fault"]


def test_the_journal_gives_the_same_octets(recorded: Recorded) -> None:
    here = recorded.h323_world()
    blind(here)
    played = play_recording(*recording_of(recorded.close()))
    assert {each.verdict for each in played.compared} == {Verdict.SAME}


def test_another_codec_is_told(recorded: Recorded) -> None:
    here = recorded.h323_world()
    blind(here)
    capture = recorded.close() / "capture.pcapng"
    document = configuration_of(capture, HOSTS)
    for trunk in document["trunks"]:
        if trunk.get("protocol") == "h323":
            trunk["codecs"] = ["pcmu"]
    played = play(capture, HOSTS, configured(document))
    setup = next(each for each in played.compared if each.recorded and each.recorded.name == "SETUP")
    assert setup.verdict is Verdict.DIFFERENT
    assert any(reason.startswith("fastStart: recorded g711Alaw64k") for reason in setup.reasons)


# --- endpoints are no gateways ---


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("127.0.23.1", "127.0.23.1 places calls by itself (frame 4): a gateway passes calls on"),
        ("127.0.23.2", "127.0.23.2 answers calls itself (frame 4): a phone; a gateway passes calls on"),
        ("127.0.23.3", "127.0.23.3 answers calls itself (frame 35): a phone; a gateway passes calls on"),
    ],
)
def test_an_endpoint_is_named_in_one_line(host: str, said: str) -> None:
    played = play(folder("pcaps/h323") / "blind_slowstart_h245tcp.pcap", [host])
    assert said in played.problems


def test_every_recording_can_be_tried() -> None:
    """Also the signalling of the gatekeeper that routes calls: most of it is what a gateway says."""
    captures = sorted(folder("pcaps/h323").glob("gk_routed_*.pcap"))
    assert captures
    for capture in captures:
        played = play(capture, ["127.0.23.10"])
        assert not [problem for problem in played.problems if problem.startswith("fault")]
        assert played.counts["same"] + played.counts["equivalent"] > 1


def test_a_message_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with Writer(tmp_path / "one.pcapng") as writer:
        setup = signals.setup(signals.Call(1, identifier=bytes(16)), (), [("dialledDigits", "1")], [])
        writer.h225(0.0, f"{ENDPOINTS['bob']}:20000", f"{HOST}:1720", h225.encode(setup))
        writer.h225(0.1, f"{ENDPOINTS['bob']}:20000", f"{HOST}:1720", b"\x08\x02\x00\x01\x05\x7e\x00\x01\x04")
    played = play(tmp_path / "one.pcapng", [HOST])
    assert "frame 6: 04: User-user is not coded in ASN.1" in "\n".join(played.problems)


# --- identities and comparison ---


def control(name: str, content: Any, kind: str = "request") -> tuple[Message, tuple[str, Any]]:
    value = (kind, (name, content))
    octets = per.encode_control(value)
    return Message(1, 0.0, "h245", "a:1", "b:1", name, octets), value


def piece(name: str, content: Any, kind: str = "request") -> Piece:
    (found,) = pieces(*control(name, content, kind), 1)
    return found


def test_an_answer_names_the_number_of_ours() -> None:
    identities = H323Identities({})
    close = {"source": ("lcse", 0)}
    identities.learn(
        piece("closeLogicalChannel", {"forwardLogicalChannelNumber": 7, **close}),
        piece("closeLogicalChannel", {"forwardLogicalChannelNumber": 9, **close}),
    )
    told, _ = control("closeLogicalChannelAck", {"forwardLogicalChannelNumber": 7}, "response")
    found = per.decode_control(identities.rewritten_control(1, 1, told.octets))
    assert found == ("response", ("closeLogicalChannelAck", {"forwardLogicalChannelNumber": 9}))


def test_fast_connect_takes_the_channel_of_ours() -> None:
    """The number of a channel from the caller is the caller's; that of a channel to it is of no account."""
    formats = (AudioFormat(Codec.G711_ALAW), AudioFormat(Codec.G711_ULAW))
    own = MediaAddress("192.0.2.1:4000", "192.0.2.1:4001")
    recorded, ours = fast_start.offer(formats, own), fast_start.offer(formats[::-1], own)
    identities = H323Identities({})
    identities.learn(*(piece_of(setup(elements)) for elements in (recorded, ours)))
    to_caller, from_caller, *_ = fast_start.proposals(recorded)
    answer = signals.connect(signals.Call(1, identifier=bytes(16)), ())
    answer = replace(answer, uuie={**answer.uuie, "fastStart": list(fast_start.answer(to_caller, from_caller, own))})
    told = Message(1, 0.0, "h225", "b:1", "a:1", "CONNECT", h225.encode(answer))
    taken = h225.decode(identities.rewritten(1, told, h225.decode(told.octets))).uuie["fastStart"]
    assert {each.format.codec for each in fast_start.answers(taken, ours)} == {Codec.G711_ALAW}
    assert len(fast_start.answers(taken, ours)) == 2


def setup(elements: tuple[bytes, ...]) -> CallSignal:
    made = signals.setup(signals.Call(1, identifier=bytes(16)), (), [("dialledDigits", "1")], [])
    return replace(made, uuie={**made.uuie, "fastStart": list(elements)})


def piece_of(message: CallSignal) -> Piece:
    return Piece(Message(1, 0.0, "h225", "a:1", "b:1", message.name, b""), message, 1)


@pytest.mark.parametrize(("is_master", "kind"), [(True, 0), (False, 255)])
def test_the_peer_loses_or_wins_as_it_did(is_master: bool, kind: int) -> None:
    told, _ = control("masterSlaveDetermination", {"terminalType": 60, "statusDeterminationNumber": 5})
    octets = H323Identities({1: is_master}).rewritten_control(1, 1, told.octets)
    assert per.decode_control(octets)[1][1] == {"terminalType": kind, "statusDeterminationNumber": 5}


def test_numbers_of_each_side_are_no_difference() -> None:
    one, other = (
        piece("masterSlaveDetermination", {"terminalType": 60, "statusDeterminationNumber": number})
        for number in (1, 2)
    )
    assert compare(one, other).verdict is Verdict.SAME


def test_other_terminal_types_may_vary() -> None:
    one, other = (
        piece("masterSlaveDetermination", {"terminalType": kind, "statusDeterminationNumber": 1}) for kind in (50, 60)
    )
    found = compare(one, other)
    assert (found.verdict, found.reasons) == (Verdict.EQUIVALENT, ("terminalType: recorded 50, ours 60",))


def test_what_is_typed_counts() -> None:
    one, other = (piece("userInput", ("alphanumeric", digit), "indication") for digit in "12")
    assert compare(one, other).verdict is Verdict.DIFFERENT
