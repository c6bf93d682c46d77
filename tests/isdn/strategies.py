"""Hypothesis strategies for the values of the ISDN codec."""

from typing import cast

from hypothesis import strategies as st

from gateway.isdn import tlv
from gateway.isdn.facility import EntityType, Facility, Interpretation, NetworkFacilityExtension
from gateway.isdn.information_element import InformationElement
from gateway.isdn.q931 import Message, MessageType
from gateway.model.parties import (
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    Subaddress,
    TypeOfNumber,
)
from gateway.model.remote_operations import PROBLEM_KINDS, Component, Invoke, Reject, ReturnError, ReturnResult

invoke_ids = st.integers(-32768, 32767)
object_identifiers = st.lists(st.integers(0, 2**20), min_size=1, max_size=5).map(
    lambda arcs: ".".join(map(str, (1, 3, *arcs)))
)
codes = st.integers(-(2**31), 2**31) | object_identifiers
values = st.binary(max_size=150).map(lambda contents: tlv.encode(0x04, contents))

components: st.SearchStrategy[Component] = st.one_of(
    st.builds(Invoke, invoke_ids, codes, st.none() | values, st.none() | invoke_ids),
    st.builds(ReturnResult, invoke_ids, codes, st.none() | values),
    st.builds(ReturnResult, invoke_ids),
    st.builds(ReturnError, invoke_ids, codes, st.none() | values),
    st.builds(Reject, st.none() | invoke_ids, st.sampled_from(PROBLEM_KINDS), st.integers(0, 127)),
)

_extensions = st.builds(
    NetworkFacilityExtension,
    st.sampled_from(EntityType),
    st.sampled_from(EntityType),
    st.none() | st.just(bytes.fromhex("800435353531")),
    st.none() | st.just(bytes.fromhex("a10a0a01001205313233 3435".replace(" ", ""))),
)
facilities = st.one_of(
    st.builds(Facility, st.just(0x91), st.lists(components, max_size=4).map(tuple)),
    st.builds(
        Facility,
        st.just(0x9F),
        st.lists(components, max_size=4).map(tuple),
        st.none() | _extensions,
        st.none() | st.sampled_from((19, 32)),
        st.none() | st.sampled_from(Interpretation),
    ),
    st.builds(
        Facility, st.just(0x11), st.lists(components, max_size=2).map(tuple), service_discriminator=st.just(0x3E)
    ),
)

_identifiers = st.integers(0, 0x7F)
_single = st.integers(0x80, 0xFF).filter(lambda octet: octet & 0xF0 != 0x90)
elements = st.one_of(
    st.builds(InformationElement, _identifiers, st.binary(max_size=30), st.integers(0, 7)),
    st.builds(InformationElement, _single, st.just(b""), st.integers(0, 7)),
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message without explicit shifts."""
    octets = draw(st.integers(0, 4))
    reference = draw(st.integers(0, 2 ** max(8 * octets - 1, 0) - 1))
    return Message(
        draw(st.sampled_from(MessageType)),
        reference,
        draw(st.booleans()) if octets else False,
        tuple(draw(st.lists(elements, max_size=6))),
        octets,
    )


digits = st.text("0123456789", min_size=1, max_size=20)
_plans_of_party_number = st.tuples(
    st.sampled_from(TypeOfNumber), st.sampled_from((NumberingPlan.E164, NumberingPlan.PRIVATE))
) | st.tuples(
    st.just(TypeOfNumber.UNKNOWN),
    st.sampled_from((NumberingPlan.UNKNOWN, NumberingPlan.DATA, NumberingPlan.TELEX, NumberingPlan.NATIONAL)),
)
numbers = st.builds(
    lambda text, kind: Number(text, kind[0], kind[1]),
    digits,
    cast(st.SearchStrategy[tuple[TypeOfNumber, NumberingPlan]], _plans_of_party_number),
)
element_numbers = st.builds(
    Number,
    st.text("0123456789*#", min_size=1, max_size=20),
    st.sampled_from(TypeOfNumber),
    st.sampled_from(NumberingPlan),
)
subaddresses = st.builds(Subaddress, st.binary(min_size=1, max_size=20), st.just(True)) | st.builds(
    Subaddress, st.binary(min_size=1, max_size=20), st.just(False), st.booleans()
)
presented = st.builds(
    Party,
    numbers,
    st.sampled_from((Presentation.ALLOWED, Presentation.RESTRICTED)),
    st.sampled_from(Screening),
)
withheld = st.builds(Party, presentation=st.sampled_from((Presentation.RESTRICTED, Presentation.NOT_AVAILABLE)))
