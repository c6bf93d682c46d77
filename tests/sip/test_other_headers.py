"""Reason, Diversion, History-Info, identities, Event, Subscription-State, Via, CSeq, Session-ID and sipfrag."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.causes import Cause, Location
from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.diversion import Diversion, HistoryEntry, diversions, history
from gateway.sip.identity import asserted, is_withheld, privacy
from gateway.sip.message import Headers
from gateway.sip.reason import Reason, q850_cause, reasons
from gateway.sip.refer_to import ReferTo
from gateway.sip.routing import NIL_SESSION, CSeq, SessionId, Via
from gateway.sip.sipfrag import Sipfrag, sipfrag
from gateway.sip.subscription import Event, SubscriptionState


def test_reason_text_may_hold_semicolons_as_that_of_teams_does() -> None:
    (reason,) = reasons(Headers([("REASON", 'Q.850;cause=22;text="0d3a7f9c;BackToBackSessionDeleted"')]))
    assert reason.cause == Cause(22, text="0d3a7f9c;BackToBackSessionDeleted")


def test_several_reasons_of_different_protocols() -> None:
    found = reasons(Headers([("Reason", 'SIP;cause=600;text="Busy, everywhere", Q.850 ; cause=17 ; location=RPN')]))
    assert [reason.protocol for reason in found] == ["SIP", "Q.850"]
    assert found[0].text == "Busy, everywhere"
    assert q850_cause(found) == Cause(17, Location.REMOTE_PRIVATE_NETWORK)


@pytest.mark.parametrize("location", list(Location))
def test_every_location_comes_back(location: Location) -> None:
    assert Reason.parse(str(Reason.of(Cause(16, location)))).cause == Cause(16, location)


def test_location_names_of_rfc_8606() -> None:
    assert str(Reason.of(Cause(16, Location.BEYOND_INTERWORKING))) == "Q.850;cause=16;location=BI"
    assert str(Reason.of(Cause(16, Location.LOCATION_8))) == "Q.850;cause=16;location=LOC-8"


@pytest.mark.parametrize("value", ["Q.850", "Q.850;cause=0", "Q.850;cause=128", "Q.850;cause=x", "SIP;cause=16", ""])
def test_reasons_that_give_no_cause(value: str) -> None:
    assert Reason.parse(value).cause is None


def test_diversion_topmost_is_the_latest() -> None:
    value = '"Bob" <sip:bob@h>;reason=user-busy;counter=2;privacy="full", <tel:+1555>;reason="no-answer"'
    latest, first = diversions(Headers([("Diversion", value)]))
    assert (latest.address.uri, latest.reason, latest.counter) == ("sip:bob@h", "user-busy", 2)
    assert (first.address.uri, first.reason, first.counter) == ("tel:+1555", "no-answer", None)


def test_diversion_counter_has_two_digits_at_most() -> None:
    assert Diversion.parse("<sip:bob@h>;reason=unknown;counter=123").counter is None


def test_history_info_with_the_reason_inside_the_uri() -> None:
    value = (
        "<sip:+123456@sip.pstnhub.microsoft.com:5061;user=phone"
        "?Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%20temporarily%22>;index=1"
        ", <sip:bob@h?Privacy=history>;index=1.1;rc=1"
    )
    first, second = history(Headers([("History-Info", value)]))
    assert (first.index, second.index) == ("1", "1.1")
    assert first.reason is not None
    assert (first.reason.value, first.reason.text) == (302, "Moved temporarily")
    assert first.diversion_reason == "unconditional"
    assert second.privacy == "history"


def test_history_info_with_quotes_that_teams_documents_unescaped() -> None:
    entry = HistoryEntry.parse('<sip:+1@h;user=phone?Reason=SIP;cause=486;text="Busy Here">;index=1.2')
    assert entry.reason is not None
    assert (entry.reason.value, entry.reason.text) == (486, "Busy Here")
    assert (entry.index, entry.diversion_reason) == ("1.2", "user-busy")


def test_history_info_with_a_cause_parameter() -> None:
    assert HistoryEntry.parse("<sip:bob@h;cause=408>;index=1").diversion_reason == "no-answer"
    assert HistoryEntry.parse("<sip:bob@h;cause=599>;index=1").diversion_reason == "unknown"
    assert HistoryEntry.parse("<sip:bob@h>;index=1").diversion_reason == ""


def test_asserted_identity_may_be_a_sip_and_a_tel_uri() -> None:
    found = asserted(Headers([("P-Asserted-Identity", '"C" <sip:c@h>, <tel:+15550100>')]))
    assert [address.uri for address in found] == ["sip:c@h", "tel:+15550100"]


def test_privacy_values() -> None:
    assert privacy(Headers([("Privacy", "id;critical"), ("Privacy", "Header")])) == ("id", "critical", "header")


@pytest.mark.parametrize(
    ("name", "value", "withheld"),
    [
        *(("Privacy", "id", True), ("Privacy", "user;critical", True), ("Privacy", "none", False)),
        *(("From", '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', True), ("From", "<sip:a@h>", False)),
    ],
)
def test_withheld_identity(name: str, value: str, withheld: bool) -> None:
    assert is_withheld(Headers([(name, value)])) is withheld


def test_event_of_the_second_refer_in_a_dialog_has_its_cseq() -> None:
    assert (Event.parse("refer ; id=93809823").package, Event.parse("refer;id=93809823").id) == ("refer", "93809823")
    assert Event.parse("refer").id == ""


def test_subscription_state() -> None:
    active, ended = (
        SubscriptionState.parse("active;expires=60"),
        SubscriptionState.parse("Terminated;reason=noresource"),
    )
    assert (active.state, active.expires, active.reason) == ("active", 60, "")
    assert (ended.state, ended.expires, ended.reason) == ("terminated", None, "noresource")


def test_via() -> None:
    via = Via.parse("SIP / 2.0 / udp [2001:db8::9]:5061 ;branch=z9hG4bK1;rport")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "[2001:db8::9]", 5061, "z9hG4bK1")
    assert "rport" in via.parameters
    assert str(via) == "SIP/2.0/UDP [2001:db8::9]:5061;branch=z9hG4bK1;rport"


def test_cseq() -> None:
    assert CSeq.parse(" 009  INVITE ") == CSeq(9, "INVITE")


def test_session_id() -> None:
    one, other = "ab30317f1a784dc48ff824d0d3715d86", "47755a9de7794ba387653f2099600ef2"
    assert SessionId.parse(f"{one};remote={other}") == SessionId(one, other)
    assert SessionId.parse(one.upper()) == SessionId(one, NIL_SESSION)


def test_sipfrag_with_a_reason_below_its_status_line() -> None:
    fragment = Sipfrag.parse(b"SIP/2.0 486 Busy Here\r\nReason: Q.850;cause=17\r\n")
    assert (fragment.status, fragment.reason) == (486, "Busy Here")
    assert q850_cause(reasons(fragment.headers)) == Cause(17)


@pytest.mark.parametrize("body", [b"SIP/2.0 100 Trying", b"SIP/2.0 100 Trying\n", b"SIP/2.0 100 Trying\r\n\r\n"])
def test_sipfrag_line_ends_are_read_leniently(body: bytes) -> None:
    assert Sipfrag.parse(body) == Sipfrag(100, "Trying")


@pytest.mark.parametrize("body", [b"404 Not Found", b"SIP/2.0", b"", b"To: <sip:a@h>\r\n"])
def test_sipfrag_has_to_begin_with_a_status_line(body: bytes) -> None:
    with pytest.raises(DecodeError):
        Sipfrag.parse(body)


def test_sipfrag_is_written_with_line_ends() -> None:
    assert sipfrag(200) == b"SIP/2.0 200 OK\r\n"
    assert (
        sipfrag(503, "No\r\nX: y", [("Reason", "Q.850;cause=41")])
        == b"SIP/2.0 503 No X: y\r\nReason: Q.850;cause=41\r\n"
    )


_READERS: tuple[Callable[[str], object], ...] = (
    *(Address.parse, DialogId.parse, DialogId.replaced, ReferTo.parse, Reason.parse, Diversion.parse),
    *(HistoryEntry.parse, Event.parse, SubscriptionState.parse, Via.parse, CSeq.parse, SessionId.parse),
)
_LIKELY = st.text(alphabet='<>";:,=%?@\\ \t\r\n[]sipfragto-0123456789', max_size=60)


@given(st.sampled_from(_READERS), st.text(max_size=60) | _LIKELY)
def test_random_values_raise_decode_error_only(reader: Callable[[str], object], value: str) -> None:
    try:
        read = reader(value)
    except DecodeError:
        return
    assert isinstance(str(read), str)


@given(st.text(max_size=60) | _LIKELY)
def test_properties_of_random_values_raise_decode_error_only(value: str) -> None:
    reason, state = Reason.parse(value), SubscriptionState.parse(value)
    assert reason.cause is None or 1 <= reason.cause.value <= 127
    assert state.expires is None or state.expires >= 0
    try:
        entry, asked = HistoryEntry.parse(value), ReferTo.parse(value)
        assert isinstance(entry.diversion_reason + entry.privacy + asked.method, str)
        assert asked.replaces is None or asked.replaces.to_tag != "" or asked.replaces.call_id
    except DecodeError:
        return


@given(st.binary(max_size=80))
def test_random_sipfrags_raise_decode_error_only(body: bytes) -> None:
    try:
        fragment = Sipfrag.parse(body)
    except DecodeError:
        return
    assert 100 <= fragment.status < 700
