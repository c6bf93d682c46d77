from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import namedtype, tag, univ

from gateway.asn1_modules import specification
from gateway.isdn import rose
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Component, Invoke, Reject, ReturnError, ReturnResult
from tests.isdn.strategies import components

# EN 300 369-1: EctLinkIdRequest and its result, with the operation as an object identifier
LINK_ID_REQUEST = bytes.fromhex("a10b 020102 0606 040082710104")
LINK_ID_RESULT = bytes.fromhex("a210 020102 300b 0606 040082710104 020107")


def test_invoke_with_a_global_operation_and_no_argument() -> None:
    assert rose.decode(LINK_ID_REQUEST) == (Invoke(2, "0.4.0.369.1.4"),)


def test_invoke_with_a_local_operation_and_an_argument() -> None:
    octets = bytes.fromhex("a111 020101 020109 3009 120131 80045555 3535".replace(" ", ""))
    assert rose.decode(octets) == (Invoke(1, 9, bytes.fromhex("3009120131800455553535")),)


def test_invoke_that_is_a_child_of_another() -> None:
    octets = bytes.fromhex("a109 020102 800101 020105")
    assert rose.decode(octets) == (Invoke(2, 5, linked_id=1),)
    assert rose.encode(Invoke(2, 5, linked_id=1)) == octets


def test_return_result_names_the_operation_and_carries_the_result() -> None:
    assert rose.decode(LINK_ID_RESULT) == (ReturnResult(2, "0.4.0.369.1.4", bytes.fromhex("020107")),)


def test_return_result_without_operation_and_result() -> None:
    assert rose.decode(bytes.fromhex("a203 020115")) == (ReturnResult(21),)


def test_return_error_with_a_global_value() -> None:
    octets = bytes.fromhex("a30b 020103 0606 040082710115")
    assert rose.decode(octets) == (ReturnError(3, "0.4.0.369.1.21"),)


def test_reject_of_an_operation() -> None:
    assert rose.decode(bytes.fromhex("a406 020106 810101")) == (Reject(6, "invoke", 1),)


def test_reject_of_something_without_readable_invoke_id() -> None:
    octets = bytes.fromhex("a405 0500 800102")
    assert rose.decode(octets) == (Reject(None, "general", 2),)
    assert rose.encode(Reject(None, "general", 2)) == octets


def test_negative_invoke_id() -> None:
    assert rose.encode(Invoke(-32768, 6)) == bytes.fromhex("a107 02028000 020106")


def test_components_follow_one_another() -> None:
    assert rose.decode(LINK_ID_REQUEST + LINK_ID_RESULT) == (
        *rose.decode(LINK_ID_REQUEST),
        *rose.decode(LINK_ID_RESULT),
    )


def test_indefinite_lengths_are_read_at_every_level() -> None:
    octets = bytes.fromhex("a280 020102 3080 0606 040082710104 3080 020107 0000 0000 0000")
    assert rose.decode(octets) == (ReturnResult(2, "0.4.0.369.1.4", bytes.fromhex("3003 020107")),)


@pytest.mark.parametrize(
    "octets",
    [
        "a100",
        "a103 020101",
        "a106 040101 020106",
        "a10a 020101 020106 0500 0500",
        "a206 020101 020106",
        "a205 020101 3000",
        "a303 020101",
        "a403 020101",
        "a406 020101 840101",
        "a500",
        "020101",
        "a108 020101 0603 040082",
        "a105 0200 020106",
    ],
)
def test_a_broken_component_is_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        rose.decode(bytes.fromhex(octets))


@pytest.mark.parametrize("code", ["", "1", "x.y", "3.1", "1.40", "1.2.-3"])
def test_what_is_no_object_identifier_is_not_written(code: str) -> None:
    with pytest.raises(LocalProtocolError):
        rose.encode(Invoke(1, code))


def test_a_problem_kind_that_does_not_exist_is_not_written() -> None:
    with pytest.raises(LocalProtocolError):
        rose.encode(Reject(1, "local", 0))


@given(components)
def test_every_component_comes_back(component: Component) -> None:
    assert rose.decode(rose.encode(component)) == (component,)


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda octets: b"\xa1" + bytes((len(octets),)) + octets))
def test_random_octets_raise_nothing_but_decode_errors(octets: bytes) -> None:
    try:
        read = rose.decode(octets)
    except DecodeError:
        return
    assert rose.decode(b"".join(map(rose.encode, read))) == read


# -- pyasn1 as an independent reader and writer of the envelope ---------------------------------------------------


def _code() -> univ.Choice:
    alternatives = namedtype.NamedTypes(
        namedtype.NamedType("local", univ.Integer()), namedtype.NamedType("global", univ.ObjectIdentifier())
    )
    return univ.Choice(componentType=alternatives)


def _implicit(kind: Any, number: int, form: int = tag.tagFormatSimple) -> Any:
    return kind.subtype(implicitTag=tag.Tag(tag.tagClassContext, form, number))


def _sequence(*fields: namedtype.NamedType) -> univ.Sequence:
    return univ.Sequence(componentType=namedtype.NamedTypes(*fields))


_INVOKE = _implicit(
    _sequence(
        namedtype.NamedType("invokeId", univ.Integer()),
        namedtype.OptionalNamedType("linkedId", _implicit(univ.Integer(), 0)),
        namedtype.NamedType("opcode", _code()),
        namedtype.OptionalNamedType("argument", univ.Any()),
    ),
    1,
    tag.tagFormatConstructed,
)
_RESULT = _implicit(
    _sequence(
        namedtype.NamedType("invokeId", univ.Integer()),
        namedtype.OptionalNamedType(
            "result",
            _sequence(namedtype.NamedType("opcode", _code()), namedtype.OptionalNamedType("result", univ.Any())),
        ),
    ),
    2,
    tag.tagFormatConstructed,
)
_ERROR = _implicit(
    _sequence(
        namedtype.NamedType("invokeId", univ.Integer()),
        namedtype.NamedType("errcode", _code()),
        namedtype.OptionalNamedType("parameter", univ.Any()),
    ),
    3,
    tag.tagFormatConstructed,
)
_SPECS = {Invoke: _INVOKE, ReturnResult: _RESULT, ReturnError: _ERROR}


@given(components.filter(lambda component: not isinstance(component, Reject)))
def test_pyasn1_reads_and_writes_the_same_octets(component: Component) -> None:
    octets = rose.encode(component)
    value, rest = decoder.decode(octets, asn1Spec=_SPECS[type(component)])
    assert not rest
    assert int(value["invokeId"]) == component.invoke_id
    assert rose.decode(encoder.encode(value)) == (component,)


@given(components.filter(lambda component: not isinstance(component, Reject)))
def test_pyasn1_writes_indefinite_lengths_that_we_read(component: Component) -> None:
    value, _ = decoder.decode(rose.encode(component), asn1Spec=_SPECS[type(component)])
    octets = encoder.encode(value, defMode=False)
    assert octets[1] == 0x80
    assert rose.decode(octets) == (component,)


@given(components)
def test_asn1tools_reads_the_same_component(component: Component) -> None:
    envelope = specification("Q932-Addressing.asn", "Q932-ROSE.asn", codec="ber")
    choice, value = envelope.decode("Component", rose.encode(component))
    assert choice[0].upper() + choice[1:] == type(component).__name__
    if isinstance(component, Invoke):
        kind = "local" if isinstance(component.operation, int) else "global"
        assert value["opcode"] == (kind, component.operation)
        assert value.get("argument") == component.argument
        assert value.get("linkedId") == component.linked_id
