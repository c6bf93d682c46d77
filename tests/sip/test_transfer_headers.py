"""The header fields of a transfer: Refer-To, Referred-By, Replaces, Join, Target-Dialog, Refer-Sub."""

import pytest

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.message import Headers
from gateway.sip.refer_to import (
    ReferTo,
    join,
    refer_sub,
    refer_to,
    referred_by,
    replaces,
    target_dialog,
    with_replaces,
)


def test_name_addr() -> None:
    address = Address.parse('"Bob \\"the\\" Builder, Ltd; <x>" <sip:bob@h;lr?X=y>;tag=a;q')
    assert address.display == 'Bob "the" Builder, Ltd; <x>'
    assert address.uri == "sip:bob@h;lr?X=y"
    assert (address.tag, address.parameters.get("q")) == ("a", "")
    assert str(address) == '"Bob \\"the\\" Builder, Ltd; <x>" <sip:bob@h;lr?X=y>;tag=a;q'


def test_display_name_without_quotes() -> None:
    assert Address.parse("Anonymous  <sip:c8oqz84zk7z@privacy.org>;tag=hyh8").display == "Anonymous"


def test_semicolon_without_brackets_begins_the_parameters_of_the_field() -> None:
    address = Address.parse("sip:carol@h;x=1")
    assert (address.uri, address.parameters.get("x")) == ("sip:carol@h", "1")


@pytest.mark.parametrize("value", ["", "<>", "<sip:a@h", '"A" sip:a@h', "<sip:a<b@h>", ";tag=1"])
def test_addresses_that_cannot_be_read(value: str) -> None:
    with pytest.raises(DecodeError):
        Address.parse(value)


def test_refer_to_with_escaped_replaces() -> None:
    asked = ReferTo.parse("<sip:c@h?Replaces=12%40h%3Bto-tag%3D1%3Bfrom-tag%3D2%3Bearly-only&Require=replaces>")
    assert asked.replaces == DialogId.named("12@h", "1", "2", early_only=True)
    assert asked.uri is not None
    assert asked.uri.header("require") == "replaces"
    assert asked.method == "INVITE"


def test_hex_digits_of_an_escape_may_be_small() -> None:
    asked = ReferTo.parse("<sip:c@h?Replaces=12%40h%3bto-tag%3d1%3bfrom-tag%3d2>")
    assert asked.replaces == DialogId.named("12@h", "1", "2")


@pytest.mark.parametrize(
    "value",
    [
        "<sip:c@h?Replaces=12@g;to-tag=1;from-tag=2>",
        "sip:c@h?Replaces=12@g;to-tag=1;from-tag=2",
        "<sip:h?Replaces=12@g;from-tag=2;to-tag=1>",
    ],
)
def test_unescaped_replaces_of_the_field(value: str) -> None:
    replaced = ReferTo.parse(value).replaces
    assert replaced is not None
    assert (replaced.call_id, replaced.to_tag, replaced.from_tag) == ("12@g", "1", "2")


def test_refer_to_may_name_another_method() -> None:
    assert ReferTo.parse("<sip:c@h;method=BYE>").method == "BYE"


def test_refer_to_a_body_part_has_no_uri_to_call() -> None:
    assert ReferTo.parse("cid:1234@10.0.0.1").uri is None


def test_refer_to_a_tel_uri() -> None:
    uri = ReferTo.parse("<tel:+15550100;ext=7>").uri
    assert uri is not None
    assert uri.user == "+15550100"


@pytest.mark.parametrize(
    "headers",
    [
        Headers(),
        Headers([("Refer-To", "<sip:a@h>"), ("r", "<sip:b@h>")]),
        Headers([("Refer-To", "<sip:a@h>, <sip:b@h>")]),
    ],
    ids=["none", "two fields", "two values in one field"],
)
def test_a_refer_has_exactly_one_refer_to(headers: Headers) -> None:
    with pytest.raises(DecodeError) as refused:
        refer_to(headers)
    assert refused.value.sip_status == 400


def test_referred_by_with_cid() -> None:
    address = referred_by(Headers([("b", '"A" <sip:a@h;x-m=8:orgid:1>;cid="20398823.2UWQFN309shb3@h"')]))
    assert address is not None
    assert address.uri == "sip:a@h;x-m=8:orgid:1"
    assert address.parameters.get("cid") == "20398823.2UWQFN309shb3@h"


def test_a_second_referred_by_is_refused() -> None:
    with pytest.raises(DecodeError):
        referred_by(Headers([("Referred-By", "<sip:a@h>"), ("Referred-By", "<sip:b@h>")]))


def test_replaces_as_header_field() -> None:
    named = replaces(Headers([("Replaces", "425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only")]))
    assert named == DialogId.named("425928@bobster.example.org", "7743", "6472", early_only=True)


@pytest.mark.parametrize(
    "value",
    ["1@h", "1@h;to-tag=1", "1@h;from-tag=1", "1@h;to-tag=1;to-tag=2;from-tag=3", ";to-tag=1;from-tag=2"],
)
def test_replaces_needs_a_call_id_and_one_tag_of_each(value: str) -> None:
    with pytest.raises(DecodeError):
        replaces(Headers([("Replaces", value)]))


def test_two_replaces_or_replaces_beside_join_are_refused() -> None:
    value = "1@h;to-tag=1;from-tag=2"
    with pytest.raises(DecodeError):
        replaces(Headers([("Replaces", value), ("Replaces", value)]))
    with pytest.raises(DecodeError):
        replaces(Headers([("Replaces", value), ("Join", value)]))


def test_tag_zero_stands_for_no_tag() -> None:
    assert str(DialogId.named("1@h", "", "")) == "1@h;to-tag=0;from-tag=0"


def test_join() -> None:
    assert join(Headers([("Join", "1@h;from-tag=2;to-tag=1")])) is not None
    assert join(Headers()) is None


def test_target_dialog() -> None:
    named = target_dialog(
        Headers([("Target-Dialog", "fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544")])
    )
    assert named is not None
    assert (named.local_tag, named.remote_tag) == ("kkaz-", "6544")


def test_target_dialog_without_both_tags_is_ignored() -> None:
    assert target_dialog(Headers([("Target-Dialog", "1@h;local-tag=2")])) is None


@pytest.mark.parametrize(("value", "wanted"), [("false", False), ("FALSE ;x=1", False), ("true", True)])
def test_refer_sub(value: str, wanted: bool) -> None:
    assert refer_sub(Headers([("Refer-Sub", value)])) is wanted
    assert refer_sub(Headers()) is None


def test_replaces_goes_into_a_refer_to_escaped_and_the_other_headers_stay() -> None:
    dialog = DialogId.named("a@h", "1", "2")
    written = with_replaces("sip:c@h;transport=tcp?Replaces=old&Require=replaces", dialog)
    assert written == "sip:c@h;transport=tcp?Replaces=a%40h%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces"
    assert ReferTo.parse(f"<{written}>").replaces == dialog
