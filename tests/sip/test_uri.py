import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import DecodeError
from gateway.sip.uri import Uri, escape_header, escape_user, unescape

TEAMS = "sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:0d3a;x-t=7f;x-ti=9c;x-tt=aHR0cHM6Ly9hcGkt/x+%3D"


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@atlanta.example.com",
        "SIPS:alice:secret@[2001:db8::10]:5061;transport=tcp;lr?Subject=a%20b&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.example.com;user=phone",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        "sip:atlanta.example.com;method=REGISTER?to=alice%40atlanta.example.com",
        "sip:alice;day=tuesday@atlanta.example.com",
        "tel:+1-201-555-0123;ext=42;phone-context=example.com",
        "sip:h;;a=;b?",
        TEAMS,
    ],
)
def test_text_comes_back_as_it_was(text: str) -> None:
    assert str(Uri.parse(text)) == text


def test_parts() -> None:
    uri = Uri.parse("sip:bob:pw@[2001:db8::1]:5070;transport=TCP;lr?Replaces=a%40h%3Bto-tag%3D1&X=y=z")
    assert (uri.scheme, uri.user, uri.password, uri.host, uri.port) == ("sip", "bob", "pw", "[2001:db8::1]", 5070)
    assert uri.parameters.get("Transport") == "TCP"
    assert uri.parameters.get("lr") == ""
    assert uri.header("replaces") == "a@h;to-tag=1"
    assert uri.header("x") == "y=z"


def test_teams_uri_has_no_user_and_keeps_colons_and_slashes_in_its_parameters() -> None:
    uri = Uri.parse(TEAMS)
    assert (uri.user, uri.host, uri.port) == (None, "sip.pstnhub.microsoft.com", 5061)
    assert uri.parameters.get("x-m") == "8:orgid:0d3a"
    assert uri.parameters.get("x-tt") == "aHR0cHM6Ly9hcGkt/x+%3D"


def test_tel_uri_has_a_number_and_no_host() -> None:
    uri = Uri.parse("tel:7042;phone-context=example.com")
    assert (uri.user, uri.host, uri.parameters.get("phone-context")) == ("7042", "", "example.com")


def test_escapes_are_undone_once() -> None:
    assert unescape("a%2540b") == "a%40b"
    assert Uri.parse("sip:c@h?Subject=100%2525").header("Subject") == "100%25"


def test_unescaped_replaces_from_the_field_is_taken() -> None:
    uri = Uri.parse("sip:proxy.example.com?Replaces=98@host;to-tag=1;from-tag=2")
    assert (uri.user, uri.host) == (None, "proxy.example.com")
    assert uri.header("Replaces") == "98@host;to-tag=1;from-tag=2"


def test_hash_of_a_dial_string_is_escaped_in_the_user_part() -> None:
    assert escape_user("*21#") == "*21%23"


def test_characters_that_a_header_value_escapes() -> None:
    assert escape_header('a@h;to-tag=1?&,"x y') == "a%40h%3Bto-tag%3D1%3F%26%2C%22x%20y"


def test_request_uri_loses_method_and_headers_and_nothing_else() -> None:
    uri = Uri.parse("sip:c@h;x-m=8:orgid:1;method=INVITE;transport=tls;unknown?Replaces=x")
    assert str(uri.request_uri()) == "sip:c@h;x-m=8:orgid:1;transport=tls;unknown"


@pytest.mark.parametrize(
    "text",
    [
        *("", "alice@h", "sip:", "sip:@", "sip:alice@", "sip:a@h:port", "sip:a@h:99999", "tel:", "sip:a@[::1"),
        *("sip:a@h>", "sip:a b@h", 'sip:"a"@h', "sip:a@h\r\nX: y", "mailto:a@h", "cid:1@h"),
    ],
)
def test_unreadable_uris_are_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        Uri.parse(text)


def test_a_foreign_scheme_is_416() -> None:
    with pytest.raises(DecodeError) as refused:
        Uri.parse("http://example.com")
    assert refused.value.sip_status == 416


# RFC 3261 §19.1.4 gives these as equivalent and as not equivalent.
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
    ],
)
def test_equivalent(one: str, other: str) -> None:
    assert Uri.parse(one).matches(Uri.parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;user=phone"),
        ("sip:carol@chicago.com", "sips:carol@chicago.com"),
    ],
)
def test_not_equivalent(one: str, other: str) -> None:
    assert not Uri.parse(one).matches(Uri.parse(other))


@given(st.text(max_size=60), st.sampled_from(["sip:", "sips:", "tel:", "sip:u@h;", "sip:u@h?", ""]))
def test_random_text_raises_decode_error_or_comes_back(text: str, start: str) -> None:
    try:
        uri = Uri.parse(start + text)
    except DecodeError:
        return
    without_leading_zeros = str(uri)
    assert str(Uri.parse(without_leading_zeros)) == without_leading_zeros


@given(st.text(max_size=40))
def test_escaping_comes_back(text: str) -> None:
    clean = text.encode("utf-8", "replace").decode()
    assert unescape(escape_header(clean)) == clean
    assert unescape(escape_user(clean)) == clean
