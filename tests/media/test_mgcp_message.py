"""Commands and responses in octets (RFC 3435 §3.2, §3.3, §3.5.5)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.media.mgcp_message import Command, Response, messages
from gateway.model.errors import DecodeError, LocalProtocolError


def test_a_command_as_the_standard_writes_it() -> None:
    command = Command("CRCX", 1204, "aaln/1@rgw-2567.whatever.net", (("C", "A3C47F21456789F0"), ("M", "recvonly")))
    assert command.encoded() == (
        b"CRCX 1204 aaln/1@rgw-2567.whatever.net MGCP 1.0\r\nC: A3C47F21456789F0\r\nM: recvonly\r\n"
    )


def test_a_session_description_follows_an_empty_line() -> None:
    command = Command("MDCX", 7, "rtpbridge/1@mgw", (("I", "1"),), b"v=0\r\n")
    assert command.encoded() == b"MDCX 7 rtpbridge/1@mgw MGCP 1.0\r\nI: 1\r\n\r\nv=0\r\n"
    assert messages(command.encoded()) == [command]


def test_a_response_with_identifier_and_description() -> None:
    (response,) = messages(b"200 1204 OK\r\nI: FDE234C8\r\nZ: rtpbridge/4@mgw\r\n\r\nv=0\r\ns=-\r\n")
    assert isinstance(response, Response)
    assert (response.code, response.transaction, response.comment) == (200, 1204, "OK")
    assert (response.value("I"), response.value("Z")) == ("FDE234C8", "rtpbridge/4@mgw")
    assert response.session == b"v=0\r\ns=-\r\n"


def test_names_of_parameters_in_small_letters_and_bare_line_ends() -> None:
    (command,) = messages(b"rsip 5 *@mgw mgcp 1.0\nrm:restart\n")
    assert isinstance(command, Command)
    assert (command.verb, command.value("RM")) == ("RSIP", "restart")


def test_several_messages_in_one_datagram() -> None:
    first, second = messages(b"200 2005 OK\r\n.\r\nRSIP 1244 *@mgw MGCP 1.0\r\nRM: restart\r\n")
    assert isinstance(first, Response) and first.transaction == 2005
    assert isinstance(second, Command) and second.transaction == 1244


def test_an_empty_confirmation_asks_for_an_acknowledgement() -> None:
    (response,) = messages(b"200 9 OK\r\nK:\r\n")
    assert isinstance(response, Response)
    assert response.has("K") and not response.has("I")


def test_a_profile_may_follow_the_version() -> None:
    (command,) = messages(b"AUEP 1 a@b MGCP 1.0 NCS 1.0\r\n")
    assert isinstance(command, Command)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"200\r\n",
        b"200 0 OK\r\n",
        b"200 1000000000 OK\r\n",
        b"200 x OK\r\n",
        b"CRCX 1 a@b MGCP\r\n",
        b"CRCX 1 a@b MGCP 2.0\r\n",
        b"CRCX a@b MGCP 1.0\r\n",
        b"CRCXX 1 a@b MGCP 1.0\r\n",
        b"200 1 OK\r\nno colon\r\n",
        b"200 1 OK\r\n.\r\n",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_mgcp(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        messages(octets)


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    with suppress(DecodeError):
        messages(octets)


@pytest.mark.parametrize("value", ["1\r\nM: sendrecv", "1\n.\nDLCX 2 * MGCP 1.0"])
def test_no_value_breaks_out_of_its_line(value: str) -> None:
    with pytest.raises(LocalProtocolError):
        Command("MDCX", 1, "a@b", (("I", value),)).encoded()


def test_no_session_description_ends_the_message() -> None:
    with pytest.raises(LocalProtocolError):
        Command("MDCX", 1, "a@b", (), b"v=0\r\n.\r\nDLCX 2 *@mgw MGCP 1.0\r\n").encoded()
