"""H.225.0 call signalling messages: header, information elements, H323-UserInformation."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import h225, per, signals, tpkt
from gateway.h323.h225 import CallSignal, _uu_pdu
from gateway.h323.signals import Call
from gateway.model.errors import DecodeError, LocalProtocolError
from tests.h323 import recordings
from tests.h323.dissect import tshark
from tests.shared import captures, folder

CALL = Call(0x1234, True, bytes(range(16)))
APDU = bytes.fromhex("0001400101")
CONTROL = bytes.fromhex("2a00")


def test_facility_with_an_empty_body_around_an_apdu() -> None:
    octets = h225.encode(signals.facility(Call(1), (APDU,)))
    assert octets.hex() == "08020001621c007e000e0528100100010701050001400101"


def test_the_flag_of_the_call_reference_is_set_by_the_side_that_did_not_allocate_it() -> None:
    assert h225.encode(signals.facility(Call(1, True), (APDU,)))[2:4].hex() == "8001"


def test_facility_with_body_transported_information() -> None:
    message = h225.decode(h225.encode(signals.facility(CALL, (APDU,), transported_information=True)))
    assert (message.body, message.reason) == ("facility", "transportedInformation")
    assert message.supplementary_services == (APDU,)
    assert message.call_identifier == CALL.identifier


@pytest.mark.parametrize("tunnelling", [None, True, False])
@pytest.mark.parametrize("length", [1, 127, 128, 300])
@pytest.mark.parametrize("number", [1, 2])
def test_an_empty_body_is_written_as_the_codec_writes_it(tunnelling: bool | None, length: int, number: int) -> None:
    """The few bits that we write ourselves, against the encoder for everything else."""
    message = CallSignal("FACILITY", 1, supplementary_services=(bytes(length),) * number, h245_tunnelling=tunnelling)
    generic = per.encode({"h323-uu-pdu": _uu_pdu(message)})
    assert h225.encode(message).endswith(generic)


MESSAGES = [
    signals.facility(CALL, (APDU, APDU)),
    signals.facility(CALL, (APDU,), transported_information=True),
    signals.setup(CALL, (APDU,), [("dialledDigits", "1002")], [("h323-ID", "carol")]),
    signals.setup(CALL, (), [], []),
    signals.call_proceeding(CALL, (APDU,)),
    signals.alerting(CALL, (APDU,)),
    signals.progress(CALL, (APDU,)),
    signals.connect(CALL, (APDU,)),
    signals.release_complete(CALL, (APDU,), "facilityCallDeflection"),
    signals.release_complete(CALL, (APDU,), cause=17),
    signals.call_forwarded(CALL, [("dialledDigits", "1003")], ("ipAddress", {"ip": bytes(4), "port": 1720})),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: f"{message.name} {message.reason}")
def test_a_message_is_read_as_it_was_written(message: CallSignal) -> None:
    octets = h225.encode(message)
    again = h225.decode(octets)
    assert h225.encode(again) == octets
    assert (again.name, again.call_reference, again.from_destination) == (message.name, 0x1234, True)
    assert again.supplementary_services == message.supplementary_services
    assert (again.body, again.reason, again.cause) == (message.body, message.reason, message.cause)
    assert again.call_identifier == message.call_identifier
    assert again.source_aliases == message.source_aliases
    assert again.destination_aliases == message.destination_aliases


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: f"{message.name} {message.reason}")
@pytest.mark.parametrize("tunnelling", [True, False])
def test_tunnelled_h245_goes_beside_the_apdus(message: CallSignal, tunnelling: bool) -> None:
    """The case that a PER encoder easily gets wrong: additions after a root that ends within an octet."""
    control = replace(message, h245_tunnelling=tunnelling, h245_control=(CONTROL,))
    again = h225.decode(h225.encode(control))
    assert (again.h245_tunnelling, again.h245_control) == (tunnelling, (CONTROL,))
    assert again.supplementary_services == message.supplementary_services


def test_every_recorded_message_is_written_with_the_octets_it_was_read_from() -> None:
    recorded = recordings.messages()
    assert [h225.encode(h225.decode(octets)) for octets in recorded] == list(recorded)


def test_the_recorded_messages_are_those_that_tshark_counts() -> None:
    counted: Counter[int] = Counter()
    folder(recordings.FOLDER)
    for capture in captures(recordings.FOLDER):
        for (types,) in tshark(capture, "q931.message_type"):
            counted.update(int(each, 0) for each in types.split(",") if each)
    names = Counter(h225.decode(octets).name for octets in recordings.messages())
    assert names == {h225.MESSAGE_TYPES[code]: count for code, count in counted.items()}
    assert names.total() == 326


OTHER_VENDORS = "pcaps/public"


@pytest.mark.parametrize(
    ("capture", "count"),
    [
        ("russo__fax_t38_nse_h323_ogw.pcapng", 16),
        ("russo__h245_alpha.pcapng", 20),
        ("russo__h323_ss_hold_resume.pcapng", 9),
    ],
)
def test_messages_of_another_vendor_are_written_with_the_octets_they_were_read_from(capture: str, count: int) -> None:
    """Cisco gateways write extension bitmaps at full length; theirs stay as long as they were."""
    rows = tshark(folder(OTHER_VENDORS) / capture, "tcp.stream", "tcp.srcport", "tcp.payload", "q931.message_type")
    streams: dict[tuple[str, str], tpkt.Unframer] = {}
    recorded: list[bytes] = []
    for stream, port, payload, message_type in rows:
        if message_type:
            recorded += streams.setdefault((stream, port), tpkt.Unframer()).feed(bytes.fromhex(payload))
    messages = [h225.decode(octets) for octets in recorded]
    assert [h225.encode(message) for message in messages] == recorded
    counted = Counter(int(each, 0) for row in rows for each in row[3].split(",") if each)
    assert Counter(message.name for message in messages) == {h225.MESSAGE_TYPES[t]: n for t, n in counted.items()}
    assert len(messages) == count
    assert not any(message.supplementary_services for message in messages)


def test_the_padded_vector() -> None:
    vectors = json.loads((folder("standards") / "vectors.json").read_text())
    (octets,) = tpkt.Unframer().feed(bytes.fromhex(vectors["h225_tpkt_facility_ctInitiate_blind_padded"]))
    message = h225.decode(octets)
    assert message.supplementary_services == (
        bytes.fromhex(vectors["h4501"]["ctInitiate_inv_blind_padded_tsharkOK"]),
    )
    assert message.h245_tunnelling is False


def test_what_a_recorded_setup_says() -> None:
    setup = next(message for message in map(h225.decode, recordings.messages()) if message.name == "SETUP")
    assert setup.source_aliases == (("dialledDigits", "1001"), ("h323-ID", "alice"))
    assert setup.destination_aliases == (("dialledDigits", "1002"),)
    assert (len(setup.call_identifier), len(setup.conference_id)) == (16, 16)
    assert setup.h245_tunnelling is True
    assert setup.information_element(0x6C) == b"\x811001"


def test_a_message_without_user_user_has_no_body() -> None:
    message = h225.decode(bytes.fromhex("080200015a08028090"))
    assert (message.name, message.body, message.cause) == ("RELEASE COMPLETE", "", 16)
    assert h225.encode(message).hex() == "080200015a08028090"


def test_a_cause_with_a_recommendation_octet() -> None:
    assert h225.decode(bytes.fromhex("080200015a0803008091")).cause == 17


def test_a_single_octet_element_has_no_contents() -> None:
    message = h225.decode(bytes.fromhex("0802000105a12801 41"))
    assert message.information_elements == ((0xA1, b""), (0x28, b"A"))
    assert h225.encode(message).hex() == "0802000105a1280141"


def test_a_message_type_without_name_is_called_by_its_value() -> None:
    message = h225.decode(bytes.fromhex("080200017f"))
    assert message.name == "0x7f"
    assert h225.encode(message).hex() == "080200017f"


@pytest.mark.parametrize(
    ("octets", "what"),
    [
        ("", "no H.225.0 message"),
        ("0801016200", "no H.225.0 message"),
        ("030200016200", "no H.225.0 message"),
        ("08020001621c05aa", "0x1c goes beyond the message"),
        ("08020001627e00050528", "0x7e goes beyond the message"),
        ("08020001627e000104", "not coded in ASN.1"),
        ("08020001627e00020528", "no H323-UserInformation"),
    ],
)
def test_what_is_wrong_with_a_message_is_named(octets: str, what: str) -> None:
    with pytest.raises(DecodeError, match=what):
        h225.decode(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "message",
    [
        CallSignal("REGISTER", 1),
        CallSignal("FACILITY", 0x8000),
        CallSignal("FACILITY", 1, body="facility"),
        CallSignal("FACILITY", 1, supplementary_services=(bytes(70000),)),
        CallSignal("FACILITY", 1, information_elements=((0x28, bytes(256)),), body=""),
    ],
)
def test_a_message_that_h225_does_not_have_is_not_written(message: CallSignal) -> None:
    with pytest.raises(LocalProtocolError):
        h225.encode(message)


@given(st.binary(max_size=80))
def test_random_user_information_raises_decode_error_and_nothing_else(octets: bytes) -> None:
    header = bytes.fromhex("08020001627e") + (len(octets) + 1).to_bytes(2, "big") + b"\x05"
    try:
        assert h225.decode(header + octets).name == "FACILITY"
    except DecodeError as error:
        assert error.what


@given(recordings.damaged_messages())
def test_a_damaged_message_raises_decode_error_and_nothing_else(octets: bytes) -> None:
    try:
        assert isinstance(h225.decode(octets), CallSignal)
    except DecodeError as error:
        assert error.what


def test_an_addition_of_a_later_h225_is_kept() -> None:
    message = CallSignal("FACILITY", 1, supplementary_services=(APDU,), others={"_ext_11": b"new"})
    octets = h225.encode(message)
    assert octets.endswith(b"\x03new")
    assert h225.decode(octets) == message
