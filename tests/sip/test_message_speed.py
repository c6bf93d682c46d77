"""The quick ways through the message codec say the same as the thorough ones."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.sip.message import Headers, Message, octets_of, parse, parse_headers, request, response, status_line
from gateway.sip.names import KEYS, LINE_KEYS, LISTS, key
from gateway.sip.parameters import Parameters, split

NAMES = st.sampled_from(
    ["Via", "v", "VIA", "To", "t", "From", "f", "Call-ID", "i", "Contact", "Reason", "X-A", "l", "Via\t"]
)
VALUES = st.text('ab<>";,=: \t\\@Tag1tagbranchz9hG4bK.', max_size=40)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
PARAMETERS = st.lists(
    st.sampled_from([";tag=1", ";tag", ";TAG=2", ";x", '";tag=3"', ";branch=z9", ";", " ", ";tag =4", "="])
)


@given(FIELDS)
def test_fields_of_plain_lines_are_those_of_any_lines(fields: list[tuple[str, str]]) -> None:
    lines = [f"{name}: {value}\r" for name, value in fields]
    quick, thorough = Headers.of_lines(lines), parse_headers("\n".join(lines))
    assert quick is not None
    assert quick == thorough
    assert quick.repeated == thorough.repeated
    assert quick.first == thorough.first
    assert [quick.all(name) for name, _ in fields] == [thorough.all(name) for name, _ in fields]


@given(FIELDS)
def test_the_first_value_is_the_first_of_all(fields: list[tuple[str, str]]) -> None:
    headers = Headers(fields)
    for name, _ in fields:
        values = [value for other, value in fields if key(other) == key(name)]
        assert headers.get(name) == values[0] == headers.first[key(name)]
        parts = tuple(part for value in values for part in split(value, ","))
        assert headers.all(name) == (parts if key(name) in LISTS else tuple(values))
        assert (key(name) in headers.repeated) == (len(values) > 1)


@given(PARAMETERS.map("".join), PARAMETERS.map("".join))
def test_tags_are_those_of_the_grammar(before: str, after: str) -> None:
    for address in (f"<sip:a{before}@h>{after}", f"sip:a@h{after}", f'"x{before}" <sip:a@h>{after}'):
        message = request("BYE", "sip:a@h", [("From", address), ("To", address)])
        behind = address[address.rfind(">") + 1 :].partition(";")[2]
        expected = Parameters.parse(behind).get("tag") or ""
        assert (message.from_tag, message.to_tag) == (expected, expected)


@given(st.sampled_from(["SIP/2.0/UDP h", "SIP/2.0/TCP [::1]:5060"]), st.text('a9;=," rport', max_size=12))
def test_branches_are_those_of_the_grammar(start: str, other: str) -> None:
    for via in (
        f"{start};branch=z9hG4bK1;{other}",
        f"{start};{other};branch=z9hG4bK1",
        f"{start};x=branch=2;branch=3",
    ):
        first = split(via, ",")[0]
        expected = Parameters.parse(first.partition(";")[2]).get("branch") or ""
        assert request("BYE", "sip:a@h", [("Via", via)]).top_via_branch == expected


@given(FIELDS)
def test_octets_of_are_those_of_the_message(fields: list[tuple[str, str]]) -> None:
    assert octets_of("BYE sip:a@h SIP/2.0", fields, b"x") == request("BYE", "sip:a@h", fields, b"x").octets
    assert octets_of(status_line(486), fields) == response(486, fields).octets


def test_messages_are_values() -> None:
    octets = b"BYE sip:a@h SIP/2.0\r\nTo: <sip:a@h>\r\n\r\n"
    one, other = parse(octets), parse(octets)
    assert one == other
    assert hash(one) == hash(other)
    assert one != parse(octets.replace(b"BYE", b"ACK"))
    assert isinstance(one, Message)
    assert "BYE" in repr(one)


def test_names_that_nobody_knows_do_not_pile_up() -> None:
    for number in range(5_000):
        parse(f"BYE sip:a@h SIP/2.0\r\nX-{number}: 1\r\n\r\n".encode()).headers.get(f"Y-{number}")
    assert len(KEYS) <= 1_024
    assert len(LINE_KEYS) <= 1_024
    assert (key("m"), key("CONTACT"), key("Contact ")) == ("contact",) * 3
