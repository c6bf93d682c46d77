import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asn1_modules import specification
from gateway.isdn import facility
from gateway.isdn.facility import EntityType, Facility, Interpretation, NetworkFacilityExtension
from gateway.isdn.information_element import InformationElement
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Invoke, ReturnResult
from tests.isdn.strategies import facilities

BETWEEN_ENDS = NetworkFacilityExtension(EntityType.END_PINX, EntityType.END_PINX)


def both_ways(octets: str, expected: Facility) -> None:
    contents = bytes.fromhex(octets)
    assert facility.decode(contents) == expected
    assert facility.encode(expected) == contents


def test_rose_profile_carries_components_alone() -> None:
    both_ways("91 a106 020101 020106", Facility(0x91, (Invoke(1, 6),)))


def test_networking_extensions_come_before_the_components() -> None:
    both_ways(
        "9f aa06 800100 820100 8b0102 a108 020104 020107 0500",
        Facility(
            0x9F,
            (Invoke(4, 7, bytes.fromhex("0500")),),
            BETWEEN_ENDS,
            interpretation=Interpretation.REJECT_ANY_UNRECOGNISED_INVOKE_PDU,
        ),
    )


def test_network_protocol_profile_stands_between_nfe_and_interpretation() -> None:
    both_ways(
        "9f aa06 800100 820101 920113 8b0100 a203 020101",
        Facility(
            0x9F,
            (ReturnResult(1),),
            NetworkFacilityExtension(EntityType.END_PINX, EntityType.ANY_TYPE_OF_PINX),
            19,
            Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU,
        ),
    )


def test_an_nfe_can_name_the_destination_by_its_number() -> None:
    both_ways(
        "9f aa0e 800101 820100 a306 8004 35353531 a203 020101",
        Facility(
            0x9F,
            (ReturnResult(1),),
            NetworkFacilityExtension(
                EntityType.ANY_TYPE_OF_PINX, EntityType.END_PINX, None, bytes.fromhex("800435353531")
            ),
        ),
    )


def test_asn1tools_reads_our_nfe() -> None:
    module = specification("Q932-Addressing.asn", "Q932-ROSE.asn", codec="ber")
    nfe = NetworkFacilityExtension(EntityType.END_PINX, EntityType.END_PINX, bytes.fromhex("800435353531"))
    octets = facility.encode(Facility(0x9F, (), nfe))
    assert module.decode("NetworkFacilityExtension", octets[1:]) == {
        "sourceEntity": "endPINX",
        "sourceEntityAddress": ("unknownPartyNumber", "5551"),
        "destinationEntity": "endPINX",
    }


def test_dms_100_has_a_service_discriminator_after_its_profile() -> None:
    both_ways("11 be a106 020101 020101", Facility(0x11, (Invoke(1, 1),), service_discriminator=0x3E))


def test_a_profile_without_components_is_kept() -> None:
    both_ways("92 0102030405", Facility(0x92, rest=bytes.fromhex("0102030405")))


def test_what_is_no_component_is_kept_after_the_components() -> None:
    both_ways("91 a203 020101 9f1f0142", Facility(0x91, (ReturnResult(1),), rest=bytes.fromhex("9f1f0142")))


def test_indefinite_length_of_the_nfe() -> None:
    octets = bytes.fromhex("9f aa80 800100 820100 0000 a280 020101 0000")
    assert facility.decode(octets) == Facility(0x9F, (ReturnResult(1),), BETWEEN_ENDS)


@pytest.mark.parametrize(
    "octets", ["", "91a1", "91a10602010102", "9faa03800100", "9faa06800102820100", "9f8b0103", "91a30201 01"]
)
def test_a_broken_facility_is_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        facility.decode(bytes.fromhex(octets))


def test_a_short_facility_is_one_element() -> None:
    assert facility.elements(Facility(0x91, (Invoke(1, 6),))) == (
        InformationElement(0x1C, bytes.fromhex("91 a106 020101 020106")),
    )


def test_components_that_do_not_fit_into_one_element_go_into_several() -> None:
    components = tuple(Invoke(number, 99, b"\x04\x64" + bytes(100)) for number in range(4))
    split = facility.elements(Facility(0x9F, components, BETWEEN_ENDS))
    assert [len(element.contents) <= 255 for element in split] == [True, True]
    read = [facility.decode(element.contents) for element in split]
    assert [part.nfe for part in read] == [BETWEEN_ENDS, BETWEEN_ENDS]
    assert tuple(component for part in read for component in part.components) == components


def test_a_component_too_long_for_an_element_is_not_written() -> None:
    with pytest.raises(LocalProtocolError):
        facility.elements(Facility(0x91, (Invoke(1, 99, b"\x04\x81\xff" + bytes(255)),)))


@given(facilities)
def test_every_facility_comes_back(value: Facility) -> None:
    assert facility.decode(facility.encode(value)) == value


@given(st.sampled_from((b"", b"\x91", b"\x9f", b"\x11\xbe", b"\x9f\xaa")), st.binary(max_size=40))
def test_random_octets_raise_nothing_but_decode_errors(start: bytes, octets: bytes) -> None:
    try:
        read = facility.decode(start + octets)
    except DecodeError:
        return
    assert facility.decode(facility.encode(read)) == read
