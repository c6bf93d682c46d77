"""Recorded calls played again, with our call signalling in the place of either side in turn."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.h323 import addressing, h225
from gateway.h323.call import H323Call
from gateway.h323.call_contents import Contents, Ending, NewCall
from gateway.h323.call_elements import cause_of
from gateway.h323.call_table import CallState
from gateway.h323.h225 import CallSignal
from gateway.h323.signalling import SignallingSettings
from gateway.model.parties import Party
from tests.h323.call_pair import End
from tests.h323.pdus import signalling
from tests.shared import captures, or_skipped

RECORDED = captures("pcaps/h323")
CISCO = [file for file in captures("pcaps/public") if "h323" in file.name or "h245" in file.name]
_PORT = 1720
Connection = list[tuple[bool, CallSignal]]
"""What went over a connection: whether its opener sent it, and the message."""

_REQUESTS = {
    "SETUP ACKNOWLEDGE": H323Call.setup_acknowledge,
    "CALL PROCEEDING": H323Call.proceeding,
    "PROGRESS": H323Call.progress,
    "ALERTING": H323Call.alerting,
    "CONNECT": H323Call.connect,
    "INFORMATION": H323Call.information,
    "USER INFORMATION": H323Call.information,
    "NOTIFY": H323Call.notify,
}


def connections(capture: Path) -> list[Connection]:
    """The call signalling connections of a capture, from their first SETUP on."""
    found: dict[Any, Connection] = {}
    for source, destination, octets in signalling(capture):
        opened = destination[1] == _PORT
        ends = (source, destination) if opened else (destination, source)
        found.setdefault(ends, []).append((opened, h225.decode(octets)))
    return list(found.values())


class Replay:
    """One side of a recorded connection is ours; when not `exact` it need only say the same messages."""

    def __init__(self, connection: Connection, *, opens: bool, exact: bool = True) -> None:
        self._exact = exact
        setup = connection[0][1]
        self.end = End(SignallingSettings(tunnelling=bool(setup.h245_tunnelling)))
        self.end.open(outgoing=opens)
        self._opens = opens
        self._checked = 0
        self.call: Any = None

    def play(self, connection: Connection) -> None:
        for opened, message in connection:
            if opened is not self._opens:
                self.end.receive(message)
                self.call = self.call or self.end.heard.call
                continue
            if len(self.end.pipe.sent) == self._checked:
                self._say(message)
            self._check(message)

    def _say(self, message: CallSignal) -> None:
        contents = Contents(
            apdus=message.supplementary_services,
            fast_start=() if message.name == "SETUP" else tuple(message.uuie.get("fastStart", ())),
            control=message.h245_control,
            h245_address=address(message),
        )
        if message.name == "SETUP":
            self.call = self.end.place(new_call(message, contents))
        elif message.name == "RELEASE COMPLETE":
            assert self.call.release(0, Ending(cause_of(message), message.reason), contents)
        elif message.name == "FACILITY":
            assert self.call.facility(0, contents, message.reason)
        else:
            assert _REQUESTS[message.name](self.call, 0, contents)

    def _check(self, recorded: CallSignal) -> None:
        ours = self.end.pipe.messages[self._checked]
        self._checked += 1
        if recorded.name == "RELEASE COMPLETE" and self.call.state is CallState.NULL:
            # The answer to the peer's, which we give at once: why is the answerer's own affair.
            assert ours.name == recorded.name
        elif not self._exact:
            assert (ours.name, ours.from_destination) == (recorded.name, recorded.from_destination)
        else:
            assert said(ours) == said(recorded)
            assert (ours.supplementary_services, ours.h245_control) == (
                *(recorded.supplementary_services, recorded.h245_control),
            )


def address(message: CallSignal) -> str:
    value = message.uuie.get("h245Address")
    return addressing.transport(value) if value else ""


def new_call(message: CallSignal, contents: Contents) -> NewCall:
    """The call that this SETUP asks for."""
    parties = (tuple(map(addressing.alias, found)) for found in (message.source_aliases, message.destination_aliases))
    calling, called = (addressing.party(aliases) for aliases in parties)
    channels = tuple(message.uuie.get("fastStart", ()))
    return NewCall(
        Party(aliases=calling.aliases),
        Party(aliases=called.aliases),
        tunnelling=bool(message.h245_tunnelling),
        identifier=message.call_identifier,
        conference=message.conference_id,
        call_reference=message.call_reference,
        contents=Contents(apdus=contents.apdus, fast_start=channels, control=contents.control),
    )


def said(message: CallSignal) -> dict[str, Any]:
    """What has to be the same, whoever says it. The aliases of a gateway that called itself something are its own."""
    return {
        "name": message.name,
        "reference": (message.call_reference, message.from_destination),
        "body": message.body,
        "callIdentifier": message.call_identifier,
        "conferenceID": message.conference_id if message.name in ("SETUP", "CONNECT") else b"",
        "destination": message.destination_aliases,
        "tunnelling": message.h245_tunnelling,
        "reason": message.reason,
        "cause": message.cause,
        "fastStart": message.uuie.get("fastStart"),
        "h245Address": message.uuie.get("h245Address"),
    }


def all_connections(recorded: list[Path]) -> Iterator[Any]:
    for capture in recorded:
        for number, connection in enumerate(connections(capture)):
            yield pytest.param(connection, id=f"{capture.stem}-{number}")


CONNECTIONS = list(all_connections(RECORDED)) or or_skipped([])
OF_CISCO = list(all_connections(CISCO)) or or_skipped([])


@pytest.mark.parametrize("opens", [True, False], ids=["as caller", "as called"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_a_recorded_call_goes_as_recorded(connection: Connection, opens: bool) -> None:
    replay = Replay(connection, opens=opens)
    replay.play(connection)
    replay.end.wait(5)  # not every gatekeeper answers a RELEASE COMPLETE
    assert replay.end.heard.names.count("released") == 1
    assert replay.call.state is CallState.NULL
    assert not replay.end.log


def test_there_are_as_many_calls_as_the_recordings_have() -> None:
    if not RECORDED:
        pytest.skip("recordings not here: ../shared/pcaps/h323")
    assert len(CONNECTIONS) == 52


@pytest.mark.parametrize("opens", [True, False], ids=["as caller", "as called"])
@pytest.mark.parametrize("connection", OF_CISCO)
def test_a_call_with_a_cisco_gateway(connection: Connection, opens: bool) -> None:
    """H.225.0 versions 4 and 5: NOTIFY at any time, fastStart in CALL PROCEEDING, nothing of it in CONNECT."""
    said = [message for opened, message in connection if opened is not opens]
    replay = Replay(connection, opens=opens, exact=False)
    replay.play([(opened, plain(message) if opened is opens else message) for opened, message in connection])
    assert "STATUS" not in replay.end.sent
    assert not replay.end.log
    names = replay.end.heard.names
    assert names.count("notified") == sum(message.name == "NOTIFY" for message in said)
    assert names.count("control_received") == sum(len(message.h245_control) for message in said)
    assert names.count("information_received") == sum(message.name == "USER INFORMATION" for message in said)
    assert replay.call.peer_version in (4, 5)
    replay.end.channel.lost(replay.end.now)
    assert replay.end.heard.names.count("released") == 1


def plain(message: CallSignal) -> CallSignal:
    """As we would say it: INFORMATION has a message type of its own."""
    return replace(message, name="INFORMATION") if message.name == "USER INFORMATION" else message
