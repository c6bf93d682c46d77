"""The layer as a whole: whatever comes, it neither fails nor keeps anything for ever."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.sip.flow import Flow, Transport
from tests.sip.transactions import ALICE, ALICE_TCP, BOB, BOB_TCP, CAROL, Listener, request, response

FLOWS = (ALICE, BOB, CAROL, ALICE_TCP, BOB_TCP, Flow(Transport.WSS, "2001:db8::1", 443, 3))
METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REFER", "UNHEARD-OF")
STATUSES = (100, 180, 199, 200, 302, 401, 486, 487, 503, 603)

requests_in = st.tuples(
    st.just("request"), st.sampled_from(METHODS), st.integers(1, 3), st.sampled_from(FLOWS), st.booleans()
)
responses_in = st.tuples(st.just("response"), st.sampled_from(STATUSES), st.integers(1, 4), st.sampled_from(FLOWS))
others = st.one_of(
    st.tuples(st.just("respond"), st.sampled_from(STATUSES)),
    st.tuples(
        st.just("send"), st.sampled_from((*METHODS[3:], "INVITE")), st.lists(st.sampled_from(FLOWS), max_size=3)
    ),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("fail"), st.sampled_from(FLOWS)),
    st.tuples(st.just("wait"), st.floats(0, 40)),
)


class Walk(Listener):
    """Does what a list of steps says."""

    def step(self, what: str, *arguments: object) -> None:
        getattr(self, f"do_{what}")(*arguments)

    def do_request(self, method: str, number: int, flow: Flow, in_dialog: bool) -> None:
        via = f"SIP/2.0/{flow.transport.upper()} host{number};branch=z9hG4bK-{number}"
        self.receive(request(method, via=via, to_tag="x" if in_dialog else "", call_id=str(number)), flow)

    def do_response(self, status: int, number: int, flow: Flow) -> None:
        ours = [message for _, _, message in self.sent if message.is_request]
        if ours:
            self.receive(response(ours[-number % len(ours)], status), flow)

    def do_respond(self, status: int) -> None:
        if self.servers:
            self.respond(status)

    def do_send(self, method: str, flows: list[Flow]) -> None:
        self.transaction = self.request(method, flows)

    def do_cancel(self) -> None:
        transaction = getattr(self, "transaction", None)
        if transaction is not None:
            self.layer.cancel(transaction, (), self.now)

    def do_fail(self, flow: Flow) -> None:
        self.layer.flow_failed(flow, self.now)

    def do_wait(self, seconds: float) -> None:
        self.wait(seconds)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(requests_in, responses_in, others), max_size=25))
def test_whatever_happens_everything_ends(steps: list[tuple[object, ...]]) -> None:
    gateway = Walk()
    for what, *arguments in steps:
        gateway.step(str(what), *arguments)
    # What may wait without a limit is left to the user: an INVITE that rings here, and one that rings elsewhere.
    for transaction in gateway.servers:
        gateway.layer.respond(transaction, 480, now=gateway.now)
    for message in [message for _, _, message in gateway.sent if message.is_request and message.method == "INVITE"]:
        gateway.receive(response(message, 487), BOB)
    gateway.wait(400)
    for message in [message for _, _, message in gateway.sent if message.is_request and message.method == "INVITE"]:
        gateway.receive(response(message, 487), BOB)
    gateway.wait(400)
    assert gateway.is_empty


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_octets_do_no_harm(data: st.DataObject) -> None:
    gateway = Listener()
    gateway.request()
    whole = data.draw(
        st.sampled_from((request(), request("CANCEL"), request("ACK"), response(gateway.last, 486), b""))
    )
    octets = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(octets)))
        octets[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    gateway.receive(bytes(octets))
    for transaction in gateway.servers:
        gateway.layer.respond(transaction, 200, now=gateway.now)


@given(st.binary(max_size=200))
def test_noise_is_dropped(octets: bytes) -> None:
    gateway = Listener()
    gateway.receive(octets)
    assert gateway.is_empty


def test_thousands_of_transactions_leave_nothing_behind() -> None:
    gateway = Listener()
    for number in range(2_000):
        gateway.receive(request(branch=f"z9hG4bK-{number}", call_id=str(number)))
        gateway.respond(200 if number % 2 else 486)
        gateway.answer(gateway.request().flow and gateway.last, 200 if number % 2 else 404)
        gateway.sent.clear()
        gateway.servers.clear()
        gateway.wait(0.01)
    assert gateway.layer.servers == 2_000
    gateway.wait(64)
    assert gateway.is_empty
