"""Hypothesis strategies for the values of the H.323 codec."""

from hypothesis import strategies as st

from gateway.h323.h450 import NetworkFacilityExtension, SupplementaryService
from gateway.h323.operations import PROBLEMS, Interpretation
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    Subaddress,
    TypeOfNumber,
)
from gateway.model.remote_operations import Component, Invoke, Reject, ReturnError, ReturnResult

digits = st.text("0123456789*#,", min_size=1, max_size=20)
bmp = st.characters(max_codepoint=0xFFFF, codec="utf-8")
ascii_texts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
typed_numbers = st.builds(
    Number, digits, st.sampled_from(TypeOfNumber), st.sampled_from((NumberingPlan.E164, NumberingPlan.PRIVATE))
)
plain_numbers = st.builds(
    Number,
    digits,
    st.just(TypeOfNumber.UNKNOWN),
    st.sampled_from((NumberingPlan.DATA, NumberingPlan.TELEX, NumberingPlan.NATIONAL)),
)
addresses = st.tuples(st.ip_addresses(), st.integers(0, 65535)).map(
    lambda pair: f"[{pair[0]}]:{pair[1]}" if pair[0].version == 6 else f"{pair[0]}:{pair[1]}"
)
aliases = st.one_of(
    st.builds(Alias, st.just(AliasKind.DIALLED_DIGITS), digits),
    st.builds(Alias, st.just(AliasKind.H323_ID), st.text(bmp, min_size=1, max_size=40)),
    st.builds(Alias, st.sampled_from((AliasKind.URL_ID, AliasKind.EMAIL_ID)), ascii_texts),
    st.builds(Alias, st.just(AliasKind.TRANSPORT_ID), addresses),
    (typed_numbers | plain_numbers).map(lambda number: Alias(AliasKind.PARTY_NUMBER, number.digits, number)),
)
subaddresses = st.one_of(
    st.builds(Subaddress, st.binary(min_size=1, max_size=20), st.just(True)),
    st.builds(Subaddress, st.binary(min_size=1, max_size=20), st.just(False), st.none() | st.booleans()),
)
names = st.text(bmp, max_size=128)


@st.composite
def parties(draw: st.DrawFn, name: st.SearchStrategy[str] | None = None) -> Party:
    """Parties as H.323 knows them: by aliases; number and URI are what the aliases say."""
    from gateway.h323.addressing import party

    return party(
        tuple(draw(st.lists(aliases, min_size=1, max_size=4))),
        presentation=draw(st.none() | st.sampled_from(Presentation)),
        screening=draw(st.none() | st.sampled_from(Screening)),
        name="" if name is None else draw(name),
    )


answer_ids = st.integers(-(2**31), 2**31)
invoke_ids = st.integers(0, 65535)
object_identifiers = st.lists(st.integers(0, 2**28), max_size=5).map(lambda arcs: ".".join(map(str, (1, 3, *arcs))))
codes = st.integers(-(2**31), 2**31) | object_identifiers
values = st.binary(max_size=300)
components: st.SearchStrategy[Component] = st.one_of(
    st.builds(Invoke, invoke_ids, codes, st.none() | values, st.none() | answer_ids),
    st.builds(ReturnResult, answer_ids, codes, values),
    st.builds(ReturnResult, answer_ids),
    st.builds(ReturnError, answer_ids, codes, st.none() | values),
    st.builds(Reject, answer_ids, st.sampled_from(sorted(PROBLEMS)), st.integers(0, 127)),
)
entities = st.sampled_from(("endpoint", "anyEntity"))
address_values = st.none() | digits.map(lambda text: ("dialledDigits", text))
nfes = st.builds(NetworkFacilityExtension, entities, address_values, entities, address_values)
apdus = st.builds(
    SupplementaryService,
    st.lists(components, min_size=1, max_size=3).map(tuple),
    st.none() | st.sampled_from(Interpretation),
    st.none() | nfes,
)
