"""History-Info and Diversion of calls that go elsewhere (RFC 7044 §10, RFC 5806, RFC 7544 §7)."""

from gateway.ends.retargeting import chain_fields
from gateway.model.transfer import Kept
from tests.ends.trunks import trunk

POLICY = trunk().fields
NEW = "sip:new@198.51.100.1:5060"
REASON = "Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%20Temporarily%22"


def sip(name: str, value: str) -> Kept:
    return Kept("sip", name, value)


def redirected(uri: str = "sip:old@h", status: str = "302") -> tuple[Kept, ...]:
    return Kept("call", "redirected-from", uri), Kept("call", "redirection-status", status)


def chain(*kept: Kept, trusted: bool = True) -> list[tuple[str, str]]:
    return chain_fields(kept, NEW, POLICY, trusted=trusted)


def test_a_call_that_went_straight_has_none() -> None:
    assert chain(sip("X-A", "1")) == []


def test_what_was_there_goes_on() -> None:
    was = [("History-Info", "<sip:a@b>;index=1"), ("Diversion", "<sip:e@f>;reason=user-busy")]
    assert chain(*(sip(*each) for each in was)) == was


def test_the_first_redirection_begins_the_history() -> None:
    assert chain(*redirected()) == [
        ("History-Info", f"<sip:old@h?{REASON}>;index=1"),
        ("History-Info", f"<{NEW}>;index=1.1;mp=1"),
        ("Diversion", "<sip:old@h>;reason=unconditional;counter=1"),
    ]


def test_a_further_one_goes_on_with_it() -> None:
    found = chain(sip("History-Info", "<sip:first@h>;index=1"), *redirected(), *redirected("sip:old2@h", "486"))
    assert [value for name, value in found if name == "History-Info"] == [
        "<sip:first@h>;index=1",
        f"<sip:old@h?{REASON}>;index=1.1",
        "<sip:old2@h?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%20Here%22>;index=1.1.1",
        f"<{NEW}>;index=1.1.1.1;mp=1.1.1",
    ]
    assert found[4] == ("Diversion", "<sip:old2@h>;reason=user-busy;counter=1")


def test_the_last_entry_gets_the_reason_when_it_is_the_one_that_redirected() -> None:
    found = chain(sip("History-Info", "<sip:old@h>;index=1"), *redirected())
    assert found[0] == ("History-Info", f"<sip:old@h?{REASON}>;index=1")
    assert found[1] == ("History-Info", f"<{NEW}>;index=1.1;mp=1")


def test_entries_that_want_privacy_are_hidden_from_strangers() -> None:
    entry = "<sip:a@b?Privacy=history>;index=1"
    assert chain(sip("History-Info", entry)) == [("History-Info", entry)]
    assert chain(sip("History-Info", entry), trusted=False) == [
        ("History-Info", "<sip:anonymous@anonymous.invalid>;index=1")
    ]


def test_so_are_diversions() -> None:
    values = ("<sip:a@b>;reason=user-busy;privacy=full", "<sip:c@d>;reason=no-answer;privacy=off")
    kept = tuple(sip("Diversion", value) for value in values)
    assert len(chain(*kept)) == 2
    assert chain(*kept, trusted=False) == [("Diversion", values[1])]


def test_the_policy_of_the_trunk_may_remove_them() -> None:
    quiet = trunk(headers={"remove": ["History-Info", "Diversion"]}).fields
    assert chain_fields(redirected(), NEW, quiet, trusted=True) == []


def test_what_cannot_be_read_does_no_harm() -> None:
    assert chain(sip("History-Info", "<<"), *redirected(), trusted=False)
