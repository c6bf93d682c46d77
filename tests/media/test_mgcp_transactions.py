"""Commands are sent until they are answered, and the gateway's are answered once (RFC 3435 §3.5)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.media.mgcp_gateway_table import TABLE as GATEWAY
from gateway.media.mgcp_gateway_table import Input
from gateway.media.mgcp_gateway_table import State as GatewayState
from gateway.media.mgcp_message import Command, Response
from gateway.media.mgcp_settings import TransactionTimes
from gateway.media.mgcp_transaction_table import TABLE, Event, State
from gateway.media.mgcp_transactions import Transactions
from gateway.media.round_trips import RoundTrips
from gateway.model.timers import TimerQueue


class Line:
    """Transactions on a virtual clock, with what they say and hear."""

    def __init__(self) -> None:
        self.timers = TimerQueue()
        self.now = 0.0
        self.sent: list[tuple[float, bytes]] = []
        self.heard: list[Response | None] = []
        self.asked: list[Command] = []
        self.extra: list[Response] = []
        self.silences = 0
        self.transactions = Transactions(self, self.timers, self._send, TransactionTimes(), 1)

    def command(self) -> None:
        self.transactions.command("AUEP", "a@b", (), b"", lambda response, _: self.heard.append(response), self.now)

    def say(self, octets: bytes) -> None:
        self.transactions.receive(octets, self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = due
            self.timers.run(due)
        self.now = end

    def _send(self, octets: bytes) -> None:
        self.sent.append((self.now, octets))

    def command_received(self, command: Command, now: float) -> Response:
        self.asked.append(command)
        return Response(200, command.transaction, f"OK {len(self.asked)}")

    def extra_response(self, command: Command, response: Response, now: float) -> None:
        self.extra.append(response)

    def gateway_heard(self, now: float) -> None:
        pass

    def gateway_silent(self, since: float, now: float) -> None:
        self.silences += 1


def test_an_unanswered_command_is_sent_ever_later_and_then_given_up() -> None:
    line = Line()
    line.command()
    line.run(60)
    assert [round(at, 3) for at, _ in line.sent] == [0, 0.2, 0.6, 1.4, 3.0]
    assert len({octets for _, octets in line.sent}) == 1
    assert line.heard == [None]
    assert line.silences == 1


def test_an_answer_ends_the_repetition() -> None:
    line = Line()
    line.command()
    line.run(0.3)
    line.say(b"200 1 OK\r\n")
    line.run(60)
    assert len(line.sent) == 2
    assert [response.code for response in line.heard if response] == [200]
    assert len(line.timers) == 0


def test_the_same_answer_twice_counts_once() -> None:
    line = Line()
    line.command()
    line.say(b"200 1 OK\r\n")
    line.say(b"200 1 OK\r\n")
    assert len(line.heard) == 1
    assert line.extra == []


def test_another_answer_to_the_same_command_is_told() -> None:
    line = Line()
    line.command()
    line.say(b"200 1 OK\r\nI: 1\r\n")
    line.say(b"200 1 OK\r\nI: 2\r\n")
    line.say(b"200 1 OK\r\nI: 2\r\n")
    assert [response.value("I") for response in line.extra] == ["2"]


def test_an_answer_after_giving_up_is_told_for_half_a_minute() -> None:
    line = Line()
    line.command()
    line.run(10)
    line.say(b"200 1 OK\r\nI: 1\r\n")
    assert line.heard == [None]
    assert len(line.extra) == 1
    line.run(30)
    line.say(b"200 1 OK\r\nI: 3\r\n")
    assert len(line.extra) == 1


def test_a_provisional_response_gives_it_time() -> None:
    line = Line()
    line.command()
    line.say(b"100 1 PENDING\r\n")
    line.run(4.9)
    assert len(line.sent) == 1
    line.run(2)
    assert len(line.sent) > 1
    line.say(b"200 1 OK\r\nK:\r\n")
    assert line.sent[-1][1] == b"000 1\r\n"
    assert [response.code for response in line.heard if response] == [200]


def test_the_gateway_is_answered_the_same_however_often_it_asks() -> None:
    line = Line()
    for _ in range(3):
        line.say(b"RSIP 77 *@mgw MGCP 1.0\r\nRM: restart\r\n")
    assert len(line.asked) == 1
    assert [octets for _, octets in line.sent] == [b"200 77 OK 1\r\n"] * 3
    line.run(31)
    line.say(b"RSIP 77 *@mgw MGCP 1.0\r\nRM: restart\r\n")
    assert len(line.asked) == 2


def test_answers_nobody_waits_for_are_dropped() -> None:
    line = Line()
    line.say(b"200 5 OK\r\n")
    line.say(b"000 5\r\n")
    assert line.heard == [] and line.extra == []


def test_a_slow_gateway_is_asked_less_often() -> None:
    trips = RoundTrips(0.2, 4.0)
    assert trips.interval == 0.2
    for _ in range(20):
        trips.measured(0.5)
    assert 0.5 <= trips.interval < 0.6
    for _ in range(20):
        trips.measured(30.0)
    assert trips.interval == 4.0


def test_every_state_has_an_answer_to_every_event() -> None:
    assert set(TABLE) == set(product(State, Event))
    assert set(GATEWAY) == set(product(GatewayState, Input))


_WORDS = (b"100 1 X\r\n", b"200 1 OK\r\n", b"400 1 NO\r\n", b"200 1 OK\r\nK:\r\n", b"000 1\r\n")


@given(st.lists(st.one_of(st.sampled_from(_WORDS), st.floats(0, 12)), max_size=12))
def test_whatever_comes_whoever_asked_hears_once(happenings: list[bytes | float]) -> None:
    line = Line()
    line.command()
    for each in happenings:
        line.say(each) if isinstance(each, bytes) else line.run(each)
    line.run(120)
    assert len(line.heard) == 1
    assert len(line.timers) == 0
    assert line.transactions.pending == 0


@pytest.mark.parametrize("first", [1, 999_999_999])
def test_transaction_identifiers_go_round(first: int) -> None:
    line = Line()
    line.transactions = Transactions(line, line.timers, line._send, TransactionTimes(), first)
    line.command()
    line.command()
    numbers = [int(octets.split()[1]) for _, octets in line.sent]
    assert numbers == [first, first % 999_999_999 + 1]
